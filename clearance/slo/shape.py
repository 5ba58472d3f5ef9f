"""The shape of OpenSLO v1: its seven kinds of objects, the errors that say where a field is wrong, and a JSON Schema.

Source: the OpenSLO specification, "Object Types" (https://github.com/OpenSLO/OpenSLO). `metricSource.spec` is free
there; what this gate asks of its own is in `meaning`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct, inspect

from clearance.model import PolicyError

VERSION = "openslo/v1"
_Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$",
        description="up to 63 lower-case letters, digits, dots and -, as RFC 1123 names hosts",
    ),
]
_Text = Annotated[str, Meta(min_length=1, pattern=r"\S")]
_Description = Annotated[str, Meta(max_length=1050)]
_Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]*[mhdwMQY]$", examples=["28d", "4w", "1M"])]


class _Table(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="camel"):
    """Every table: its fields are the known ones, in camel case."""


class Metadata(_Table, frozen=True, kw_only=True):
    """What an object is called. Annotations are texts; those of `clearance.dev/` are the gate's own."""

    name: _Name
    display_name: str | None = None
    labels: dict[str, str | list[str]] = {}
    annotations: dict[str, str] = {}


class MetricSource(_Table, frozen=True, kw_only=True):
    """Where numbers come from. `type` may be left out where a DataSource is named; `spec` is the source's own."""

    metric_source_ref: _Text | None = None
    type: _Text | None = None
    spec: dict[str, Any] = {}


class Metric(_Table, frozen=True, kw_only=True):
    """One number."""

    metric_source: MetricSource


class RatioMetric(_Table, frozen=True, kw_only=True):
    """Good or bad events out of all, or a ratio that someone else has made."""

    counter: bool | None = None
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: Metric | None = None


class IndicatorSpec(_Table, frozen=True, kw_only=True):
    """What is measured."""

    description: _Description | None = None
    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None


class InlineIndicator(_Table, frozen=True, kw_only=True):
    """An indicator that stands in its SLO."""

    metadata: Metadata | None = None
    spec: IndicatorSpec


class Calendar(_Table, frozen=True, kw_only=True):
    """When a window begins that follows the calendar."""

    start_time: str
    time_zone: str


class TimeWindow(_Table, frozen=True, kw_only=True):
    """The time over which an SLO holds."""

    duration: _Duration
    is_rolling: bool | None = None
    calendar: Calendar | None = None


class Goal(_Table, frozen=True, kw_only=True):
    """One of an SLO's objectives."""

    display_name: str | None = None
    op: Literal["lte", "gte", "lt", "gt"] | None = None
    value: float | None = None
    target: Annotated[float | None, Meta(description="the share of good requests: 0.999")] = None
    target_percent: Annotated[float | None, Meta(description="the same in percent: 99.9")] = None
    time_slice_target: float | None = None
    time_slice_window: int | float | str | None = None


class Condition(_Table, frozen=True, kw_only=True):
    """When to alert."""

    kind: Literal["burnrate"] = "burnrate"
    op: Literal["lte", "gte", "lt", "gt"] | None = None
    threshold: float | None = None
    lookback_window: _Duration | None = None
    alert_after: Annotated[str, Meta(pattern=r"^[0-9]+[mhdwMQY]$")] | None = None


class ConditionSpec(_Table, frozen=True, kw_only=True):
    """A condition and how much it matters."""

    description: _Description | None = None
    severity: str
    condition: Condition


class ConditionItem(_Table, frozen=True, kw_only=True):
    """A condition by name, or in place."""

    condition_ref: _Text | None = None
    api_version: Literal["openslo/v1"] | None = None
    kind: Literal["AlertCondition"] | None = None
    metadata: Metadata | None = None
    spec: ConditionSpec | None = None


class TargetSpec(_Table, frozen=True, kw_only=True):
    """Whom to tell."""

    target: str
    description: _Description | None = None


class TargetItem(_Table, frozen=True, kw_only=True):
    """A target by name, or in place."""

    target_ref: _Text | None = None
    api_version: Literal["openslo/v1"] | None = None
    kind: Literal["AlertNotificationTarget"] | None = None
    metadata: Metadata | None = None
    spec: TargetSpec | None = None


class PolicySpec(_Table, frozen=True, kw_only=True):
    """Whom to tell, and when."""

    description: _Description | None = None
    alert_when_no_data: bool | None = None
    alert_when_resolved: bool | None = None
    alert_when_breaching: bool | None = None
    conditions: list[ConditionItem] = []
    notification_targets: list[TargetItem] = []


class PolicyItem(_Table, frozen=True, kw_only=True):
    """An alert policy by name, or in place."""

    alert_policy_ref: _Text | None = None
    api_version: Literal["openslo/v1"] | None = None
    kind: Literal["AlertPolicy"] | None = None
    metadata: Metadata | None = None
    spec: PolicySpec | None = None


