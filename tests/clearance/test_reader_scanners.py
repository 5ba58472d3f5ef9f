"""What the gate answers to real reports of scanners, silent and misled ones above all: reader, then judge."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.judge import judge
from clearance.model import (
    Check,
    Decision,
    Evidence,
    Inputs,
    Materials,
    Policy,
    Reading,
    Report,
    Requirement,
    Stage,
    Subject,
    UnreadableError,
)
from clearance.readers import READERS

READINGS = Path(__file__).parent.parent / "readings"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUBJECT = Subject(commit="c" * 40, tree="t" * 40, dirty=False)
PASS, UNKNOWN, FAIL = Decision.PASS, Decision.UNKNOWN, Decision.FAIL

TOOLS = ("cyclonedx", "detect-secrets", "pip-audit", "squawk", "zizmor")
SAMPLES = dict(zip(TOOLS, ("uv.json", "issue.json", "vulnerable.json", "locks.txt", "unpinned.txt"), strict=True))
IGNORED_LINE = b"-- squawk-ignore ban-drop-column\nALTER TABLE flight DROP COLUMN IF EXISTS note;\n"
IGNORED_FILE = b"-- squawk-ignore-file\nALTER TABLE flight DROP COLUMN note;\n"
IGNORED_USE = b"      - uses: actions/checkout@v6 # zizmor: ignore[unpinned-uses]\n"
WORKFLOW = ".github/workflows/test.yml"

# (tool, report, what the check's inputs are beside what the report says was looked at, the gate's answer)
CASES = [
    ("detect-secrets", "clean.json", {"clean/__init__.py": b""}, PASS),
    ("detect-secrets", "issue.json", {}, FAIL),
    ("detect-secrets", "no-witness.json", {}, UNKNOWN),
    ("detect-secrets", "outside-git.json", {}, UNKNOWN),
    ("detect-secrets", "empty-folder.json", {}, UNKNOWN),
    ("detect-secrets", "missing-folder.json", {}, UNKNOWN),
    ("detect-secrets", "not-utf-8.json", {"binary/latin.py": b"\xe9"}, UNKNOWN),
    ("detect-secrets", "extension.json", {"extension/theme.css": b"x"}, UNKNOWN),
    ("detect-secrets", "clean.json", {"extension/theme.css": b"x"}, UNKNOWN),
    ("detect-secrets", "allowlist-obeyed.json", {}, UNKNOWN),
    ("detect-secrets", "allowlist-overridden.json", {}, FAIL),
    ("detect-secrets", "exclude-files.json", {}, UNKNOWN),
    ("detect-secrets", "exclude-lines.json", {}, FAIL),
    ("detect-secrets", "exclude-secrets.json", {}, FAIL),
    ("detect-secrets", "detector-disabled.json", {}, UNKNOWN),
    ("detect-secrets", "entropy-limit.json", {}, FAIL),
    ("detect-secrets", "verified.json", {}, UNKNOWN),
    ("detect-secrets", "hook-baseline.json", {}, UNKNOWN),
    ("squawk", "clean.txt", {}, PASS),
    ("squawk", "locks.txt", {}, FAIL),
    ("squawk", "broken.txt", {"broken/0002.sql": b"CREATE TABLE t (id bigint\n"}, UNKNOWN),
    ("squawk", "no-file.txt", {}, UNKNOWN),
    ("squawk", "unmatched.txt", {}, UNKNOWN),
    ("squawk", "unmatched-allowed.txt", {}, UNKNOWN),
    ("squawk", "ignored-line.txt", {"line/0001.sql": IGNORED_LINE}, UNKNOWN),
    ("squawk", "ignored-file.txt", {"file/0001.sql": IGNORED_FILE}, UNKNOWN),
    ("squawk", "configured.txt", {}, UNKNOWN),
    ("squawk", "configured-overridden.txt", {}, FAIL),
    ("squawk", "excluded.txt", {}, UNKNOWN),
    ("squawk", "no-configuration.txt", {}, UNKNOWN),
    ("squawk", "no-log.txt", {}, UNKNOWN),
    ("zizmor", "clean.txt", {}, PASS),
    ("zizmor", "unpinned.txt", {}, FAIL),
    ("zizmor", "ignored-obeyed.txt", {WORKFLOW: IGNORED_USE}, UNKNOWN),
    ("zizmor", "ignored-overridden.txt", {WORKFLOW: IGNORED_USE}, FAIL),
    ("zizmor", "configured.txt", {".github/zizmor.yml": b"rules: {}\n"}, UNKNOWN),
    ("zizmor", "configured-overridden.txt", {}, FAIL),
    ("zizmor", "broken.txt", {".github/workflows/broken.yml": b"on: [push\n"}, UNKNOWN),
    ("zizmor", "broken-strict.txt", {}, UNKNOWN),
    ("zizmor", "broken-alone.txt", {}, UNKNOWN),
    ("zizmor", "empty-folder.txt", {}, UNKNOWN),
    ("zizmor", "missing-folder.txt", {}, UNKNOWN),
    ("zizmor", "quiet.txt", {}, UNKNOWN),
    ("pip-audit", "clean.json", {}, PASS),
    ("pip-audit", "vulnerable.json", {}, FAIL),
    ("pip-audit", "no-description.json", {}, FAIL),
    ("pip-audit", "nothing.json", {}, UNKNOWN),
    ("pip-audit", "unreachable-pypi.json", {}, UNKNOWN),
    ("cyclonedx", "whole.json", {"uv.lock": None}, PASS),
    ("cyclonedx", "uv.json", {"uv.lock": None}, PASS),
    ("cyclonedx", "part.json", {"uv.lock": None}, UNKNOWN),
    ("cyclonedx", "other.json", {"uv.lock": None}, UNKNOWN),
    ("cyclonedx", "loose.json", {"uv.lock": None}, UNKNOWN),
    ("cyclonedx", "nothing.json", {"uv.lock": None}, UNKNOWN),
    ("cyclonedx", "version-1.3.json", {"uv.lock": None}, UNKNOWN),
]


def reading_of(tool: str, report: str, files: dict[str, bytes]) -> Reading:
    """What the runner would make of it: a report that cannot be read is a problem too."""
    try:
        return READERS[tool](
            (READINGS / tool / report).read_bytes(), Materials(root=f"/tmp/readings/{tool}", files=files)
        )
    except UnreadableError as error:
        return Reading(reach=0, problems=(str(error),))


def answer(tool: str, reading: Reading, inputs: set[str]) -> Decision:
    check = Check(name=tool, run=(tool,), reports=(Report(file="r", reader=tool),))
    requirement = Requirement(check=tool, stage=Stage.CHANGE, covers_inputs=tool not in {"pip-audit", "cyclonedx"})
    paths = Inputs(digest="sha256:" + "1" * 64, paths=tuple(sorted(inputs)))
    fields = {name: getattr(reading, name) for name in Reading.__dataclass_fields__}
    evidence = Evidence(**fields, check=tool, subject=SUBJECT, inputs_digest=paths.digest, started=NOW, seconds=1.0)
    policy = Policy(checks={tool: check}, requirements=(requirement,))
    return judge(
        policy, {tool: evidence}, stage=Stage.CHANGE, subject=SUBJECT, inputs={tool: paths}, now=NOW, version="0"
    ).decision


@pytest.mark.parametrize(("tool", "report", "beside", "expected"), CASES)
def test_a_real_report_gets_the_answer_that_it_deserves(tool, report, beside, expected):
    """Whatever the exit code, which is 0 for most of them: nothing seen is UNKNOWN, and something hidden is, too."""
    lock = (READINGS / "cyclonedx" / "uv.lock").read_bytes()
    files = {path: lock if content is None else content for path, content in beside.items()}
    reading = reading_of(tool, report, files)
    assert expected == answer(tool, reading, {*files, *reading.covered})


@pytest.mark.parametrize("tool", ["detect-secrets", "squawk", "zizmor"])
def test_paths_are_the_same_however_the_tool_was_called(tool):
    """A relative and an absolute argument give equal findings and equal coverage."""
    name = SAMPLES[tool]
    relative, absolute = reading_of(tool, name, {}), reading_of(tool, f"absolute{Path(name).suffix}", {})
    prefix = "unpinned/" if tool == "zizmor" else ""
    assert tuple(prefix + path for path in relative.covered) == absolute.covered
    assert [(f.rule, prefix + (f.path or ""), f.line) for f in relative.findings] == [
        (f.rule, f.path, f.line) for f in absolute.findings
    ]


def test_each_report_stands_in_the_table_and_each_case_in_the_folder():
    """A report that nobody judges, or one that is not there, would prove nothing."""
    there = {
        (tool, file.name)
        for tool in TOOLS
        for file in (READINGS / tool).iterdir()
        if file.suffix in {".json", ".txt"} and not file.name.startswith("absolute")
    }
    spared = {("pip-audit", "ignored.json"), ("cyclonedx", "version-1.5.json")}  # read below, in tests of their own
    assert there - spared == {(tool, report) for tool, report, _, _ in CASES}


BROKEN = {
    "nothing": b"",
    "white space": b" \n",
    "not text": b"\xff\xfe\x00",
    "nested beyond reason": b"[" * 100_000,
    "an object without an end": b'{"dependencies": [',
    "a list without an end": b'[{"file": "a.sql"',
    "another tool's": b'{"version": "2.1.0", "runs": []}',
    "a list of something else": b'[{"a": 1}]',
    "XML": b"<testsuites/>",
    "words": b"sh: 1: squawk: not found\n",
}


@pytest.mark.parametrize("tool", SAMPLES)
@pytest.mark.parametrize("report", BROKEN.values(), ids=BROKEN)
def test_what_is_no_report_of_the_tool_is_refused_with_a_next_step(tool, report):
    """Absent, cut off, nested beyond reason, of another tool: each names its cause and what to do."""
    with pytest.raises(UnreadableError) as caught:
        READERS[tool](report, Materials())
    assert caught.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def spots(value: object, path: tuple = ()) -> Iterator[tuple]:
    """The path of each value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from spots(inner, (*path, key))


