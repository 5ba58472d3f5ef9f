"""What an SLO file's objects mean to the gate: its levels, and what a run must be like to prove anything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from clearance.model import PolicyError
from clearance.slo import plain_yaml, validity
from clearance.slo.levels import Indicator, Level, ServiceLevels
from clearance.slo.objects import (
    SLI,
    SLO,
    DataSource,
    Goal,
    IndicatorSpec,
    Metric,
    Object,
    ObjectiveSpec,
    Service,
)
from clearance.slo.shape import convert, known

OURS = "clearance"  # the type of a metric source that is the load run itself
_EXAMPLE = f"bad: {{ metricSource: {{ type: {OURS}, spec: {{ metric: failed }} }} }}"
_DOUBT = 0.025  # on either side of a 95 % interval
_Route = Annotated[str, Meta(pattern=r"^[A-Z]+ \S.*$", examples=["GET /v1/flights"])]
_T = TypeVar("_T", bound="_Source")


class _Source(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="camel"):
    """What both parts of a ratio may say: which requests."""

    op: Literal["read", "write"] | None = None
    route: _Route | None = None


class Total(_Source, frozen=True, kw_only=True):
    """`total`'s spec: every request of this kind."""

    metric: Literal["requests"]


class Bad(_Source, frozen=True, kw_only=True):
    """`bad`'s spec: those that had no good answer; with latency, those that had none in time."""

    metric: Literal["failed", "latency_ms"]
    at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """An object and how an error names it."""

    where: str
    object: Any


def parse(text: bytes, file: str) -> ServiceLevels:
    """Parse an SLO file, called `file` in errors.

    Raises PolicyError, which names the document, the field and what would have been right.
    """
    placed = [_Placed(where=where, object=convert(raw, where)) for where, raw in _objects(text, file)]
    objects = [each.object for each in placed]
    _unique(placed)
    objectives = [each for each in placed if isinstance(each.object, SLO)]
    if not objectives:
        raise PolicyError(f"{file} holds no SLO, so that nothing would be judged", "give it an object of kind: SLO")
    service = _service(objectives, [each.metadata.name for each in objects if isinstance(each, Service)])
    indicators = {each.metadata.name: each.spec for each in objects if isinstance(each, SLI)}
    sources = {each.metadata.name: each.spec.type for each in objects if isinstance(each, DataSource)}
    levels = [level for each in objectives for level in _levels(each, indicators, sources)]
    names = [level.name for level in levels]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise PolicyError(f"{file} makes two levels of the name {twice}", "rename one of the SLOs")
    annotated = [(each.where, each.object.metadata.annotations) for each in placed]
    return ServiceLevels(service=service, levels=tuple(levels), validity=validity.read(annotated))


def _objects(text: bytes, file: str) -> Iterator[tuple[str, Any]]:
    """Each object with its place; a document may be a list of them, and empty ones are passed over."""
    for number, document in enumerate(plain_yaml.documents(text, file), 1):
        where = f"{file}: document {number}"
        if isinstance(document, list):
            yield from ((f"{where}, item {item}", raw) for item, raw in enumerate(document, 1))
        elif document is not None:
            yield where, document


def _unique(placed: Sequence[_Placed]) -> None:
    """Refuse two objects of one kind and name: nobody could say which is meant."""
    seen: dict[tuple[type[Object], str], str] = {}
    for each in placed:
        key = type(each.object), each.object.metadata.name
        if key in seen:
            what = f"{key[0].__name__} {key[1]}"
            raise PolicyError(f"{each.where}: there is a second {what}, beside {seen[key]}", "rename one of them")
        seen[key] = each.where


def _service(objectives: Sequence[_Placed], declared: Sequence[str]) -> str:
    """The one service that the file speaks of."""
    first = objectives[0].object.spec.service
    for each in objectives:
        service = each.object.spec.service
        if service != first:
            raise PolicyError(
                f"{_named(each)} is of the service {service}, and others are of {first}",
                "give each service its own file",
            )
        if declared and service not in declared:
            raise PolicyError(f"{_named(each)}: there is no service {service}", known(service, declared))
    return str(first)


