"""The reader of load recordings: measures by service level, findings, and a sentence for what makes a run no proof."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.model import Materials, Severity, UnreadableError
from clearance.readers.load import read
from clearance.recording import Outcome, Route, Worker, dumps, table
from tests.clearance.load_runs import NANO, ROUTES, fault, run, slo

ALL = ("availability", 99.9, {})
READS = ("reads", 99, {"op": "read", "at_most_ms": 300})
WRITES = ("writes", 99, {"op": "write", "at_most_ms": 800})
LEVELS = slo(ALL, READS, WRITES)


def reading(recording, levels=LEVELS):
    """What the reader says to a recording."""
    return read(dumps(recording), Materials(slo=levels))


def measures(recording, levels=LEVELS):
    """The measures by their names."""
    return {measure.name: measure for measure in reading(recording, levels).measures}


def said(recording, levels=LEVELS):
    """The problems, one text."""
    return "\n".join(reading(recording, levels).problems)


def ending(which, outcome, status=0):
    """Let some requests end in another way."""

    def change(requests):
        requests["outcome"][which] = outcome
        requests["status"][which] = status

    return change


def slowed(which, ms):
    """Let some requests take so much longer."""

    def change(requests):
        requests["ended"][which] += int(ms * 1e6)

    return change


def test_a_sound_run_is_read_without_a_problem():
    """Reach counts the requests, and nothing is objected to."""
    read_ = reading(run())
    assert (6000, "requests", "locust 2.47.0", (), ()) == (
        read_.reach,
        read_.unit,
        read_.tool,
        read_.problems,
        read_.findings,
    )
    assert "2026-11-24T12:00:00+00:00" == read_.made_at.isoformat()


def test_availability_counts_the_warm_up_and_latency_does_not():
    """6,000 requests, of which the first 1,000 warmed up; two of three are reads."""
    found = measures(run())
    assert (6000, 3333, 1667) == tuple(found[name].samples for name in ("availability", "reads", "writes"))
    assert (30.0, 25.0) == (found["availability"].seconds, found["reads"].seconds)


def test_each_route_has_a_measure_below_a_level_that_names_none():
    """Under the level's name, the method and the template, for the level's own operation."""
    found = measures(run(), slo(READS, ("one", 99, {"route": "POST /v1/flights", "at_most_ms": 800})))
    assert {"reads", "reads/GET /v1/flights", "reads/GET /v1/stats/delays", "one"} == {
        name for name in found if name.startswith(("reads", "one", "POST"))
    }
    assert 1667 == found["one"].samples


def test_a_request_that_failed_quickly_is_bad_for_latency_too():
    """An error after 2 ms is no answer within 300."""
    found = measures(run(rows=ending(slice(3000, 3300), Outcome.REFUSED, 500)))
    assert (200, 300) == (
        round(found["reads"].value * found["reads"].samples),
        round(found["availability"].value * 6000),
    )


def test_latency_counts_from_the_intended_start():
    """A request that went out late because the target stalled is late, however quick its answer was."""

    def stalled(requests):
        late = slice(4000, 4400)
        requests["sent"][late] += NANO
        requests["ended"][late] += NANO

    recording = run(rows=stalled)
    late = recording.requests["ended"] - recording.requests["sent"]
    assert (late / 1e6).max() < 100
    assert 266 == round(measures(recording)["reads"].value * 3333)


def test_failures_in_one_second_say_less_than_as_many_over_the_run():
    """The interval comes from blocks of time: what fails together is one event."""
    together = measures(run(rows=ending(slice(4000, 4050), Outcome.REFUSED, 500)))["availability"]
    scattered = measures(run(rows=ending(slice(0, 6000, 120), Outcome.REFUSED, 500)))["availability"]
    assert together.value == scattered.value
    assert together.high - together.low > 2 * (scattered.high - scattered.low)


def test_percentiles_are_exact():
    """An order statistic of the raw samples: no bucket, no interpolation."""
    recording = run()
    mine = (recording.requests["route"] != 1) & (recording.requests["intended"] >= 5 * NANO)
    ordered = np.sort(recording.latency_ms[mine])
    found = measures(recording)
    assert (ordered[1666], ordered[3166], ordered[3299]) == (
        found["p50 read"].value,
        found["p95 read"].value,
        found["p99 read"].value,
    )
    assert found["p99 read"].low < found["p99 read"].value < found["p99 read"].high


def test_too_few_samples_have_no_upper_percentile():
    """A hundred reads cannot bound the worst one in a hundred, so no objective is met by it."""
    found = measures(run(rate=5, seconds=35.0))
    assert ("p50 read" in found, "p99 read" in found) == (True, False)


def test_a_run_that_looked_until_it_was_decided_has_wider_intervals():
    """Whoever looks several times has more chances to be wrong, and the interval says so."""
    bad = ending(slice(0, 13000, 400), Outcome.REFUSED, 500)
    widths = [
        (found := measures(run(seconds=65.0, rows=bad, stopped=stopped, looked=3))["availability"]).high - found.low
        for stopped in ("time", "decided", "limit")
    ]
    assert widths == sorted(set(widths))


def test_a_run_is_judged_by_what_its_deciding_look_had_seen():
    """What came in while a decided run was being stopped is shown, and counts for no level."""
    late = ending(slice(13000, None), Outcome.REFUSED, 500)
    recording = run(seconds=68.0, rows=late, stopped="decided", looked=3)
    found = measures(recording)
    assert (0.0, 13000) == (found["availability"].value, found["availability"].samples)
    assert {("failed-request", Severity.INFO)} == {(each.rule, each.severity) for each in reading(recording).findings}


@pytest.mark.parametrize("looked", [0, 4])
def test_a_run_that_was_decided_says_by_which_look(looked):
    """A look that there was none of, or that was not yet due, decides nothing."""
    assert "nobody knows on what" in said(run(seconds=68.0, stopped="decided", looked=looked))
    assert "nobody knows on what" not in said(run(seconds=68.0, stopped="decided", looked=3))


def test_cold_starts_are_counted_and_stay_in():
    """The service's own lines say which requests met one; no request is left out for it."""
    found = measures(run())
    assert (2.0, 6000) == (found["cold starts"].value, found["availability"].samples)


