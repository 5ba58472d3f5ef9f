"""The Lambda handler: holds what lives as long as the environment, and does what every request has in common."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from service.event import Event, gateway_request_id, member, request_id, traceparent, without_stage
from service.logins import Login
from service.problems import CONTENT_TYPE, broken, dump
from service.routes import app, classify
from service.store import PostgresStore
from service.telemetry import Meter

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)


class Handler:
    """Answers HTTP API events, payload 2.0. Whatever goes wrong is answered by a problem document."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._meter = Meter(environment.get("FLIGHTS_STAGE", "local"))
        self._cold = True  # until the environment has answered once
        self._stores = {
            login: PostgresStore(login, self._meter.observe, environment)
            for login in (Login.INGEST, Login.READER, Login.CANARY)
        }

    def close(self) -> None:
        """Close the connections; the next request opens them again."""
        for store in self._stores.values():
            store.close()

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer one event, or whatever else is sent, with statusCode, headers and body; `context` is Lambda's."""
        self._meter.begin()
        event = without_stage(event)
        response = self._answer(event, context)
        identity = {"x-request-id": request_id(event), "traceparent": traceparent(event)}
        carried = {name: value for name, value in identity.items() if value}
        logged = {name.replace("x-request-id", "request_id"): value for name, value in carried.items()}
        if of_gateway := gateway_request_id(event):
            logged["gateway_request_id"] = of_gateway
        if self._cold:
            logged["cold_start"], self._cold = "true", False
        timing = self._meter.end(*classify(_method(event), event["rawPath"]), response["statusCode"], logged)
        response["headers"] = {**response.get("headers", {}), **carried, "Server-Timing": timing}
        return response

    def _answer(self, event: Event, context: Any) -> dict[str, Any]:
        try:
            app.context["stores"] = self._stores
            return app.resolve(event, context)
        except Exception:
            _log.exception("not an event of an HTTP API")
            return {
                "statusCode": 500,
                "headers": {"Content-Type": CONTENT_TYPE},
                "body": dump(broken().document),
                "isBase64Encoded": False,
            }


def _method(event: Event) -> str:
    return str(member(event, "requestContext", "http").get("method", ""))


handler = Handler()
