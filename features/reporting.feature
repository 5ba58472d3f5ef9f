Feature: Reporting flights
  As a partner who operates flights
  I want to report them in batches, correct them, and send a batch again when I am unsure that it arrived
  So that the analysts work on what really happened, once

  Background:
    Given an airline that has reported nothing yet

  Rule: Every record of a batch is answered, in the order of the batch

    Scenario: A first report is stored
      When the partner reports
        | flight | from | to  | departure delay | arrival delay |
        | 101    | JFK  | LAX | 4               | -7            |
        | 102    | LGA  | ORD | 0               | 12            |
      Then the batch is accepted
      And the records are answered created, created
      And the analyst finds
        | flight | from | to  | departure delay | arrival delay |
        | 101    | JFK  | LAX | 4               | -7            |
        | 102    | LGA  | ORD | 0               | 12            |

    Scenario: Every value comes back as it was sent
      When the partner reports
        | flight | from | to  | tail number | scheduled departure | departure | departure delay | scheduled arrival | arrival | arrival delay | air time | distance |
        | 9999   | EWR  | HNL | N77066      | 1000                | 955       | -5              | 1545              | 1510    | -35           | 646      | 4963     |
      Then the batch is accepted
      And the analyst finds every record as it was sent

    Scenario: A batch of the largest size is stored whole
      When the partner reports 1000 flights
      Then the batch is accepted
      And 1000 records are answered created
      And the analyst counts 1000 flights of the airline

  Rule: A flight is told by its day, its airline, its number and the airport that it leaves from

    Scenario: A correction replaces what was reported
      Given the partner has reported
        | flight | from | to  | departure delay | arrival delay |
        | 201    | JFK  | BOS | 0               | 0             |
      When the partner reports
        | flight | from | to  | departure delay | arrival delay |
        | 201    | JFK  | PHL | 95              | 110           |
      Then the batch is accepted
      And the records are answered updated
      And the analyst finds
        | flight | from | to  | departure delay | arrival delay |
        | 201    | JFK  | PHL | 95              | 110           |
      And the analyst counts 1 flight of the airline

    Scenario: A correction can take a value back
      Given the partner has reported
        | flight | from | departure | departure delay |
        | 202    | JFK  | 905       | 5               |
      When the partner reports
        | flight | from | departure | departure delay |
        | 202    | JFK  | NA        | NA              |
      Then the records are answered updated
      And the analyst finds
        | flight | from | departure | departure delay |
        | 202    | JFK  | null      | null            |

    Scenario: The same number from another airport, or on another day, is another flight
      When the partner reports
        | flight | from | day   |
        | 203    | JFK  | day 1 |
        | 203    | EWR  | day 1 |
        | 203    | JFK  | day 2 |
      Then the records are answered created, created, created
      And the analyst counts 3 flights of the airline

  Rule: A batch may be sent again at any time

    Scenario: A batch that is sent twice is stored once
      Given the partner has reported
        | flight | from | arrival delay |
        | 301    | JFK  | 15            |
        | 302    | JFK  | NA            |
      When the partner sends the same batch again
      Then the batch is accepted
      And the records are answered unchanged, unchanged
      And the analyst counts 2 flights of the airline

    Scenario: A batch that overlaps an earlier one says what was new
      Given the partner has reported
        | flight | from | arrival delay |
        | 311    | JFK  | 1             |
        | 312    | JFK  | 2             |
      When the partner reports
        | flight | from | arrival delay |
        | 313    | JFK  | 3             |
        | 312    | JFK  | 20            |
        | 311    | JFK  | 1             |
      Then the batch is accepted
      And the records are answered created, updated, unchanged

    Scenario: Two desks that report the same flights at once do not get in each other's way
      When two desks of the partner report the same 200 flights at once, one of them from the last to the first
      Then both desks are told that their batch is accepted
      And each flight was created for one of them and unchanged for the other
      And the analyst counts 200 flights of the airline

  Rule: A bad record does not take its neighbours down

    Scenario: The good neighbours of a bad record are stored
      When the partner reports
        | flight | from | to   |
        | 401    | JFK  | LAX  |
        | 402    | JFK  | LAXX |
        | 403    | JFK  | SFO  |
      Then the batch is answered with a problem, 422
      And the records are answered created, rejected, created
      And the problem names dest in record 1
      And the analyst finds
        | flight | from | to  |
        | 401    | JFK  | LAX |
        | 403    | JFK  | SFO |
      And the analyst does not find flight 402 from JFK

    Scenario: A bad correction leaves the flight as it was
      Given the partner has reported
        | flight | from | arrival delay |
        | 404    | JFK  | 30            |
      When the partner reports
        | flight | from | arrival delay |
        | 404    | JFK  | 99999         |
      Then the records are answered rejected
      And the problem names arr_delay in record 0
      And the analyst finds
        | flight | from | arrival delay |
        | 404    | JFK  | 30            |

    Scenario: Of several reports of one flight in a batch the last one stands
      When the partner reports
        | flight | from | arrival delay |
        | 411    | JFK  | 10            |
        | 412    | JFK  | 0             |
        | 411    | JFK  | 20            |
        | 411    | JFK  | 30            |
      Then the batch is answered with a problem, 422
      And the records are answered superseded, created, superseded, created
      And the analyst finds
        | flight | from | arrival delay |
        | 411    | JFK  | 30            |
        | 412    | JFK  | 0             |
      And the analyst counts 2 flights of the airline

    Scenario: A bad report of a flight supersedes nothing
      When the partner reports
        | flight | from | arrival delay |
        | 421    | JFK  | 10            |
        | 421    | JFK  | late          |
      Then the batch is answered with a problem, 422
      And the records are answered created, rejected
      And the analyst finds
        | flight | from | arrival delay |
        | 421    | JFK  | 10            |

  Rule: What is not known is said to be missing, however the partner writes it

    Scenario Outline: A value that is written as <missing> is missing
      When the partner reports
        | flight | from | tail number | departure | departure delay | arrival   | arrival delay | air time  |
        | 501    | JFK  | <missing>   | <missing> | <missing>       | <missing> | <missing>     | <missing> |
      Then the batch is accepted
      And the analyst finds
        | flight | from | tail number | departure | departure delay | arrival | arrival delay | air time |
        | 501    | JFK  | null        | null      | null            | null    | null          | null     |

      Examples:
        | missing |
        | null    |
        | absent  |
        | NA      |

    Scenario: Another way to write a missing value is no change
      Given the partner has reported
        | flight | from | arrival delay | tail number |
        | 502    | JFK  | NA            | absent      |
      When the partner reports
        | flight | from | arrival delay | tail number |
        | 502    | JFK  | null          | NA          |
      Then the records are answered unchanged

  Rule: The clock runs from 0 to 2400

    Scenario Outline: The clock may read <clock>
      When the partner reports
        | flight | from | departure | arrival | scheduled departure | scheduled arrival |
        | 601    | JFK  | <clock>   | <clock> | <clock>             | <clock>           |
      Then the batch is accepted
      And the analyst finds
        | flight | from | departure | arrival | scheduled departure | scheduled arrival |
        | 601    | JFK  | <clock>   | <clock> | <clock>             | <clock>           |

      Examples:
        | clock |
        | 0     |
        | 59    |
        | 1200  |
        | 2359  |
        | 2400  |
