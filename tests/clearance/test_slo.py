"""The SLO file: what it may say, what it means, and what is said back when it says something else."""

import json
import math
import re
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import PolicyError
from clearance.slo import Indicator, Level, Validity, parse, schema
from clearance.statistics import clopper_pearson

ROOT = Path(__file__).parents[2]
FAILED = "{ metricSource: { type: clearance, spec: { metric: failed } } }"
SLOW = "{ metricSource: { type: clearance, spec: { metric: latency_ms, atMost: 300 } } }"
ALL = "{ metricSource: { type: clearance, spec: { metric: requests } } }"
READS = "{ metricSource: { type: clearance, spec: { metric: requests, op: read } } }"


def slo(name="reads", *, ratio=f"bad: {SLOW}\n        total: {READS}", goal="target: 0.99", spec="", metadata=""):
    return f"""---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
  {metadata}
spec:
  service: flights
  budgetingMethod: Occurrences
  indicator:
    spec:
      ratioMetric:
        {ratio}
  objectives:
    - {goal}
  {spec}
"""


def read(text):
    return parse(text.encode(), "slo.yaml")


def test_the_service_s_own_levels():
    """Promised are 99.9 % good answers, 99 % of reads in 300 ms and of writes in 800 ms."""
    levels = parse((ROOT / "load/slo.yaml").read_bytes(), "load/slo.yaml")
    assert (levels.service, levels.validity) == ("flights", Validity(max_lag_ms=30, min_slowdown_ms=0.3))
    assert levels.levels == (
        Level(name="availability", indicator=Indicator(), target=0.999, min_samples=3688),
        Level(name="reads", indicator=Indicator(op="read", at_most_ms=300), target=0.99, min_samples=368),
        Level(name="writes", indicator=Indicator(op="write", at_most_ms=800), target=0.99, min_samples=368),
    )


EVERYTHING = f"""
- apiVersion: openslo/v1
  kind: Service
  metadata: {{ name: flights, labels: {{ team: [a, b], tier: one }}, annotations: {{ other.dev/x: "y" }} }}
  spec: {{ description: flights }}
- apiVersion: openslo/v1
  kind: DataSource
  metadata: {{ name: run, displayName: The load run }}
  spec: {{ type: clearance, connectionDetails: {{ anything: [1, {{ at: all }}] }} }}
- apiVersion: openslo/v1
  kind: SLI
  metadata: {{ name: slow }}
  spec:
    ratioMetric:
      bad: {{ metricSource: {{ metricSourceRef: run, spec: {{ metric: latency_ms, atMost: 0.5 }} }} }}
      total: {{ metricSource: {{ metricSourceRef: run, spec: {{ metric: requests, route: "GET /v1/flights" }} }} }}
- apiVersion: openslo/v1
  kind: AlertPolicy
  metadata: {{ name: wake }}
  spec:
    alertWhenBreaching: true
    conditions: [{{ conditionRef: fast }}]
    notificationTargets: [{{ targetRef: people }}]
- apiVersion: openslo/v1
  kind: AlertCondition
  metadata: {{ name: fast }}
  spec:
    severity: page
    condition: {{ kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h, alertAfter: 0m }}
- apiVersion: openslo/v1
  kind: AlertNotificationTarget
  metadata: {{ name: people }}
  spec: {{ target: email }}
---
{slo("all", ratio=f"bad: {FAILED}" + chr(10) + f"        total: {ALL}")}
---
---
apiVersion: openslo/v1
kind: SLO
metadata: {{ name: one-route }}
spec:
  service: flights
  description: by reference
  indicatorRef: slow
  timeWindow: [{{ duration: 1M, calendar: {{ startTime: 2026-01-01 12:30:00, timeZone: Europe/Vienna }} }}]
  budgetingMethod: Occurrences
  alertPolicies: [wake, {{ alertPolicyRef: wake }}]
  objectives: [{{ displayName: good, targetPercent: 99.5 }}, {{ target: 0.9 }}]
"""


