"""What one field of one record may hold: the kinds of rules, each as a check and as JSON Schema. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII).fullmatch


class FieldError(ValueError):
    """A value that breaks a rule: `field` names it, `message` says what was expected. Never quotes the value."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Rule(Protocol):
    """What one field accepts: `read` takes any JSON value and raises `ValueError` with what was expected.

    `schema` says the same as JSON Schema 2020-12, as near as that can.
    """

    def read(self, value: Any) -> str | int: ...
    def schema(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text of one pattern, which leaves no room for NUL, surrogates or blanks."""

    pattern: str
    says: str
    _match: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_match", re.compile(self.pattern, re.ASCII).fullmatch)

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not self._match(value):
            raise ValueError(self.says)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number within bounds. As in JSON Schema 5.0 is one, and true is none."""

    low: int
    high: int

    def read(self, value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is int and self.low <= value <= self.high:
            return value
        raise ValueError(f"expected a whole number from {self.low} to {self.high}")

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock(Whole):
    """A time of day as HHMM, 0 to 2400."""

    low: int = 0
    high: int = 2400

    def read(self, value: Any) -> int:
        try:
            time = Whole.read(self, value)
        except ValueError:
            raise ValueError("expected a clock time HHMM from 0 to 2400") from None
        if time % 100 >= 60:
            raise ValueError("expected a clock time HHMM with minutes below 60")
        return time

    def schema(self) -> dict[str, Any]:
        hours = [{"minimum": hour * 100, "maximum": hour * 100 + 59} for hour in range(self.high // 100)]
        return {"type": "integer", "anyOf": [*hours, {"const": self.high}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar day, YYYY-MM-DD, within bounds; `years` says the same for whoever has only the pattern."""

    first: date
    last: date
    years: str

    def read(self, value: Any) -> str:
        if isinstance(value, str) and len(value) == 10 and value.isascii():
            try:
                day = date.fromisoformat(value)
            except ValueError:
                day = None
            if day is not None and value[4] == value[7] == "-" and value[5] != "W" and self.first <= day <= self.last:
                return value
        raise ValueError(f"expected a day as YYYY-MM-DD from {self.first} to {self.last}")

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "format": "date",
            "pattern": f"^({self.years})-[0-9]{{2}}-[0-9]{{2}}$",
            "description": f"From {self.first} to {self.last}.",
        }


def read_digits(given: Any) -> int:
    """Read a number of a path or query in its one spelling, which `01`, `+1`, ` 1`, `1.0` and `1_0` are not."""
    if not isinstance(given, str) or not _DIGITS(given):
        raise ValueError("expected a whole number in plain digits")
    return int(given)
