Feature: Following a request
  As the engineer on call
  I want every answer to say which request it belongs to and where its time went
  So that a partner's complaint leads to a line in the log

  Scenario Outline: The caller's own request id comes back with <what>
    Given a request id of the caller's
    When <who> asks for <what>
    Then the answer carries that request id

    Examples:
      | who         | what                               |
      | the analyst | /v1/flights?limit=1                |
      | the analyst | /v1/flights/2031-05-01/UA/1/JFK    |
      | the analyst | /v1/flights?limit=0                |
      | a stranger  | /v1/health                         |

  Scenario: A request without an id is given one of its own
    When the analyst asks for /v1/flights?limit=1
    And the analyst asks for /v1/flights?limit=1
    Then the two answers carry different request ids

  Scenario Outline: The answer to <what> says what its time went to
    When <who> asks for <what>
    Then the answer states the time of <timings>

    Examples:
      | who         | what                              | timings         |
      | the analyst | /v1/flights?limit=1               | total, db_read  |
      | the analyst | /v1/stats/delays?group_by=carrier | total, db_read  |

  Scenario: The answer to a report says what its time went to
    Given an airline that has reported nothing yet
    When the partner reports
      | flight | from |
      | 1301   | JFK  |
    Then the answer states the time of total, db_write

  Scenario: A trace is carried on
    Given a trace of the caller's
    When the analyst asks for /v1/flights?limit=1
    Then the answer carries on that trace

  Scenario: A problem explains itself
    When the analyst asks for /v1/flights?limit=0
    Then the request is answered with a problem, 422
    And the problem has a type, a title, its status and a detail
    And the answer speaks of limit
