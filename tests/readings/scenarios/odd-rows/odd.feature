Feature: Odd rows
  Background:
    Given an empty log

  Scenario Outline: Row by row
    When <who> takes off
    Then the log holds <count>

    Examples:
      | who  | count |
      | same | 1     |
      | same | 1     |
      | a-b  | 1     |
      |      | 1     |
      | a\\b | 1     |
      | a.b  | 1     |