def _named(placed: _Placed) -> str:
    return f"{placed.where} ({type(placed.object).__name__} {placed.object.metadata.name})"


def _levels(placed: _Placed, indicators: Mapping[str, IndicatorSpec], sources: Mapping[str, str]) -> Iterator[Level]:
    where, name, spec = _named(placed), placed.object.metadata.name, placed.object.spec
    if spec.budgeting_method != "Occurrences":
        raise PolicyError(
            f"{where}: budgetingMethod is {spec.budgeting_method}, and a load run of a minute has no slices to count",
            "budgetingMethod: Occurrences counts requests",
        )
    _not_composite(where, spec)
    indicator = _indicator(where, _measured(where, spec, indicators), sources)
    for number, goal in enumerate(spec.objectives, 1):
        target = _target(f"{where}, objective {number}", goal)
        yield Level(
            name=name if len(spec.objectives) == 1 else f"{name}.{number}",
            indicator=indicator,
            target=target,
            min_samples=math.ceil(math.log(_DOUBT) / math.log(target)),
        )


def _not_composite(where: str, spec: ObjectiveSpec) -> None:
    """Refuse an SLO that weighs several indicators: a bad one could be bought off with a good one."""
    for number, goal in enumerate(spec.objectives, 1):
        parts = (
            ("indicator", goal.indicator),
            ("indicatorRef", goal.indicator_ref),
            ("compositeWeight", goal.composite_weight),
        )
        for field, value in parts:
            if value is not None:
                raise PolicyError(
                    f"{where}, objective {number} has {field}: a composite SLO, of which one part can hide another",
                    "make an SLO of each indicator",
                )


def _measured(where: str, spec: ObjectiveSpec, indicators: Mapping[str, IndicatorSpec]) -> IndicatorSpec:
    """The indicator that stands in the SLO or that it names."""
    if (spec.indicator is None) == (spec.indicator_ref is None):
        both = "both indicator and indicatorRef" if spec.indicator else "neither indicator nor indicatorRef"
        raise PolicyError(f"{where} has {both}", "give one of them")
    if spec.indicator is not None:
        return spec.indicator.spec
    reference = str(spec.indicator_ref)
    if reference not in indicators:
        raise PolicyError(f"{where}: there is no SLI {reference}", known(reference, indicators))
    return indicators[reference]


def _indicator(where: str, spec: IndicatorSpec, sources: Mapping[str, str]) -> Indicator:
    """Bad requests out of all of a kind."""
    ratio = spec.ratio_metric
    if ratio is None or spec.threshold_metric is not None:
        raise PolicyError(
            f"{where}: the indicator is no ratioMetric alone",
            "a threshold on a percentile becomes a ratio: bad are those slower than atMost, total are all",
        )
    for field, other in (("good", ratio.good), ("raw", ratio.raw), ("rawType", ratio.raw_type)):
        if other is not None:
            raise PolicyError(f"{where}: ratioMetric has {field}", f"bad out of total is counted: {_EXAMPLE}")
    if ratio.bad is None or ratio.total is None:
        missing = "bad" if ratio.bad is None else "total"
        raise PolicyError(f"{where}: ratioMetric has no {missing}", f"bad out of total is counted: {_EXAMPLE}")
    total = _source(f"{where}: total", ratio.total, Total, sources)
    bad = _source(f"{where}: bad", ratio.bad, Bad, sources)
    return _joined(where, bad, total)