def test_without_an_slo_file_there_are_measures_all_the_same():
    """The policy may have objectives of its own for them."""
    found = measures(run(), None)
    assert {
        "bad answers",
        "p50 read",
        "p95 read",
        "p99 read",
        "p50 write",
        "p95 write",
        "p99 write",
        "cold starts",
    } == (found.keys())


def test_an_slo_file_that_cannot_be_used_is_refused_by_its_own_words():
    """What is wrong with it is said, and no level is passed over."""
    with pytest.raises(UnreadableError, match="SLO"):
        reading(run(), b"kind: Nonsense")


def test_the_time_to_recovery_ends_with_the_last_bad_request():
    """From the fault's moment until the last bad request before a second without one has ended."""
    recording = run(rows=slowed(slice(2000, 2300), 400), faults=(fault(at=10.0),))
    last = float(recording.requests["ended"][2000:2300][recording.requests["route"][2000:2300] != 1].max()) / NANO
    assert pytest.approx(last - 10.0) == measures(recording)["time to recovery: database restart"].value


def test_a_fault_that_hurt_nobody_took_no_time_to_recover_from():
    """Nothing was bad after it."""
    assert 0.0 == measures(run(faults=(fault(),)))["time to recovery: database restart"].value


def test_each_of_two_faults_has_its_recovery():
    """What follows the second is not the first one's."""
    found = measures(
        run(
            rows=ending(np.r_[2000:2100, 4000:4300], Outcome.UNANSWERED),
            faults=(fault("second", 20.0), fault("first", 10.0)),
        )
    )
    assert (0.5, 1.5) == tuple(round(found[f"time to recovery: {name}"].value, 1) for name in ("first", "second"))


def test_a_fault_without_recovery_is_a_finding():
    """Bad requests did not cease before the run ended."""
    found = reading(run(rows=ending(slice(2000, 6000, 10), Outcome.UNANSWERED), faults=(fault(),)))
    assert ["not-recovered"] == [f.rule for f in found.findings if f.severity is Severity.HIGH]
    assert "time to recovery: database restart" not in {measure.name for measure in found.measures}


def findings(recording, levels=LEVELS):
    """Rule, severity and resource of each finding."""
    return [(f.rule, str(f.severity), f.resource) for f in reading(recording, levels).findings]


def test_a_wrong_answer_is_a_finding_however_rare():
    """No budget is meant for it: it is no outage, and nobody noticed."""
    assert [("wrong-answer", "high", "GET /v1/flights wrong")] == findings(run(rows=ending(3000, Outcome.WRONG, 200)))


def test_a_failure_that_a_level_counts_is_shown_and_blocks_nothing_by_itself():
    """The budget decides, with the interval; the finding says where."""
    assert [("failed-request", "info", "POST /v1/flights refused")] == findings(
        run(rows=ending(3001, Outcome.REFUSED, 503))
    )


