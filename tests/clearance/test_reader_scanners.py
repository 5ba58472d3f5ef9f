"""What the readers of scanners have in common: equal paths, and a refusal of what is no report of the tool."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.model import Materials, Reading, UnreadableError
from clearance.readers import READERS

READINGS = Path(__file__).parent.parent / "readings"
TOOLS = ("cyclonedx", "detect-secrets", "pip-audit", "squawk", "zizmor")
SAMPLES = dict(zip(TOOLS, ("uv.json", "issue.json", "vulnerable.json", "locks.txt", "unpinned.txt"), strict=True))


def reading_of(tool: str, report: str) -> Reading:
    return READERS[tool]((READINGS / tool / report).read_bytes(), Materials(root=f"/tmp/readings/{tool}"))


@pytest.mark.parametrize("tool", ["detect-secrets", "squawk", "zizmor"])
def test_paths_are_the_same_however_the_tool_was_called(tool):
    """A relative and an absolute argument give equal findings and equal coverage."""
    name = SAMPLES[tool]
    relative, absolute = reading_of(tool, name), reading_of(tool, f"absolute{Path(name).suffix}")
    prefix = "unpinned/" if tool == "zizmor" else ""
    assert tuple(prefix + path for path in relative.covered) == absolute.covered
    assert [(f.rule, prefix + (f.path or ""), f.line) for f in relative.findings] == [
        (f.rule, f.path, f.line) for f in absolute.findings
    ]


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