def test_all_that_openslo_has_is_read():
    """Lists of objects, references to an SLI and to a DataSource, alerting, and several objectives are understood."""
    assert read(EVERYTHING).levels == (
        Level(name="all", indicator=Indicator(), target=0.99, min_samples=368),
        Level(
            name="one-route.1",
            indicator=Indicator(route="GET /v1/flights", at_most_ms=0.5),
            target=0.995,
            min_samples=736,
        ),
        Level(
            name="one-route.2",
            indicator=Indicator(route="GET /v1/flights", at_most_ms=0.5),
            target=0.9,
            min_samples=36,
        ),
    )


def test_annotations_say_what_a_run_must_be_like():
    """Annotations of `clearance.dev/` set what makes a run valid, wherever they stand; others are left alone."""
    own = 'annotations: { clearance.dev/min-achieved: "0.9", clearance.dev/max-lag-ms: "25", example.org/x: "1" }'
    other = 'annotations: { clearance.dev/max-slowdown: "0.3" }'
    levels = read(slo(metadata=own) + slo("writes", metadata=other))
    assert levels.validity == Validity(min_achieved=0.9, max_lag_ms=25, max_slowdown=0.3)


def goal(text):
    return slo(goal=text)


def ratio(text):
    return slo(ratio=text.replace("\n", "\n        "))


def source(part, text):
    given = {"bad": SLOW, "total": READS} | {part: f"{{ metricSource: {text} }}"}
    return ratio(f"bad: {given['bad']}\ntotal: {given['total']}")


def note(text):
    return slo(metadata=f"annotations: {{ {text} }}")


