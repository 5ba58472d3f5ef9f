Feature: Arrivals
  Background:
    Given an empty log

  Scenario Outline: Many <who>
    When <who> takes off
    Then the log holds <count>

    Examples: some
      | who | count |
      | AA1 | 1     |
      | BB2 | 1     |

    @late
    Examples: others
      | who | count |
      | CC3 | 1     |

  Rule: Tables are welcome
    Background:
      When ZZ9 takes off

    Example: One flight
      When these take off:
        | AA1 |
        | AA2 |
      Then the log holds 3

    Scenario: Ça va « bien » ?
      When this is noted:
        """
        well
        """
      Then the log holds 2
