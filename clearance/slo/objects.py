"""The objects of OpenSLO v1, table by table: what may be written, and of which type.

Source: the OpenSLO specification, "Object Types" (https://github.com/OpenSLO/OpenSLO). `metricSource.spec` is free
there; what this gate asks of its own is in `meaning`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

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
    indicator: InlineIndicator | None = None
    indicator_ref: _Text | None = None
    composite_weight: float | None = None


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