BARE = slo().partition("  indicator:")[0]
REFUSED = {
    "nothing": ("", "slo.yaml holds no SLO", "kind: SLO"),
    "a comment": ("# soon\n", "holds no SLO", "kind: SLO"),
    "text": ("hello", "document 1 is no object", "apiVersion: openslo/v1"),
    "an older version": (slo().replace("openslo/v1", "openslo/v1alpha"), "'openslo/v1alpha'", "reads openslo/v1"),
    "another kind": (slo().replace("kind: SLO", "kind: Slo"), "has kind Slo", "known are Service, SLI, SLO"),
    "no kind": (slo().replace("kind: SLO\n", ""), "has kind None", "known are Service, SLI, SLO"),
    "an unknown field": (
        slo(spec="servcie: x"),
        "document 1 (SLO reads) has an unknown field: spec.servcie",
        "service?",
    ),
    "an unknown field deep down": (
        goal("target: 0.99\n      tagret: 1"),
        "unknown field: spec.objectives[0].tagret",
        "did you mean target?",
    ),
    "an unknown field in the second document": (
        slo() + slo("writes", spec="x: 1"),
        "document 2 (SLO writes) has an unknown field: spec.x",
        "known are description, service",
    ),
    "an unknown field in a list": (
        "- " + slo()[4:].replace("\n", "\n  ") + "\n  x: 1\n",
        "document 1, item 1 (SLO reads) has an unknown field: x",
        "known are kind, apiVersion, metadata, spec",
    ),
    "an unknown field of an alert": (
        slo(spec="alertPolicies: [{ kind: AlertPolicy, metadata: { name: x }, spec: { conditons: [] } }]"),
        "spec.alertPolicies[0].spec.conditons",
        "did you mean conditions?",
    ),
    "an unknown field of our own source": (
        source("bad", "{ type: clearance, spec: { metric: latency_ms, atmost: 3 } }"),
        "bad: metricSource.spec has an unknown field: atmost",
        "did you mean atMost?",
    ),
    "a key twice": (slo(spec="service: other"), "line 17: the key service is there twice", "keep one"),
    "an alias": (
        slo(metadata="labels: &a { x: y }", spec="description: *a"),
        "line 6: this is used a second time",
        "out",
    ),
    "an alias of itself": ("&a [*a]", "this is used a second time", "write it out"),
    "laughs by the billion": (
        "a: &a [x]\n"
        + "".join(f"{n}: &{n} [{', '.join('*' + p for _ in range(9))}]\n" for p, n in pairwise("abcdefg")),
        "line 1: this is used a second time",
        "write it out",
    ),
    "a merge": ("<<: { a: b }", "apiVersion None", "reads openslo/v1"),
    "a tag": ("!!python/object/apply:os.system [ls]", "none of YAML's core schema", "leave the tag out"),
    "a date": ("!!timestamp 2026-01-01", "none of YAML's core schema", "leave the tag out"),
    "a number as a key": ("1: x", "the key 1 is no text", "quotes"),
    "no YAML": ("a: [", "line 1: this is no YAML", "yaml.org"),
    "a tabulator": ("a:\n\t- b", "line 2: this is no YAML", "yaml.org"),
    "nesting without end": ("[" * 20_000, "nested without end", "yaml.org"),
    "digits without end": ("9" * 5000, "this is no YAML", "yaml.org"),
    "too much": ("#" * 300_000, "300,000 bytes large", "split it"),
    "no name": (slo("''"), "at `metadata.name`", "up to 63"),
    "a name with a slash": (slo("reads/all"), "at `metadata.name`", "letters"),
    "a name that is a number": (slo("1"), "Expected `str`, got `int` at `metadata.name`", "letters"),
    "a name twice": (slo() + slo(), "document 2: there is a second SLO reads, beside slo.yaml: document 1", "rename"),
    "a level's name twice": (
        slo("a", goal="target: 0.9\n    - target: 0.99") + slo("a.1"),
        "two levels of the name a.1",
        "",
    ),
    "two services": (slo() + slo("b").replace("service: flights", "service: x"), "of the service x", "its own file"),
    "a service that is not there": (
        slo() + "---\napiVersion: openslo/v1\nkind: Service\nmetadata: { name: fligths }\n",
        "there is no service flights",
        "did you mean fligths?",
    ),
    "an indicator in place and by name": (
        slo(spec="indicatorRef: a"),
        "both indicator and indicatorRef",
        "one of them",
    ),
    "an SLI that is not there": (
        BARE + "  indicatorRef: a\n  objectives: [{ target: 0.9 }]\n",
        "there is no SLI a",
        "known are none",
    ),
    "no indicator": (
        BARE + "  objectives: [{ target: 0.9 }]\n",
        "neither indicator nor indicatorRef",
        "give one",
    ),
    "a threshold": (
        ratio(SLOW[2:-2]).replace("ratioMetric", "thresholdMetric"),
        "the indicator is no ratioMetric alone",
        "a threshold on a percentile becomes a ratio",
    ),
    "good": (ratio(f"good: {SLOW}\ntotal: {ALL}"), "ratioMetric has good", "bad out of total"),
    "raw": (ratio(f"raw: {SLOW}\nrawType: success"), "ratioMetric has raw", "bad out of total"),
    "no total": (ratio(f"bad: {SLOW}"), "ratioMetric has no total", "bad out of total"),
    "no bad": (ratio(f"total: {ALL}"), "ratioMetric has no bad", "spec: { metric: failed }"),
    "another source": (
        source("total", "{ type: Prometheus, spec: { query: sum(up) } }"),
        "total: metricSource is of type Prometheus, which a load run cannot ask",
        "type: clearance, spec: { metric: requests }",
    ),
    "no source": (source("bad", "{ spec: {} }"), "of type none", "failed or latency_ms"),
    "a source that is not there": (source("bad", "{ metricSourceRef: x }"), "names the DataSource x", "known are none"),
    "another metric": (source("bad", "{ type: clearance, spec: { metric: p99 } }"), "'p99'", "failed or latency_ms"),
    "bad of all": (source("bad", "{ type: clearance, spec: { metric: requests } }"), "'requests'", "failed or"),
    "an op": (source("total", "{ type: clearance, spec: { metric: requests, op: raed } }"), "'raed'", "read or write"),
    "a route without a method": (
        source("total", "{ type: clearance, spec: { metric: requests, route: /v1 } }"),
        "at `route`",
        "a method and a template",
    ),
    "a route and an op": (
        source("total", "{ type: clearance, spec: { metric: requests, route: GET /v1, op: read } }"),
        "total has op and route",
        "leave op out",
    ),
    "bad of others than total": (
        source("bad", "{ type: clearance, spec: { metric: failed, op: write } }"),
        "bad counts op write and total op read",
        "op: write",
    ),
    "latency without a limit": (
        source("bad", "{ type: clearance, spec: { metric: latency_ms } }"),
        "by latency_ms and has no atMost",
        "atMost: 300",
    ),
    "a limit without latency": (
        source("bad", "{ type: clearance, spec: { metric: failed, atMost: 3 } }"),
        "bad has atMost",
        "latency_ms",
    ),
    "a limit that is text": (
        source("bad", "{ type: clearance, spec: { metric: latency_ms, atMost: 300ms } }"),
        "got `str` at `atMost`",
        "metric is failed",
    ),
    "no time at all": (
        source("bad", "{ type: clearance, spec: { metric: latency_ms, atMost: 0 } }"),
        "atMost is 0",
        "than",
    ),
    "time without end": (
        source("bad", "{ type: clearance, spec: { metric: latency_ms, atMost: .inf } }"),
        "atMost is inf",
        "milliseconds",
    ),
    "time that is none": (
        source("bad", "{ type: clearance, spec: { metric: latency_ms, atMost: .nan } }"),
        "is nan",
        "milliseconds",
    ),
    "timeslices": (
        slo().replace("Occurrences", "Timeslices"),
        "budgetingMethod is Timeslices",
        "Occurrences counts requests",
    ),
    "another method": (slo().replace("Occurrences", "occurrences"), "at `spec.budgetingMethod`", "Occurrences"),
    "two windows": (
        slo(spec="timeWindow: [{ duration: 1d, isRolling: true }, { duration: 2d }]"),
        "at `spec.timeWindow`",
        "schema",
    ),
    "a window without a unit": (slo(spec="timeWindow: [{ duration: '28' }]"), "spec.timeWindow[0].duration", "28d"),
    "no objective": (slo().replace("    - target: 0.99\n", "    []\n"), "length >= 1 at `spec.objectives`", "schema"),
    "parts with indicators of their own": (
        BARE + "  objectives: [{ target: 0.9, indicatorRef: a }, { target: 0.9, indicatorRef: b }]\n",
        "(SLO reads), objective 1 has indicatorRef: a composite SLO",
        "an SLO of each",
    ),
    "parts with weights": (goal("{ target: 0.9, compositeWeight: 2 }"), "objective 1 has compositeWeight", "of each"),
    "no target": (goal("displayName: x"), "objective 1 has neither target nor targetPercent", "target: 0.999"),
    "two targets": (goal("{ target: 0.9, targetPercent: 90 }"), "both target and targetPercent", "one of them"),
    "percent as a share": (goal("target: 99.9"), "target is 99.9", "that is targetPercent: 99.9"),
    "a share as percent": (goal("targetPercent: 0.999"), "targetPercent is 0.999", "that is target: 0.999"),
    "all": (goal("target: 1"), "target is 1", "less than all"),
    "all in percent": (goal("targetPercent: 100"), "targetPercent is 100", "less than all"),
    "all but for rounding": (goal("target: 0.99999999999999999"), "target is 1", "less than all"),
    "none": (goal("target: 0"), "target is 0", "share of good requests"),
    "less than none": (goal("target: -0.5"), "target is -0.5", "share of good requests"),
    "no number": (goal("target: .nan"), "target is nan", "share of good requests"),
    "without end": (goal("target: .inf"), "target is inf", "less than all"),
    "the share of the bad": (goal("target: 0.001"), "target is 0.001", "write target: 0.999"),
    "a target that is text": (goal('target: "0.99"'), "got `str` at `spec.objectives[0].target`", "schema"),
    "a target that is a truth value": (goal("target: true"), "got `bool` at `spec.objectives[0].target`", "schema"),
    "a comparison": (goal("{ op: lte, target: 0.9 }"), "objective 1 has op", "leave it out"),
    "a value": (goal("{ value: 3, target: 0.9 }"), "objective 1 has value", "leave it out"),
    "slices": (goal("{ timeSliceTarget: 0.9, target: 0.9 }"), "speaks of time slices", "leave"),
    "an unknown annotation": (
        note('clearance.dev/max-cup: "1"'),
        "unknown annotation: clearance.dev/max-cup",
        "did you mean clearance.dev/max-cpu?",
    ),
    "an annotation that is no text": (note("clearance.dev/max-cpu: 0.9"), "got `float`", "in quotes"),
    "an annotation that is no number": (note('clearance.dev/max-cpu: "much"'), "is 'much'", "from 0.01 to 1"),
    "an annotation out of range": (note('clearance.dev/min-achieved: "98"'), "is '98'", "from 0.5 to 1"),
    "an annotation twice": (
        note('clearance.dev/max-cpu: "1"') + slo("b", metadata='annotations: { clearance.dev/max-cpu: "1" }'),
        "document 2 has the annotation clearance.dev/max-cpu a second time",
        "keep one",
    ),
}


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused_by_name(text, message, hint):
    """An error names the document, the field and what would have been right."""
    with pytest.raises(PolicyError) as caught:
        read(text)
    assert message in str(caught.value)
    assert hint in caught.value.hint


