"""Load on the flights API: its users, the service levels they are held to, and the gate's own schedule."""
