Feature: Who may do what
  As the owner of the flights service
  I want each third party to reach only what its token is for
  So that a token that leaks does as little harm as it can

  Rule: Without a valid token nothing is answered

    Scenario Outline: A stranger is turned away from <what>
      When a stranger asks for <what>
      Then the request is turned away, 401

      Examples:
        | what                               |
        | /v1/flights                        |
        | /v1/flights/2013-01-01/UA/1545/EWR |
        | /v1/flights/1970-01-01/CY/1/CAN    |
        | /v1/stats/delays?group_by=carrier  |

    Scenario: A stranger cannot report
      Given an airline that has reported nothing yet
      When a stranger reports
        | flight | from |
        | 1101   | JFK  |
      Then the request is turned away, 401
      And the analyst counts 0 flights of the airline

    Scenario Outline: A token that is <forged> is no token
      When somebody asks for /v1/flights with a token that is <forged>
      Then the request is turned away, 401

      Examples:
        | forged                          |
        | a word                          |
        | empty                           |
        | unsigned                        |
        | signed with a password          |
        | the analyst's with other claims |
        | the analyst's cut short         |

    @local
    Scenario: A token that has run out is no token
      Given a token for flights:read that ran out a minute ago
      When somebody asks for /v1/flights with that token
      Then the request is turned away, 401

  Rule: A token is good for its scope and for nothing else

    Scenario Outline: <who> may not ask for <what>
      When <who> asks for <what>
      Then the request is turned away, 403

      Examples:
        | who         | what                               |
        | the partner | /v1/flights                        |
        | the partner | /v1/flights/2013-01-01/UA/1545/EWR |
        | the partner | /v1/stats/delays?group_by=carrier  |

    Scenario Outline: <who> may not report
      Given an airline that has reported nothing yet
      When <who> reports
        | flight | from |
        | 1102   | JFK  |
      Then the request is turned away, 403
      And the analyst counts 0 flights of the airline

      Examples:
        | who                    |
        | the analyst            |
        | the integration runner |

    @local
    Scenario: A token without a scope opens nothing
      Given a token for no scope at all
      When somebody asks for /v1/flights with that token
      Then the request is turned away, 403

    @local
    Scenario: A token for both reading and the canary reads as an analyst does
      Given an airline that has reported nothing yet
      And the partner has reported
        | flight | from |
        | 1103   | JFK  |
      And a token for canary:read flights:read
      When somebody looks up flight 1103 from JFK with that token
      Then the request is answered, 200

  Rule: Whether the service is well may be asked by anyone

    Scenario: A stranger asks for the health of the service
      When a stranger asks for /v1/health
      Then the request is answered, 200
      And the service says that it is ok
