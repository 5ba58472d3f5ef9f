"""How sure a number is: intervals of correlated samples, decisions while a run goes on, base against head; pure."""
