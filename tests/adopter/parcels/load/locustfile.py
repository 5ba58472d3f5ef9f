"""People who look for their parcels."""

from locust import HttpUser, task


class Waiting(HttpUser):
    """Somebody who waits for a parcel."""

    @task
    def look(self) -> None:
        """Ask for one."""
        with self.client.get("/v1/parcels/1000000009", name="/v1/parcels/{number}", catch_response=True) as answer:
            if "place" not in answer.json():
                answer.failure("it does not say where")