def replaced(value: object, path: tuple, new: object) -> object:
    """The JSON value with another one at a path."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


def parts(tool: str) -> tuple[bytes, object]:
    """The log and the JSON of a real report."""
    report = (READINGS / tool / SAMPLES[tool]).read_bytes()
    log, start, rest = report.partition(b"\n[") if tool in {"squawk", "zizmor"} else (b"", b"", report)
    return log + start[:1], json.loads(start[1:] + rest)


@pytest.mark.parametrize("tool", SAMPLES)
@settings(deadline=None)
@given(data=st.data())
def test_a_report_with_something_odd_in_it_is_read_or_refused(tool, data):
    """Whatever stands in the place of any value: nothing but a reading or `UnreadableError` comes out."""
    log, whole = parts(tool)
    path = data.draw(st.sampled_from(list(spots(whole))))
    report = log + json.dumps(replaced(whole, path, data.draw(JSON))).encode()
    lock = {"uv.lock": (READINGS / "cyclonedx" / "uv.lock").read_bytes()}
    try:
        reading = READERS[tool](report, Materials(files=lock))
    except UnreadableError:
        return
    assert reading.reach >= 0
    assert len(reading.findings) == len({finding.fingerprint for finding in reading.findings})


@pytest.mark.parametrize("tool", SAMPLES)
@settings(deadline=None)
@given(report=st.binary())
def test_any_bytes_are_read_or_refused(tool, report):
    """Nothing but a reading or `UnreadableError` comes out of bytes."""
    with contextlib.suppress(UnreadableError):
        assert READERS[tool](report, Materials()).reach >= 0
