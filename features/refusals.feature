Feature: Refusing what is no flight
  As an airline operations analyst
  I want a report that cannot be true to be refused, with words that tell the partner what to mend
  So that a percentile never rests on nonsense

  Background:
    Given an airline that has reported nothing yet

  Rule: A record with a value out of bounds is refused by the name of its field, and not stored

    Scenario Outline: <field> may not be <value>
      When the partner reports flight 701 with <field> written as <value>
      Then the batch is answered with a problem, 422
      And the records are answered rejected
      And the problem names <field> in record 0
      And the analyst counts 0 flights of the airline

      Examples: the day
        | field       | value                 |
        | flight_date | "1979-12-31"          |
        | flight_date | "2100-01-01"          |
        | flight_date | "2031-02-30"          |
        | flight_date | "yesterday"           |
        | flight_date | "2031-05-01T00:00:00" |
        | flight_date | 20310501              |

      Examples: who and where
        | field   | value       |
        | carrier | "UNITED"    |
        | carrier | "U-"        |
        | carrier | ""          |
        | flight  | 0           |
        | flight  | 10000       |
        | flight  | 10.5        |
        | flight  | true        |
        | flight  | [1]         |
        | origin  | "JF"        |
        | origin  | "JF1"       |
        | dest    | "LAXX"      |
        | dest    | {}          |
        | tailnum | "N12345678" |

      Examples: when and how late
        | field          | value  |
        | dep_time       | 2401   |
        | arr_time       | 1260   |
        | sched_dep_time | -1     |
        | sched_arr_time | "noon" |
        | dep_delay      | -1441  |
        | arr_delay      | 4321   |
        | air_time       | -1     |
        | distance       | -1     |
        | distance       | 1e20   |

      Examples: text that no database keeps
        | field   | value                 |
        | tailnum | text with a NUL in it |
        | origin  | text with a NUL in it |
        | tailnum | half a surrogate pair |
        | carrier | half a surrogate pair |

    Scenario Outline: A flight has to have <field>
      When the partner reports flight 702 with <field> written as <missing>
      Then the batch is answered with a problem, 422
      And the records are answered rejected
      And the problem names <field> in record 0
      And the analyst counts 0 flights of the airline

      Examples:
        | field          | missing |
        | flight_date    | absent  |
        | carrier        | null    |
        | flight         | "NA"    |
        | origin         | absent  |
        | dest           | null    |
        | sched_dep_time | "NA"    |
        | sched_arr_time | absent  |

    Scenario: A field that nobody knows is refused by its name
      When the partner reports flight 703 with weather written as "fine"
      Then the batch is answered with a problem, 422
      And the records are answered rejected
      And the problem names weather in record 0
      And the analyst counts 0 flights of the airline

    Scenario Outline: <value> is no number of minutes
      When the partner reports flight 704 with dep_delay written as <value>
      Then the batch is answered with a problem, 422
      And the records are answered rejected
      And the problem names dep_delay in record 0
      And the analyst counts 0 flights of the airline

      Examples:
        | value     |
        | NaN       |
        | Infinity  |
        | -Infinity |
        | 1e999     |

    Scenario: Each bad record of a batch is named
      When the partner reports
        | flight | from | to  | arrival delay |
        | 0      | JFK  | LAX | 1             |
        | 712    | J    | LAX | 1             |
        | 713    | JFK  | LAX | 9000          |
      Then the records are answered rejected, rejected, rejected
      And the problem names flight in record 0
      And the problem names origin in record 1
      And the problem names arr_delay in record 2

  Rule: A batch that cannot be taken as a whole leaves nothing behind

    Scenario Outline: A batch of <size> records is refused
      When the partner reports <size> flights
      Then the batch is answered with a problem, 422
      And the answer speaks of records
      And the answer speaks of <limit>
      And the analyst counts 0 flights of the airline

      Examples:
        | size | limit |
        | 0    | 1     |
        | 1001 | 1000  |

    Scenario: A body of more than 4 MB is refused
      When the partner sends a batch of 5 MB
      Then the request is answered with a problem, 413
      And the analyst counts 0 flights of the airline

    Scenario Outline: <body> is no batch
      When the partner sends <body> as application/json
      Then the request is answered with a problem, <status>

      Examples:
        | body             | status |
        | {"records": [    | 400    |
        | flight 1 is late | 400    |
        | {"flights": []}  | 422    |
        | {"records": {}}  | 422    |
        | []               | 422    |

    Scenario Outline: A batch is not taken as <type>
      When the partner sends {"records": []} as <type>
      Then the request is answered with a problem, 415

      Examples:
        | type       |
        | text/plain |
        | text/csv   |
