Feature: What runs can be found, watched and explained
  As the one who is woken up at night
  I want to know whose a resource is, hear of what goes wrong, and read what happened
  So that the night is short

  Scenario: Every resource says whose it is
    Given the resources that can be tagged
    Then each of them has the tags project, stage and managed-by

  Scenario: Every alarm tells somebody
    Given the alarms
    Then each of them has an action, and its actions are enabled

  Scenario: Logs are kept, and not for ever
    Given the log groups
    Then each of them keeps its entries for 30 to 3653 days