class ObjectiveSpec(_Table, frozen=True, kw_only=True):
    """An SLO's own part."""

    description: _Description | None = None
    service: _Text
    indicator: InlineIndicator | None = None
    indicator_ref: _Text | None = None
    time_window: Annotated[list[TimeWindow], Meta(max_length=1)] = []
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    objectives: Annotated[list[Goal], Meta(min_length=1)]
    alert_policies: list[str | PolicyItem] = []


class SourceSpec(_Table, frozen=True, kw_only=True):
    """What a source is, and how to reach it."""

    description: _Description | None = None
    type: _Text
    connection_details: Any = None


class ServiceSpec(_Table, frozen=True, kw_only=True):
    """What a service is."""

    description: _Description | None = None


class _Object(_Table, frozen=True, kw_only=True, tag_field="kind"):
    """What every object has."""

    api_version: Literal["openslo/v1"]
    metadata: Metadata


class Service(_Object, frozen=True, kw_only=True, tag="Service"):
    """A service, of which the SLOs speak."""

    spec: ServiceSpec | None = None


class SLI(_Object, frozen=True, kw_only=True, tag="SLI"):
    """A service level indicator."""

    spec: IndicatorSpec


class SLO(_Object, frozen=True, kw_only=True, tag="SLO"):
    """A service level objective."""

    spec: ObjectiveSpec


class DataSource(_Object, frozen=True, kw_only=True, tag="DataSource"):
    """Where metrics come from."""

    spec: SourceSpec


class AlertPolicy(_Object, frozen=True, kw_only=True, tag="AlertPolicy"):
    """Read, and of no consequence here."""

    spec: PolicySpec


class AlertCondition(_Object, frozen=True, kw_only=True, tag="AlertCondition"):
    """Read, and of no consequence here."""

    spec: ConditionSpec


class AlertNotificationTarget(_Object, frozen=True, kw_only=True, tag="AlertNotificationTarget"):
    """Read, and of no consequence here."""

    spec: TargetSpec


Object: TypeAlias = Service | SLI | SLO | DataSource | AlertPolicy | AlertCondition | AlertNotificationTarget
KINDS: Mapping[str, type[_Object]] = {
    kind.__name__: kind
    for kind in (Service, SLI, SLO, DataSource, AlertPolicy, AlertCondition, AlertNotificationTarget)
}


def schema() -> dict[str, Any]:
    """Make the JSON Schema (draft 2020-12) of one object of an SLO file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Object)


def convert(raw: Any, where: str) -> Object:
    """Check one object's fields. Raises PolicyError, which says where, and which are the known ones."""
    if not isinstance(raw, dict):
        raise PolicyError(f"{where} is no object", f"each has apiVersion: {VERSION}, kind, metadata and spec")
    version, kind = raw.get("apiVersion"), str(raw.get("kind"))
    if version != VERSION:
        raise PolicyError(
            f"{where} has apiVersion {version!r}", f"this gate reads {VERSION}; others name their fields differently"
        )
    if kind not in KINDS:
        raise PolicyError(f"{where} has kind {kind}", known(kind, KINDS))
    where = f"{where} ({kind} {_called(raw)})"
    _know(raw, inspect.type_info(KINDS[kind]), where, "")
    try:
        made: Object = msgspec.convert(raw, Object)
    except msgspec.ValidationError as error:
        message = str(error).replace(" - at `$.", " at `").replace(" - at `$`", "")
        raise PolicyError(f"{where}: {message}", _step(message)) from error
    return made


def _called(raw: Mapping[str, Any]) -> str:
    metadata = raw.get("metadata")
    return str(metadata.get("name", "without a name")) if isinstance(metadata, dict) else "without a name"


def _step(message: str) -> str:
    if "annotations" in message and "Expected `str`" in message:
        return 'an annotation is a text: put its value in quotes, "0.98"'
    if "metadata.name" in message or "regex" in message:
        return "names are up to 63 lower-case letters, digits, dots and -; durations are 28d, 4w, 1M"
    if "budgetingMethod" in message:
        return "the gate counts requests: budgetingMethod: Occurrences"
    return "`clearance schema slo` describes every field"


def _know(value: Any, kind: inspect.Type, where: str, path: str) -> None:
    """Raise PolicyError for the first field that its table does not have."""
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            _know(value, one, where, path)
    elif isinstance(kind, inspect.Metadata):
        _know(value, kind.type, where, path)
    elif isinstance(kind, inspect.ListType) and isinstance(value, list):
        for number, item in enumerate(value):
            _know(item, kind.item_type, where, f"{path}[{number}]")
    elif isinstance(kind, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        names = [*([kind.tag_field] if kind.tag_field else []), *fields]
        for key, item in value.items():
            if key not in names:
                at = f"{path}.{key}".lstrip(".")
                raise PolicyError(f"{where} has an unknown field: {at}", known(key, names))
            if key in fields:
                _know(item, fields[key], where, f"{path}.{key}")


def known(name: str, names: Collection[str]) -> str:
    """The next step for a name that is not there: the nearest one that is, and all of them."""
    near = difflib.get_close_matches(name, names, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(names) or 'none'}"
