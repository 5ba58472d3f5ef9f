"""Requests that end in every way there is."""

from clearance.load import FastHttpUser, HttpUser


def all_of_them(user):
    """Ask for each kind, the one that ends the task last."""
    who = type(user).__name__
    for kind in ("good", "failing", "wrong", "closing", "cut"):
        with user.client.get(f"/{kind}", name=f"{who} {kind}", catch_response=True) as answer:
            if answer.status_code == 200 and answer.content == b"something else":
                answer.failure("something else")
    with user.client.get("/failing", name=f"{who} forgiven", catch_response=True) as answer:
        answer.success()
    with user.client.get("/good", name=f"{who} raising", catch_response=True):
        raise KeyError("no such field")


class Fast(FastHttpUser):
    """With Locust's fast client."""

    tasks = (all_of_them,)


class Plain(HttpUser):
    """With requests."""

    tasks = (all_of_them,)
