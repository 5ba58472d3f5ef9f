Feature: The integration runner and its canary
  As the integration runner that probes the service around the clock
  I want one flight of my own that is always there, and access to nothing else
  So that my probes prove the whole path and my token is worth nothing to a thief

  @canary
  Scenario: The canary is alive
    When the integration runner looks up the canary
    Then the canary sings

  Rule: The integration runner sees the canary and nothing else

    Scenario: A list shows exactly the canary
      Given an airline that has reported nothing yet
      And the partner has reported
        | flight | from |
        | 1201   | JFK  |
      When the integration runner asks for /v1/flights?limit=500
      Then the request is answered, 200
      And only the canary is listed

    Scenario: Another flight does not exist for the integration runner
      Given an airline that has reported nothing yet
      And the partner has reported
        | flight | from |
        | 1202   | JFK  |
      When the integration runner looks up flight 1202 from JFK
      Then the request is answered with a problem, 404
      And the answer is the same as for a flight that nobody reported

    Scenario Outline: Statistics by <group> count the canary alone
      When the integration runner asks for /v1/stats/delays?group_by=<group>
      Then the request is answered, 200
      And the only group is <value> with 1 flight

      Examples:
        | group   | value   |
        | carrier | CY      |
        | route   | CAN-ARY |
        | month   | 1970-01 |

  Rule: The canary is the integration runner's alone

    Scenario: The analyst does not meet the canary in a list
      When the analyst asks for /v1/flights?carrier=CY&origin=CAN
      Then the request is answered, 200
      And no canary is listed

    Scenario: The analyst does not meet the canary in statistics
      When the analyst asks for /v1/stats/delays?group_by=route&origin=CAN&dest=ARY
      Then the request is answered, 200
      And there are no groups

    Scenario: The partner cannot write the canary
      When the partner reports the canary with another destination
      Then the batch is answered with a problem, 422
      And the records are answered rejected
      And the canary still sings to the integration runner
