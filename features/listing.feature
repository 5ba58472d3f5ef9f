Feature: Listing flights
  As an airline operations analyst
  I want to page through the flights of a period, narrowed to what I study
  So that I get each of them once, however many there are

  Background:
    Given an airline that has reported nothing yet

  Rule: Paging to the end meets every flight once

    Scenario Outline: A day is paged through, <limit> flights a page
      Given the partner has reported 57 flights
      When the analyst pages through the day, <limit> flights a page
      Then there were <pages> pages
      And every flight was met exactly once, in order

      Examples:
        | limit | pages |
        | 1     | 57    |
        | 10    | 6     |
        | 19    | 3     |
        | 56    | 2     |
        | 57    | 1     |
        | 500   | 1     |

    Scenario: A page has 100 flights unless the analyst says otherwise
      Given the partner has reported 101 flights
      When the analyst lists the flights of the airline
      Then 100 flights are listed
      And there is a next page

    Scenario: Flights that are reported meanwhile neither repeat nor hide another
      Given the partner has reported 30 flights
      When the analyst reads the first page, 10 flights a page
      And the partner reports
        | flight | from |
        | 1      | AAA  |
        | 9999   | ZZZ  |
      And the analyst pages on to the end
      Then every flight of the first report was met exactly once
      And flight 9999 was met
      And flight 1 was not met

    Scenario: Flights are in the order of day, airline, number and airport
      Given the partner has reported
        | flight | from | day   |
        | 12     | JFK  | day 2 |
        | 2      | LGA  | day 1 |
        | 11     | EWR  | day 1 |
        | 2      | JFK  | day 1 |
      When the analyst lists the flights of the airline
      Then the flights listed are 2 from JFK, 2 from LGA, 11 from EWR, 12 from JFK

  Rule: A cursor belongs to the question that it was given for

    Scenario Outline: A cursor does not answer another question
      Given the partner has reported 3 flights
      And the analyst reads the first page, 2 flights a page
      When the analyst uses the cursor with <filter> changed to <value>
      Then the request is refused as malformed

      Examples:
        | filter  | value      |
        | carrier | ZZ         |
        | to      | 2099-12-31 |
        | origin  | JFK        |
        | dest    | LAX        |

    Scenario Outline: A cursor that was tampered with is refused
      Given the partner has reported 3 flights
      And the analyst reads the first page, 2 flights a page
      When the analyst uses the cursor <tampered>
      Then the request is refused as malformed

      Examples:
        | tampered          |
        | cut short         |
        | with more to it   |
        | replaced by words |
        | replaced by a NUL |

  Rule: Filters narrow the list

    Scenario Outline: Flights are narrowed by <filter>
      Given the partner has reported
        | flight | from | to  | day   |
        | 901    | JFK  | LAX | day 1 |
        | 902    | JFK  | SFO | day 2 |
        | 903    | LGA  | ORD | day 3 |
        | 904    | EWR  | SFO | day 4 |
      When the analyst lists the flights of the airline with <filter>
      Then the flights listed are <flights>

      Examples:
        | filter                      | flights                                                |
        | nothing else                | 901 from JFK, 902 from JFK, 903 from LGA, 904 from EWR |
        | origin JFK                  | 901 from JFK, 902 from JFK                             |
        | dest SFO                    | 902 from JFK, 904 from EWR                             |
        | from day 2                  | 902 from JFK, 903 from LGA, 904 from EWR               |
        | to day 2                    | 901 from JFK, 902 from JFK                             |
        | from day 2 and to day 3     | 902 from JFK, 903 from LGA                             |
        | origin JFK and dest SFO     | 902 from JFK                                           |
        | origin JFK and from day 3   | none                                                   |
        | from day 3 and to day 3     | 903 from LGA                                           |

    Scenario Outline: <question> cannot be asked
      When the analyst asks for /v1/flights?<question>
      Then the request is answered with a problem, 422

      Examples:
        | question          |
        | limit=0           |
        | limit=501         |
        | limit=many        |
        | from=2031-02-30   |
        | to=soon           |
        | carrier=UNITED    |
        | origin=J          |
        | dest=%00          |