PROBLEM_OF_YAML = {
    "no": ("labels: { x: no }", "no"),
    "a clock": ("labels: { x: '12:30' }", "12:30"),
    "an unquoted clock": ("labels: { x: 12:30 }", "12:30"),
}


@pytest.mark.parametrize(("metadata", "meant"), PROBLEM_OF_YAML.values(), ids=PROBLEM_OF_YAML)
def test_text_stays_text(metadata, meant):
    """What older YAML takes for a truth value or a number to the base of sixty is the text that it looks like."""
    assert read(slo(metadata=metadata)).levels[0].name == "reads", meant


@given(st.integers(500, 99_999).map(lambda n: n / 100_000).filter(lambda t: t >= 0.5))
def test_samples_enough_to_believe_a_level(target):
    """So many requests without a bad one put the exact interval inside the budget, and one fewer does not."""
    (level,) = read(goal(f"target: {target}")).levels
    assert level.target == target
    assert clopper_pearson(0, level.min_samples)[1] <= level.budget * (1 + 1e-9)
    assert clopper_pearson(0, level.min_samples - 1)[1] > level.budget * (1 - 1e-9) or level.min_samples == 1
    assert level.min_samples == math.ceil(math.log(0.025) / math.log(target))


@given(st.sampled_from(["99.9", "99", "99.95", "99.99", "50", "97.3", "99.999"]))
def test_percent_and_share_are_the_same_promise(percent):
    """99.9 % is 0.999, to the last digit."""
    share = str(round(float(percent) / 100, 8))
    assert read(goal(f"targetPercent: {percent}")).levels == read(goal(f"target: {share}")).levels


