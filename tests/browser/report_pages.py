"""The report pages that the browser is shown: a whole gate's, one of a great many findings, one full of attacks."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from clearance.cli import explaining
from clearance.model import (
    Decision,
    Exhibit,
    Finding,
    Materials,
    Measure,
    Override,
    Ruling,
    Severity,
    Stage,
    Subject,
    Verdict,
    Waived,
    Waiver,
)
from clearance.readers import scenarios
from clearance.readers.gherkin_rows import declarations
from clearance.render import html
from tests.clearance import load_details, load_pages

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 10, 7, tzinfo=UTC)
COMMIT = "3f2a91" + "c" * 34
ATTACK = "</script><script>window.taken = 1; alert(1)</script><img src=x onerror='window.taken = 1; alert(2)'>"
FAILURE = """AssertionError: expected (422,), was answered 404
assert 404 in (422,)
step: Then the request is answered with a problem, 422 (lookup.feature:30)
request: GET /v1/flights/2031-05-01/UA/one/JFK
answer: 404 Not Found
body: {"type":"about:blank","title":"Not Found","status":404,"detail":"There is no such flight."}"""
BROKEN = ("<key> is not how a flight is named", 5)  # the scenario and the row of it that fails
WAIVER = Waiver(
    checks=("checkov",), rule="CKV_AWS_157", resource="aws_db_instance.*", owner="platform",
    reason="One zone will do until the first customer pays for two", expires=date(2027, 3, 31),
)  # fmt: skip
IDLE = replace(
    WAIVER, rule="CKV_AWS_118", reason="No enhanced monitoring in the small instance class", expires=date(2026, 12, 2)
)
SOURCE = '''
    def find(self, carrier: str, flight: int) -> Row | None:
        """Return one flight."""
        query = f"select * from flights where carrier = '{carrier}' and flight = {flight}"
        return self._connection.execute(query).fetchone()
'''


def story(*, fail=BROKEN):
    """What the scenarios' reader tells of this project's own features: a row has failed, a scenario did not run."""
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in ROOT.glob("features/*.feature")}
    cases = []
    for scenario in declarations(files)[0]:
        for number, row in enumerate(scenario.rows):
            if scenario.name.startswith("What was acknowledged before a crash"):
                continue
            name = "test_it" if row.id is None else f"test_it[{row.id}]"
            failed = (scenario.name, number) == fail
            inside = f"<failure message={quoteattr(FAILURE)}>{escape(FAILURE)}</failure>" if failed else ""
            stated = {"feature": scenario.path, "scenario": scenario.name, "line": scenario.line}
            kept = "".join(f'<property name="{key}" value={quoteattr(str(value))}/>' for key, value in stated.items())
            unique = f"features.test_{Path(scenario.path).stem}_{scenario.line}"
            cases.append(
                f'<testcase classname="{unique}" name={quoteattr(name)}>'
                f"<properties>{kept}</properties>{inside}</testcase>"
            )
    report = f'<testsuites name="pytest tests"><testsuite name="pytest">{"".join(cases)}</testsuite></testsuites>'
    return scenarios.read(report.encode(), Materials(root=str(ROOT), files=files))


def _exhibit(check, tool, reach, unit, seconds, **fields):
    return Exhibit(
        check=check, digest="sha256:" + "e" * 64, inputs_digest="sha256:" + "1" * 64, tool=tool, reach=reach, unit=unit,
        seconds=seconds, **{"reused": False, **fields},
    )  # fmt: skip


def _bandit():
    found = Finding(
        rule="B608",
        message="Possible SQL injection vector through string-based query construction.",
        severity=Severity.MEDIUM,
        path="service/store.py",
        line=4,
        help_url="https://bandit.readthedocs.io/en/1.9.4/plugins/b608_hardcoded_sql_expressions.html",
        fingerprint="5f0c" * 16,
    )
    low = replace(found, rule="B101", severity=Severity.LOW, line=90, message="Use of assert detected.", help_url=None)
    return Ruling(
        check="bandit",
        decision=Decision.FAIL,
        reasons=("looked at 114 files, at least 1 asked for", "1 finding at or above medium, 0 allowed"),
        blocking=(found,),
        tolerated=(replace(low, fingerprint="77aa" * 16),),
    )


def _checkov():
    zone = Finding(
        rule="CKV_AWS_157", message="Ensure that RDS instances have Multi-AZ enabled", severity=Severity.HIGH,
        path="infra/modules/database/main.tf", line=12, resource="aws_db_instance.main", fingerprint="ab12" * 16,
    )  # fmt: skip
    return Ruling(
        check="checkov",
        decision=Decision.PASS,
        reasons=("looked at 82 resources, at least 40 asked for", "0 findings at or above low, 0 allowed"),
        waived=(Waived(finding=zone, waiver=WAIVER),),
    )


def verdict(told, **fields):
    """A verdict on a whole gate: two checks fail, the load is unknown, the others pass."""
    load = load_pages.verdict(Decision.UNKNOWN).rulings[1]
    rulings = (
        Ruling(
            check="unit", decision=Decision.PASS, reasons=("looked at 2,137 tests, at least 1,000 asked for",),
            measures=(Measure(name="coverage", value=91.4, low=91.4, high=91.4, unit="%"),),
        ),
        _bandit(),
        Ruling(
            check="integration", decision=Decision.FAIL, blocking=told.findings,
            reasons=("1 finding at or above low, 0 allowed", *told.problems[:1]),
        ),
        _checkov(),
        load,
        Ruling(check="secrets", decision=Decision.PASS, reasons=("looked at 368 files, all 368 inputs asked for",)),
    )  # fmt: skip
    exhibits = (
        _exhibit("unit", "pytest 9.2.0", 2137, "tests", 91.0),
        _exhibit("integration", told.tool, told.reach, "scenarios", 8.8),
        _exhibit("bandit", "bandit 1.9.4", 114, "files", 1.4),
        _exhibit("checkov", "checkov 3.3.30", 82, "resources", 6.1, reused=True),
        _exhibit("load", "locust 2.47.0", 9041, "requests", 81.2),
        _exhibit("secrets", "detect-secrets 1.5.0", 368, "files", 5.2),
    )
    known = {
        "decision": Decision.FAIL,
        "complete": True,
        "missing": (),
        "stage": Stage.CHANGE,
        "subject": Subject(commit=COMMIT, tree="c73fb75d0009" + "2" * 28, dirty=False),
        "rulings": rulings,
        "idle_waivers": (IDLE,),
        "expired_waivers": (),
        "policy_digest": "sha256:" + "c4" * 32,
        "evidence": exhibits,
        "judged_at": NOW,
        "now_overridden": False,
        "subject_overridden": False,
        "version": "0.1.0",
    }
    return Verdict(**{**known, **fields})


def whole(**fields):
    """The page of a whole gate, with source lines, a load run and scenarios."""
    told = story()
    sources = {"service/store.py": dict(enumerate(SOURCE.splitlines()[1:], 2))}
    details = {"integration": told.details, "load": load_details.make()}
    return html.render(verdict(told, **fields), details=details, sources=sources, explain=explaining.find)


def many(number=2500):
    """The page of a check with a great many findings, of which one in a hundred is of rule B608."""
    blocking = tuple(
        Finding(
            rule="B608" if n % 100 == 99 else f"R{n % 7}",
            message=f"number {n}",
            path=f"src/f{n % 9}.py",
            line=n + 1,
            severity=list(Severity)[n % 5],
            fingerprint=f"{n:06d}" + "a" * 58,
        )
        for n in range(number)
    )
    ruling = Ruling(check="code", decision=Decision.FAIL, reasons=("too many",), blocking=blocking)
    return html.render(verdict(story(), rulings=(ruling, _checkov())))


def attacked():
    """A page with an attack as every text, also beyond the rows that stand in it, and in every detail of scenarios."""
    finding = Finding(
        rule=ATTACK, message=ATTACK, path=ATTACK, resource=ATTACK, help_url=ATTACK, line=1, fingerprint=ATTACK
    )
    waiver = Waiver(checks=(ATTACK,), rule=ATTACK, owner=ATTACK, reason=ATTACK, path=ATTACK, expires=date(2027, 1, 1))
    blocking = tuple(replace(finding, line=n) for n in range(1, 300))
    ruling = Ruling(
        check=ATTACK, decision=Decision.FAIL, reasons=(ATTACK,), blocking=blocking,
        waived=(Waived(finding=finding, waiver=waiver),),
        measures=(Measure(name=ATTACK, unit=ATTACK, value=1, low=0, high=2),),
    )  # fmt: skip
    by = Override(commit=ATTACK, people=(ATTACK, ATTACK), reason=ATTACK, begins=NOW, expires=NOW)
    told = story()
    details = {"kind": "scenarios", **{key: value for key, value in _attacked(told.details).items() if key != "kind"}}
    judged = verdict(told, rulings=(ruling,), override=by, reasons=(ATTACK,), missing=(ATTACK,), version=ATTACK)
    return html.render(
        judged,
        outputs={ATTACK: ATTACK},
        reproduce={ATTACK: ATTACK},
        details={ATTACK: details},
        sources={ATTACK: {1: ATTACK}},
    )


def _attacked(value):
    if isinstance(value, dict):
        return {key: _attacked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_attacked(one) for one in value]
    return ATTACK if isinstance(value, str) else value


PAGES = {"whole": whole, "many": many, "attacked": attacked}
