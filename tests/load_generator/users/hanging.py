"""Requests that never end."""

from clearance.load import FastHttpUser, task


class Patient(FastHttpUser):
    """Waits for ever."""

    @task
    def wait_for_it(self):
        """Ask for what never comes."""
        self.client.get("/hanging")
