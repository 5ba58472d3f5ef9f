"""The load generator: one import in a locustfile gives Locust open arrivals, raw samples and its own health.

`import clearance.load` beside Locust's own names is enough; those that a locustfile mostly needs can be had from here.
"""

from locust import FastHttpUser, HttpUser, SequentialTaskSet, TaskSet, User, constant, tag, task

from clearance.load.plugin import register

__all__ = ["FastHttpUser", "HttpUser", "SequentialTaskSet", "TaskSet", "User", "constant", "tag", "task"]

register()