@pytest.mark.parametrize("levels", [None, slo(READS), slo(WRITES)])
def test_a_failure_that_no_level_counts_blocks(levels):
    """A write that fails in the warm-up is nobody's budget here."""
    assert [("failed-request", "high", "POST /v1/flights unanswered")] == findings(
        run(rows=ending(1, Outcome.UNANSWERED)), levels
    )


def test_a_finding_keeps_its_fingerprint_when_counts_change():
    """The same route and the same outcome are the same finding in the next run."""
    few, many = (reading(run(rows=ending(slice(3000, end, 3), Outcome.WRONG, 200))).findings[0] for end in (3010, 4000))
    assert (few.fingerprint, True) == (many.fingerprint, few.message != many.message)


def test_a_target_that_is_down_is_said_in_plain_words():
    """Not one answer in the whole run."""
    found = reading(run(rows=ending(slice(None), Outcome.UNANSWERED), spans=False))
    assert (
        "nothing answered at http://127.0.0.1:8000: none of 6,000 requests got an answer" in found.findings[0].message
    )
    assert ("target-down", Severity.CRITICAL) == (found.findings[0].rule, found.findings[0].severity)


def test_a_run_without_a_request_proves_nothing():
    """There is no measure, no reach, and a sentence."""
    found = reading(run(seconds=0.0, warmup_s=0.0, intended=0))
    assert (0, ()) == (found.reach, found.measures)
    assert "not one request was made" in "\n".join(found.problems)


