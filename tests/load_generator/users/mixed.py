"""Both of Locust's HTTP users, a task set, several requests in a task, one before the first task, another client."""

from clearance.load import FastHttpUser, HttpUser, SequentialTaskSet, User, task


class Pages(SequentialTaskSet):
    """Tasks in their order."""

    @task
    def first(self):
        """Ask for two things, one after the other."""
        self.client.get("/first")
        self.client.request("GET", "/second", "/second")

    @task
    def search(self):
        """A POST that only reads, and says so."""
        self.client.post("/search", data="{}", context={"op": "read"})


class Browser(FastHttpUser):
    """Signs in before it begins."""

    weight = 2
    tasks = (Pages,)

    def on_start(self):
        """Ask before the run's clock starts."""
        self.client.post("/login")


class Writer(HttpUser):
    """Writes, with requests."""

    weight = 1

    @task
    def write(self):
        """Ask with a header of its own."""
        self.client.post("/things", json={}, headers={"x-tenant": "1"})


class Other(User):
    """Speaks something else than HTTP."""

    weight = 1

    @task
    def call(self):
        """Tell Locust of a call that took a while."""
        self.environment.events.request.fire(
            request_type="RPC", name="call", response_time=25, response_length=0, exception=None, context={}
        )
