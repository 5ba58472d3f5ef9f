"""The pages that the browser is shown: a verdict on a load run, with details as the reader leaves them."""

from datetime import UTC, datetime

from clearance.model import Decision, Exhibit, Measure, Ruling, Stage, Subject, Verdict
from clearance.render import html
from tests.clearance import load_details

NOW = datetime(2026, 11, 24, 10, 7, tzinfo=UTC)
REASONS = {
    Decision.PASS: ("looked at 9,004 requests, at least 2,000 asked for",),
    Decision.UNKNOWN: ("availability 0.11 % (0.04 to 0.21), at most 0.1 asked for: run about 42 seconds longer",),
    Decision.FAIL: ("read latency 3.1 % (2.3 to 4), at most 1 asked for",),
}


def verdict(decision=Decision.UNKNOWN, *, measured=True):
    """A verdict that holds a load run's ruling, with its objectives as measures unless it is to have none."""
    details = load_details.make()
    measures = tuple(
        Measure(name=o["name"], value=o["value"], low=o["low"], high=o["high"], samples=o["total"], seconds=75.0)
        for o in details["objectives"]
        if measured
    )
    ruling = Ruling(check="load", decision=decision, reasons=REASONS[decision], measures=measures)
    unit = Ruling(check="unit", decision=Decision.PASS, reasons=("looked at 1,412 tests, at least 1,000 asked for",))
    exhibits = tuple(
        Exhibit(check=check, digest="sha256:" + "e" * 64, inputs_digest="sha256:" + "1" * 64, tool=tool, reach=reach,
                unit=unit_, reused=False, seconds=took)
        for check, tool, reach, unit_, took in (
            ("load", "locust 2.47.0", details["totals"]["requests"], "requests", 81.2),
            ("unit", "pytest 9.2.0", 1412, "tests", 75.2),
        )
    )  # fmt: skip
    return Verdict(
        decision=decision,
        complete=True,
        missing=(),
        stage=Stage.CHANGE,
        subject=Subject(commit="3f2a91c07b1e" + "0" * 28, tree="c73fb75d0009" + "0" * 28, dirty=False),
        rulings=(unit, ruling),
        idle_waivers=(),
        expired_waivers=(),
        policy_digest="sha256:" + "c" * 64,
        evidence=exhibits,
        judged_at=NOW,
        now_overridden=False,
        subject_overridden=False,
        version="0.1.0",
    )


def page(details=None, decision=Decision.UNKNOWN):
    """The page of the typical run, or of other details beside a ruling without measures."""
    found = load_details.make() if details is None else details
    return html.render(verdict(decision, measured=details is None), details={"load": found})
