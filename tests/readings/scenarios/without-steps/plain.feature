Feature: Departures
  Background:
    Given an empty log

  Scenario: One flight
    When AA1 takes off
    Then the log holds 1

  @quick
  Scenario: Two flights
    When AA1 takes off
    And AA2 takes off
    Then the log holds 2

  Scenario: Later