def beats(**columns):
    """Sixty beats of one worker."""
    sound = {"at": np.arange(60) * NANO // 2, "worker": 0, "cpu": 0.3, "lag_ms": 0.5, "steal": 0.0} | columns
    return {"pulse": table("pulse", {name: np.broadcast_to(values, 60) for name, values in sound.items()})}


def arrivals(*, started=None, waited=1, late_ms=0.1, count=6000):
    """The run's arrivals, some never started or late."""
    intended = (np.arange(count) * (NANO / 200)).astype(np.int64)
    begun = np.maximum(intended + int(late_ms * 1e6), 0)
    if started is not None:
        begun[started:] = -1
    return {
        "arrivals": table(
            "arrivals",
            {"intended": intended, "started": begun, "waited": np.full(count, waited), "worker": np.zeros(count)},
        )
    }


TWO = (Worker(name="a", requests=4000, finished=True), Worker(name="b", requests=2000, finished=False))


def shifted(column, ns):
    """Let one request's moment lie elsewhere."""

    def change(requests):
        requests[column][3000] += ns

    return change


def twins(requests):
    """Give two requests one id."""
    requests["id"][1] = requests["id"][0]


SPOILT = [
    (lambda: run(stopped="interrupted"), "broken off after 30.0 s: interrupted"),
    (lambda: run(stopped=""), "broken off after 30.0 s: nobody says why"),
    (lambda: run(problems=("the disk is full",)), "the generator says: the disk is full"),
    (lambda: run(workers=TWO, tables=beats(worker=np.arange(60) % 2)), "1 of 2 workers did not live to the end (b)"),
    (lambda: run(workers=(msgspec.structs.replace(TWO[0], requests=6001),)), "made 6,001 requests and the"),
    (lambda: run(workers=()), "no worker is named"),
    (lambda: run(workers=(*TWO[:1], Worker(name="b", requests=2000, finished=True))), "1 of 2 workers left no sign"),
    (lambda: run(raised={"KeyError: 'x'": 3}), "3 tasks ended in an exception outside of a request, most often"),
    (lambda: run(schedule=""), "closed arrivals hide stalls"),
    (lambda: run(intended=6500), "held 6,500 arrivals and the recording tells of 6,000"),
    (lambda: run(tables=arrivals(started=5340)), "5,340 of 6,000 intended arrivals were started (89.0%, at least"),
    (lambda: run(tables=arrivals(late_ms=12.0)), "began late, by 12.0 ms at p99 (at most 10 ms)"),
    (lambda: run(tables=arrivals(late_ms=-2.0)), "arrivals started before their moment"),
    (lambda: run(tables=beats(cpu=0.93)), "used 93% of its core at p95 (at most 80%)"),
    (lambda: run(tables=beats(cpu=np.nan)), "a worker of the generator did not state its cpu"),
    (lambda: run(tables=beats(lag_ms=31.0)), "woke up 26.1 ms late at p99 (at most 10 ms)"),
    (lambda: run(tables=beats(steal=0.25)), "lost 25% of its machine to others at p95 (at most 10%)"),
    (lambda: run(tables={"pulse": table("pulse")}), "1 of 1 workers left no sign of their health"),
    (lambda: run(clock_step_s=-3.0), "clock was set by -3.000 s"),
    (lambda: run(rows=shifted("ended", -NANO)), "1 requests ended before they were sent"),
    (lambda: run(rows=shifted("sent", -NANO)), "1 requests were sent before their moment"),
    (lambda: run(rows=shifted("sent", 31 * NANO)), "1 requests were sent after the run's 30.0 s"),
    (lambda: run(rows=twins), "1 requests carry an id that another one has"),
    (lambda: run(warmup_s=30.0), "the level reads counts not one of the 6,000 requests: they are of"),
    (lambda: run(started_at="yesterday"), "does not say when it was made, but 'yesterday'"),
    (lambda: run(spans=False, schedule="constant:200"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("made", "words"), SPOILT, ids=[words or "nothing" for _, words in SPOILT])
def test_what_spoils_a_run_is_a_problem_with_its_arithmetic(made, words):
    """Each is one sentence that says how much, and how much was allowed."""
    problems = said(made())
    assert (words in problems, bool(problems)) == (True, bool(words))


def test_the_slo_file_says_how_valid_a_run_must_be():
    """What is allowed stands in its annotations, not in the reader."""
    busy = run(tables=beats(cpu=0.93))
    assert "" == said(busy, slo(ALL, annotations={"max-cpu": 0.95}))
    assert "at most 20%" in said(run(), slo(ALL, annotations={"max-cpu": 0.2}))


def test_a_generator_that_stalls_seldom_delays_few():
    """A stall of 60 ms every half minute delays a fifth of a percent of all moments: its p99 is nothing."""
    assert "" == said(run(tables=beats(lag_ms=np.where(np.arange(60) % 59, 0.5, 60.0))))
    assert "at p99 (at most 10 ms)" in said(run(tables=beats(lag_ms=np.where(np.arange(60) % 4, 0.5, 60.0))))


def test_users_who_were_not_ready_are_not_the_generators_lateness():
    """They still waited for the target: it counts in the latency, and is no reason to doubt it."""
    assert "" == said(run(tables=arrivals(late_ms=50.0, waited=0)))


def test_a_level_whose_route_was_never_called_is_named():
    """With the routes that were, so that a slip of the pen is seen."""
    problems = said(run(), slo(ALL, ("one", 99, {"route": "GET /v1/flight", "at_most_ms": 300})))
    assert "the level one is about GET /v1/flight, which was never called (GET /v1/flights, " in problems
    assert "one" not in measures(run(), slo(ALL, ("one", 99, {"route": "GET /v1/flight", "at_most_ms": 300})))


def spans_of(requests, **columns):
    """Lines of the service's own for some ids."""
    kinds = ("gateway_ms", "handler_ms", "db_read_ms", "db_write_ms", "cold")
    ones = {name: np.ones(len(requests)) for name in kinds}
    return {"spans": table("spans", {"id": requests, **ones, **columns})}


def test_more_unjoined_requests_than_allowed_are_a_problem():
    """61 of 6,000 answers without a line are more than one in a hundred, 60 are not."""
    assert "61 of 6,000 answered requests have no line of the service's own (1.0%, at most 1.0%)" in said(
        run(tables=spans_of(np.arange(61, 6000)))
    )
    assert "" == said(run(tables=spans_of(np.arange(60, 6000))))


def test_a_request_that_nobody_answered_needs_no_line():
    """It may never have reached the service."""
    dead = ending(slice(0, 600), Outcome.UNANSWERED)
    assert "" == said(run(rows=dead, tables=spans_of(np.arange(600, 6000))))


def test_lines_that_were_asked_for_and_are_not_there_are_a_problem():
    """Not one could be fetched."""
    assert "asked for (file:spans.jsonl) and there is none" in said(run(tables=spans_of([])))


def test_lines_that_are_there_twice_are_a_problem():
    """Nobody knows which of them is the request's."""
    assert "carry an id that another has" in said(run(tables=spans_of(np.r_[0:6000, 0:100])))


def test_durations_that_cannot_be_are_a_problem():
    """Below zero, or without an end."""
    lines = spans_of(np.arange(6000), handler_ms=np.r_[-1.0, np.inf, np.ones(5998)])
    assert "2 durations that the service stated are below zero or without an end" in said(run(tables=lines))


def waterfall(recording):
    """The details' bars by operation and percentile, each by its parts."""
    bars = reading(recording).details["waterfall"]
    return {(bar["op"], bar["percentile"]): {part["name"]: part["ms"] for part in bar["parts"]} for bar in bars}


def test_the_parts_of_a_bar_add_up_to_the_latency_around_its_percentile():
    """Schedule, network and queue, gateway, handler, database: nothing is left out, nothing counted twice."""
    recording = run()
    ordered = np.sort(
        recording.latency_ms[(recording.requests["route"] == 1) & (recording.requests["intended"] >= 5 * NANO)]
    )
    middle = ordered[int(0.45 * len(ordered)) : int(np.ceil(0.55 * len(ordered)))]
    assert pytest.approx(middle.mean(), abs=0.01) == sum(waterfall(recording)[("write", 50)].values())


def test_against_a_remote_target_the_answers_own_header_is_the_split():
    """Server-Timing tells the handler and the database; nobody tells the gateway."""

    def stated(requests):
        requests["handler_ms"][:], requests["db_read_ms"][:] = 1.0, 0.25

    recording = run(rows=stated, spans=False)
    parts = waterfall(recording)[("read", 50)]
    assert (0.75, 0.25, None, 0.0) == tuple(
        parts[name] for name in ("handler", "database read", "gateway", "database write")
    )
    assert "server-timing" == reading(recording).details["totals"]["joined_by"]


def test_without_either_the_split_is_unknown_and_no_problem():
    """Nobody asked for it."""
    found = reading(run(spans=False))
    assert ([], "", ()) == (found.details["waterfall"], found.details["totals"]["joined_by"], found.problems)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"routes": ROUTES[:2]}, "names route 2, and the recording has 2"),
        ({"routes": (*ROUTES[:2], Route(method="GET", name="/x", op="delete"))}, "'delete'"),
        ({"seconds": -1.0}, "took -1 s"),
        ({"seconds": 1e9}, "took 1e\\+09 s"),
        ({"warmup_s": 1e300}, "to warm up"),
        ({"intended": -1}, "fewer than no arrivals"),
        ({"faults": (fault(at=-1.0),)}, "lies outside of the run"),
    ],
)
def test_a_header_that_says_what_cannot_be_is_refused(change, words):
    """Nothing is guessed."""
    with pytest.raises(UnreadableError, match=words):
        reading(run(**change) if "seconds" not in change else _bent(change))


