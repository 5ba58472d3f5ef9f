"""The load generator: one import in a locustfile gives Locust open arrivals, raw samples and its own health."""
