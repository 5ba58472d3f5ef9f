"""What the service answers when it cannot do as asked: problem documents as of RFC 9457."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.rules import FieldError

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer other than 2xx.

    `errors` holds {field, message} and, within a batch, the `index` of the record; `more` are further members.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        errors: Sequence[Mapping[str, Any]] = (),
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}
        self.document = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            **({"errors": list(errors)} if errors else {}),
            **(more or {}),
        }

    def response(self) -> Response[str]:
        """Render it."""
        return Response(
            status_code=self.status.value, content_type=CONTENT_TYPE, body=dump(self.document), headers=self.headers
        )


def invalid(*faults: FieldError) -> Problem:
    """Make a 422 out of what is wrong with a question."""
    errors = [{"field": fault.field, "message": fault.message} for fault in faults]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(str(fault) for fault in faults), errors)


def unavailable() -> Problem:
    """Make the 503 that asks to come back in a second."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot be reached; try again.", headers={"Retry-After": "1"}
    )


def broken() -> Problem:
    """Make the 500 that tells nothing of the inside."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side.")


def dump(document: Any) -> str:
    """Encode as compact JSON, ASCII only; NaN is an error, since JSON has none."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)