def _bent(change):
    recording = run()
    return type(recording)(
        header=msgspec.structs.replace(recording.header, **change),
        **{name: getattr(recording, name) for name in ("requests", "arrivals", "spans", "pulse")},
    )


@given(
    st.sets(st.integers(0, 5999), max_size=60), st.sampled_from([Outcome.WRONG, Outcome.REFUSED, Outcome.UNANSWERED])
)
@settings(max_examples=20, deadline=None)
def test_a_further_bad_request_never_makes_a_level_look_better(places, outcome):
    """Neither its share nor the lower end of its interval goes down."""
    some = sorted(places)
    before = measures(run(rows=ending(some, outcome)))["availability"]
    free = next(place for place in range(6000) if place not in places)
    after = measures(run(rows=ending([*some, free], outcome)))["availability"]
    assert before.value < after.value


def test_the_details_of_a_long_run_stay_small():
    """A page of a quarter of a megabyte at most, whatever the run's length."""
    drawn = msgspec.json.encode(reading(run(rate=20, seconds=7200.0)).details)
    assert len(drawn) < 250_000


def test_the_timeline_adds_up_to_the_run():
    """Rates times the step are the arrivals, the heatmap holds each request once."""
    details = reading(run()).details
    line, heat = details["timeline"], details["heatmap"]
    assert 6000 == round(sum(line["intended"]) * line["step_s"]) == round(sum(line["achieved"]) * line["step_s"])
    assert 6000 == sum(map(sum, heat["counts"]))
    assert {len(line["at"])} == {len(values) for name, values in line.items() if name not in {"step_s", "at"}}


def test_the_slowest_requests_are_named_by_what_their_id_ends_with():
    """So that their lines are found in the service's log."""
    first = reading(run(rows=slowed(4321, 900))).details["slowest"][0]
    assert ("0000-000010e1", "POST", "/v1/flights") == (first["id"], first["method"], first["name"])
    assert 10 == len(reading(run()).details["slowest"])
