Feature: Tracking a parcel
  Whoever waits for a parcel sees where it was last.

  Scenario: A parcel on its way
    Given a parcel "1000000009" that was seen in "Leipzig"
    When somebody asks for "1000000009"
    Then the answer is 200 and says "Leipzig"

  Scenario Outline: What cannot be answered
    When somebody asks for "<number>"
    Then the answer is <status> and says "<words>"

    Examples:
      | number     | status | words         |
      | 2000000008 | 404    | no such       |
      | 1000000008 | 400    | no number     |
