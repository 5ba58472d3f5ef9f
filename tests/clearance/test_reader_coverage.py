"""The coverage reader, over real reports of coverage.py 7.17.3."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, Measure, Reading, UnreadableError
from clearance.readers import coverage

READINGS = Path(__file__).parent.parent / "readings" / "coverage"


def of(name: str) -> Reading:
    return coverage.read((READINGS / f"{name}.json").read_bytes(), Materials())


def with_totals(**changes: object) -> bytes:
    report = msgspec.json.decode((READINGS / "lines.json").read_bytes())
    return msgspec.json.encode(report | {"totals": report["totals"] | changes})


@pytest.mark.parametrize(("name", "samples"), [("lines", 6), ("branches", 8)])
def test_coverage_is_an_exact_measure(name, samples):
    """Its interval has no width, and its samples are the statements and branches."""
    expected = (
        Measure(name="coverage", value=50.0, low=50.0, high=50.0, unit="%", samples=samples),
        Measure(name="excluded", value=0, low=0, high=0, unit="lines"),
    )
    assert expected == of(name).measures


def test_what_is_excluded_counts_as_not_run():
    """3 of 4 statements ran and 2 lines are excluded: half of 6, where coverage.py itself says 75 %."""
    assert [("coverage", 50.0), ("excluded", 2)] == [(each.name, each.value) for each in of("excluded").measures]


@pytest.mark.parametrize(
    ("path", "content", "narrowed", "problems"),
    [
        ("app/unused.py", b"x = 1\n", False, 1),
        ("app/unused.py", b"x = 1\n", True, 0),
        ("app/unused.py", b" \n", False, 0),
        ("app/unused.txt", b"x", False, 0),
        ("app/signs.py", b"x = 1\n", False, 0),
        ("tests/test_signs.py", b"x = 1\n", False, 0),
    ],
)
def test_what_is_omitted_beside_measured_files_is_a_problem(path, content, narrowed, problems):
    """Python among the inputs that was not measured is named, unless it is empty, elsewhere, or narrowed out."""
    report = (READINGS / "omitted.json").read_bytes()
    reading = coverage.read(report, Materials(root="/", files={path: content}, narrowed=narrowed))
    assert problems == len([problem for problem in reading.problems if path in problem])


def test_many_omitted_files_are_counted():
    """Three are named."""
    files = {f"app/{number}.py": b"x = 1\n" for number in range(9)}
    (problem,) = coverage.read((READINGS / "omitted.json").read_bytes(), Materials(files=files)).problems
    assert problem.startswith("app/0.py, app/1.py, app/2.py and 6 more was not measured")


def test_reach_is_the_files_that_were_measured():
    """A file that no test imported is measured too, where coverage was told of its folder."""
    reading = of("lines")
    assert (reading.reach, reading.unit, reading.covered) == (2, "files", ("app/signs.py", "app/unused.py"))
    assert (reading.tool, reading.made_at, reading.problems) == ("coverage 7.17.3", None, ())


def test_no_statements_are_no_full_coverage():
    """coverage.py calls it 100 %; here it is a problem without a measure."""
    reading = of("no-statements")
    assert (reading.measures, len(reading.problems)) == ((), 1)


@pytest.mark.parametrize("changes", [{"percent_covered": 91.0}, {"covered_lines": 7, "percent_covered": 7 / 6 * 100}])
def test_totals_that_contradict_each_other_are_a_problem(changes):
    """A percentage that does not follow from the counts, or more lines run than there are, is not believed silently."""
    (problem,) = coverage.read(with_totals(**changes), Materials()).problems
    assert problem.startswith("the totals contradict each other")


def test_absolute_paths_below_the_root_are_made_relative():
    """A report made with absolute paths names the same files."""
    report = msgspec.json.decode((READINGS / "lines.json").read_bytes())
    files = {f"/srv/project/{name}": counts for name, counts in report["files"].items()}
    reading = coverage.read(msgspec.json.encode(report | {"files": files}), Materials(root="/srv/project/"))
    assert of("lines").covered == reading.covered


@pytest.mark.parametrize(
    "report",
    [b"", b"{}", b"null", (READINGS / "lines.json").read_bytes()[:-20], b"[" * 100_000, with_totals(num_statements=-1)],
)
def test_what_is_no_coverage_report_is_refused_with_a_next_step(report):
    """Absent, of another tool, cut off, nested beyond reason, or counting below nothing."""
    with pytest.raises(UnreadableError) as caught:
        coverage.read(report, Materials())
    assert "coverage.py" in str(caught.value)
    assert caught.value.hint


@given(
    st.binary()
    | st.builds(
        with_totals,
        covered_lines=st.integers(),
        excluded_lines=st.integers(min_value=0),
        num_statements=st.integers(),
        num_branches=st.integers(min_value=0),
        percent_covered=st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    )
)
def test_anything_is_read_or_refused(report):
    """Nothing but `UnreadableError` comes out, and a measure always has samples."""
    try:
        reading = coverage.read(report, Materials())
    except UnreadableError:
        return
    assert all(measure.samples > 0 for measure in reading.measures)
