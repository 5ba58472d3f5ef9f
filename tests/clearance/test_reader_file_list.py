"""The reader of plain lists of files, over what ruff 0.17.6 says that it looks at."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, UnreadableError
from clearance.readers import file_list

READINGS = Path(__file__).parents[1] / "readings" / "ruff"
FILES = {"app/sums.py": b"", "app/unused.py": b""}


@pytest.mark.parametrize(
    ("case", "covered"),
    [
        ("issue", ("app/sums.py", "app/unused.py")),
        ("exclude", ("app/sums.py",)),
        ("extend-exclude", ("app/sums.py",)),
        ("gitignored", ("app/sums.py",)),
    ],
)
def test_an_excluded_file_is_not_covered(case, covered):
    """What the configuration leaves out is missing from the list, whose absolute paths are made relative."""
    report = (READINGS / case / "files.txt").read_bytes()
    (folder,) = {Path(line).parents[1] for line in report.decode().splitlines() if line.endswith(".py")}
    reading = file_list.read(report, Materials(root=str(folder), files=FILES))
    assert (covered, len(covered), "files") == (reading.covered, reading.reach, reading.unit)


def test_prose_and_strange_files_are_nothing_looked_at():
    """Only inputs of the check count."""
    report = b"\xef\xbb\xbferror: no such option\r\n/elsewhere/app/sums.py\nREADME.md\n"
    assert 0 == file_list.read(report, Materials(files=FILES)).reach


def test_a_path_may_begin_with_a_bracket():
    """As those of pages with parameters do."""
    files = {"[slug].tsx": b""}
    assert ("[slug].tsx",) == file_list.read(b"[slug].tsx\n", Materials(files=files)).covered


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"\n \n",
        b"\xff\xfe",
        b"a" * (file_list.MAX_BYTES + 1),
        b'{"a": 1}',
        b"[]",
        b'["a.py"]',
        b"[\n {}]",
        b"<a/>",
    ],
)
def test_what_is_no_list_is_refused_with_a_next_step(report):
    """Empty, not UTF-8, too large, or JSON or XML."""
    with pytest.raises(UnreadableError) as caught:
        file_list.read(report, Materials(files=FILES))
    assert caught.value.hint


@given(st.binary())
def test_any_bytes_are_read_or_refused(report):
    """Whatever the bytes, at most the inputs are reached."""
    try:
        assert file_list.read(report, Materials(files=FILES)).reach <= len(FILES)
    except UnreadableError:
        return
