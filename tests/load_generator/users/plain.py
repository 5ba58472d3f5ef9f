"""One kind of user that asks for one thing: an adopter's locustfile, which gains everything by its first line."""

from locust import FastHttpUser, task

import clearance.load  # noqa: F401


class Reader(FastHttpUser):
    """Asks for one thing."""

    @task
    def read(self):
        """Ask once."""
        self.client.get("/things/1", name="/things/{id}")