def _source(where: str, metric: Metric, shape: type[_T], sources: Mapping[str, str]) -> _T:
    """A metric source of the gate's own type, whose spec is checked as strictly as the rest."""
    source = metric.metric_source
    reference = source.metric_source_ref
    if reference is not None and reference not in sources:
        raise PolicyError(f"{where} names the DataSource {reference}, which is not there", known(reference, sources))
    kind = source.type or (sources[reference] if reference is not None else None)
    if kind != OURS or (reference is not None and sources[reference] != OURS):
        raise PolicyError(
            f"{where}: metricSource is of type {kind or 'none'}, which a load run cannot ask",
            f"it counts its own requests: type: {OURS}, spec: {{ metric: {_metrics(shape)} }}",
        )
    names = [field.encode_name for field in msgspec.structs.fields(shape)]
    for key in source.spec:
        if key not in names:
            raise PolicyError(f"{where}: metricSource.spec has an unknown field: {key}", known(key, names))
    try:
        return msgspec.convert(source.spec, shape)
    except msgspec.ValidationError as error:
        message = str(error).replace(" - at `$.", " at `")
        hint = f"metric is {_metrics(shape)}; op is read or write; route is a method and a template"
        raise PolicyError(f"{where}: metricSource.spec: {message}", f"{hint}, GET /v1/flights") from error


def _metrics(shape: type[_Source]) -> str:
    return "requests" if shape is Total else "failed or latency_ms"


def _joined(where: str, bad: Bad, total: Total) -> Indicator:
    """The indicator that both parts make. `bad` may repeat what `total` says of the requests, and say no more."""
    for field in ("op", "route"):
        mine, whole = getattr(bad, field), getattr(total, field)
        if mine is not None and mine != whole:
            raise PolicyError(
                f"{where}: bad counts {field} {mine} and total {field} {whole or 'of any kind'}",
                f"bad are some of total: write {field}: {mine} into total",
            )
    if total.op is not None and total.route is not None:
        raise PolicyError(f"{where}: total has op and route, and a route has its op already", "leave op out")
    if bad.metric == "failed" and bad.at_most is not None:
        raise PolicyError(f"{where}: bad has atMost, and a failed request has no limit", "write metric: latency_ms")
    if bad.metric == "latency_ms" and bad.at_most is None:
        raise PolicyError(f"{where}: bad is by latency_ms and has no atMost", "write atMost: 300 for 300 ms")
    if bad.at_most is not None and not 0 < bad.at_most < math.inf:
        raise PolicyError(f"{where}: atMost is {bad.at_most:g}", "it is in milliseconds, and more than none")
    return Indicator(op=total.op, route=total.route, at_most_ms=bad.at_most)


def _target(where: str, goal: Goal) -> float:
    """The share of good requests, strictly between a half and all of them."""
    for field, value in (("op", goal.op), ("value", goal.value)):
        if value is not None:
            raise PolicyError(f"{where} has {field}, which belongs to a thresholdMetric", "leave it out")
    if goal.time_slice_target is not None or goal.time_slice_window is not None:
        raise PolicyError(f"{where} speaks of time slices, and requests are counted", "leave timeSlice… out")
    if (goal.target is None) == (goal.target_percent is None):
        both = "both target and targetPercent" if goal.target is not None else "neither target nor targetPercent"
        raise PolicyError(f"{where} has {both}", "give one of them: target: 0.999")
    if goal.target is not None:
        field, stated, target, right = "target", goal.target, goal.target, "targetPercent"
    else:
        percent = goal.target_percent or 0.0
        field, stated, right = "targetPercent", percent, "target"
        target = float(f"{percent}e-2" if "e" not in str(percent) else percent / 100)  # 99.9 / 100 is more than 0.999
    if 0.5 <= target < 1:
        return target
    if (field == "target" and 50 <= stated < 100) or (field == "targetPercent" and 0.5 <= stated < 1):
        hint = f"that is {right}: {stated:g}"
    elif 0 < target < 0.5:
        hint = f"most requests could be bad: if that is the share of those, write target: {1 - target:g}"
    elif target >= 1:
        hint = "nobody can show that no request ever fails: write less than all of them, target: 0.999"
    else:
        hint = "write the share of good requests, target: 0.999"
    raise PolicyError(f"{where}: {field} is {stated:g}, and must be a share of good requests that can be met", hint)