@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace")))
def test_arbitrary_bytes_are_refused_and_nothing_else_happens(data):
    """Bytes that nobody meant as an SLO file are a policy error, whatever they are."""
    with pytest.raises(PolicyError):
        parse(data, "slo.yaml")


def test_the_shipped_schema_is_the_generated_one():
    """`clearance/slo.schema.json` is what `clearance schema slo` prints."""
    assert json.loads((ROOT / "clearance/slo.schema.json").read_text()) == schema()


def test_the_schema_accepts_what_is_read_and_marks_a_misspelt_field():
    """An editor that uses the schema accepts each object of this project's file, and marks an unknown field."""
    objects = list(yaml.safe_load_all((ROOT / "load/slo.yaml").read_text()))
    for each in objects:
        jsonschema.validate(each, schema())
    objects[1]["spec"]["servcie"] = "x"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(objects[1], schema())


PAGE = (ROOT / "docs/reference/slo.md").read_text()


def test_the_page_s_example_is_read():
    """The level that the reference shows is understood as it says."""
    example = PAGE.partition("```yaml\n")[2].partition("```")[0]
    assert read(example).levels == (
        Level(name="reads", indicator=Indicator(op="read", at_most_ms=300), target=0.99, min_samples=368),
    )


def test_the_page_s_samples_are_those_that_are_asked_for():
    """The reference's table of targets and requests is true."""
    rows = re.findall(r"^\| (0\.\d+) \| 1 in ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    numbers = [(float(target), *(int(n.replace(",", "")) for n in counts)) for target, *counts in rows]
    levels = [read(goal(f"target: {target}")).levels[0] for target, _, _ in numbers]
    assert numbers == [(level.target, round(1 / level.budget), level.min_samples) for level in levels]
    assert len(numbers) == 7


def test_the_page_s_annotations_are_those_that_are_known():
    """The reference names each annotation with its default, and no other."""
    rows = dict(re.findall(r"^\| `clearance\.dev/([a-z-]+)` \| `([\d.]+)` \|", PAGE, re.MULTILINE))
    known = {name.replace("_", "-"): value for name, value in asdict(Validity()).items()}
    assert {name: float(value) for name, value in rows.items()} == known
