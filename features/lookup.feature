Feature: Looking up one flight
  As an airline operations analyst
  I want to look up a flight by its day, airline, number and airport of departure
  So that I can answer a passenger who asks what happened

  Background:
    Given an airline that has reported nothing yet

  Scenario: A reported flight is found
    Given the partner has reported
      | flight | from | to  | tail number | departure | arrival |
      | 801    | LGA  | MIA | N3FLAA      | 1801      | 2115    |
    When the analyst looks up flight 801 from LGA
    Then the request is answered, 200
    And the analyst finds every record as it was sent

  Scenario: A flight that nobody reported is not found
    When the analyst looks up flight 802 from LGA
    Then the request is answered with a problem, 404

  Scenario: A flight is not found under another airport
    Given the partner has reported
      | flight | from |
      | 803    | LGA  |
    When the analyst looks up flight 803 from JFK
    Then the request is answered with a problem, 404

  Scenario Outline: <key> is not how a flight is named
    When the analyst asks for /v1/flights/<key>
    Then the request is answered with a problem, 422

    Examples:
      | key                        |
      | 2031-02-30/UA/1/JFK        |
      | soon/UA/1/JFK              |
      | 2031-05-01/UNITED/1/JFK    |
      | 2031-05-01/UA/0/JFK        |
      | 2031-05-01/UA/10000/JFK    |
      | 2031-05-01/UA/one/JFK      |
      | 2031-05-01/UA/1/KENNEDY    |
      | 2031-05-01/UA/1/J%20K      |
      | 2031-05-01/UA/1/'%20OR%201 |

  Scenario Outline: A key with <what> in it breaks nothing
    When the analyst asks for /v1/flights/2031-05-01/UA/1/<origin>
    Then the request is refused by whoever sees it first

    # An edge, a gateway or the service itself may be the one to refuse it, each in its own way.
    Examples:
      | what        | origin  |
      | a NUL       | J%00K   |
      | half a byte | J%FFK   |
      | a slash     | J%2FK   |
      | a bare sign | J%K     |
