@local
Feature: Recovering from trouble
  As an airline operations analyst
  I want the service to come back by itself, with everything that it acknowledged
  So that a crash at night costs nobody a morning

  Background:
    Given an airline that has reported nothing yet

  Scenario Outline: When <trouble>, the next requests recover by themselves
    Given the partner has reported 25 flights
    When <trouble>
    Then the analyst counts 25 flights of the airline again within 20 seconds
    And until then each answer asked to retry later
    And the partner can report again within 20 seconds

    Examples:
      | trouble                        |
      | the database is restarted      |
      | the database crashes           |
      | every warm environment crashes |

  Scenario: What was acknowledged before a crash of the database is not lost
    Given a partner who goes on reporting flights
    When the database crashes
    And the partner has had 5 more reports accepted within 20 seconds
    Then each report was accepted or asked to be sent again later
    And the analyst finds every accepted flight
