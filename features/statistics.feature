Feature: Delay statistics
  As an airline operations analyst
  I want the percentiles of delays by airline, route or month
  So that I can tell a bad day from a bad season

  # 101 flights whose delays run from 0 to 100 minutes have the median 50, the 90th percentile 90 and the 99th 99,
  # whichever of the usual definitions of a percentile is used.

  Background:
    Given an airline that has reported nothing yet

  Scenario: Delays by airline
    Given the partner has reported 101 flights from JFK to LAX, 0 to 100 minutes late, 20 minutes made up on the way
    When the analyst asks for the delays of the airline by carrier
    Then the groups are
      | group       | flights | departure p50 | departure p90 | departure p99 | arrival p50 | arrival p90 | arrival p99 |
      | the airline | 101     | 50            | 90            | 99            | 30          | 70          | 79          |

  Scenario: Delays by route
    Given the partner has reported 101 flights from JFK to LAX, 0 to 100 minutes late, 20 minutes made up on the way
    And the partner has reported 11 flights from LGA to ORD, 30 to 40 minutes late, 0 minutes made up on the way
    When the analyst asks for the delays of the airline by route
    Then the groups are
      | group   | flights | departure p50 | departure p90 | arrival p50 | arrival p90 |
      | JFK-LAX | 101     | 50            | 90            | 30          | 70          |
      | LGA-ORD | 11      | 35            | 39            | 35          | 39          |

  Scenario: Delays by month
    Given the partner has reported 101 flights from JFK to LAX, 0 to 100 minutes late, 20 minutes made up on the way
    And the partner has reported 11 flights a month later, 30 to 40 minutes late, 0 minutes made up on the way
    When the analyst asks for the delays of the airline by month
    Then the groups are
      | group          | flights | departure p50 | arrival p50 |
      | the month      | 101     | 50            | 30          |
      | the next month | 11      | 35            | 35          |

  Scenario: A flight that never left counts as a flight and not as a punctual one
    Given the partner has reported
      | flight | from | to  | departure delay | arrival delay |
      | 1001   | JFK  | LAX | 60              | 40            |
      | 1002   | JFK  | LAX | NA              | NA            |
      | 1003   | JFK  | LAX | 60              | NA            |
    When the analyst asks for the delays of the airline by route
    Then the groups are
      | group   | flights | departure p50 | departure p99 | arrival p50 | arrival p99 |
      | JFK-LAX | 3       | 60            | 60            | 40          | 40          |

  Scenario: Where every flight was cancelled there is no delay to state
    Given the partner has reported
      | flight | from | to  | departure delay | arrival delay |
      | 1011   | JFK  | LAX | NA              | NA            |
    When the analyst asks for the delays of the airline by route
    Then the groups are
      | group   | flights | departure p50 | departure p90 | departure p99 | arrival p50 |
      | JFK-LAX | 1       | null          | null          | null          | null        |

  Scenario: A correction moves the statistics
    Given the partner has reported
      | flight | from | to  | arrival delay |
      | 1021   | JFK  | LAX | 10            |
    And the partner has reported
      | flight | from | to  | arrival delay |
      | 1021   | JFK  | LAX | 90            |
    When the analyst asks for the delays of the airline by carrier
    Then the groups are
      | group       | flights | arrival p50 |
      | the airline | 1       | 90          |

  Scenario Outline: Statistics are narrowed by <filter>
    Given the partner has reported
      | flight | from | to  | day   | arrival delay |
      | 1031   | JFK  | LAX | day 1 | 10            |
      | 1032   | JFK  | SFO | day 2 | 20            |
      | 1033   | LGA  | LAX | day 3 | 30            |
    When the analyst asks for the delays of the airline by carrier with <filter>
    Then the groups are
      | group       | flights | arrival p50 |
      | the airline | <count> | <median>    |

    Examples:
      | filter                  | count | median |
      | origin LGA              | 1     | 30     |
      | dest SFO                | 1     | 20     |
      | to day 1                | 1     | 10     |
      | from day 2 and to day 2 | 1     | 20     |
      | nothing else            | 3     | 20     |

  Scenario: Where nobody flew there are no groups
    When the analyst asks for the delays of the airline by month
    Then there are no groups

  Scenario Outline: <question> cannot be asked
    When the analyst asks for /v1/stats/delays?<question>
    Then the request is answered with a problem, 422

    Examples:
      | question                       |
      | group_by=colour                |
      | group_by=month&from=2031-13-01 |
      | group_by=route&origin=KENNEDY  |
