"""What a running tool says of itself in one line: from its file to whoever watches, on a terminal and elsewhere."""

import io
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearance.cli.progress import Progress
from clearance.model import Check, Evidence, Reading, Report, Subject
from clearance.runner import Finished, Started, Working, collect, gather
from clearance.runner.status import Status

CHECK = Check(name="load", run=("load",), reports=())
# Says something, waits until that has been heard, says the next thing: no clock decides whether a line is seen.
SAY = """
import os, sys, time
file, heard = os.environ["CLEARANCE_PROGRESS"], sys.argv[2]
for number, text in enumerate(sys.argv[3:]):
    with open(file + ".new", "w") as new:
        new.write(text)
    os.replace(file + ".new", file)
    while not os.path.exists(f"{heard}/{number}"):
        time.sleep(0.01)
open(sys.argv[1], "w").write("done")
"""


def words(data, _materials):
    return Reading(reach=len(data.split()))


@pytest.fixture
def told(tmp_path):
    """Run a script as a check's tool, and give the events, each answered by a file that is numbered as it came."""

    def run(script, *arguments):
        heard = tmp_path / "heard"
        heard.mkdir()
        events = []

        def tell(event):
            events.append(event)
            if isinstance(event, Working):
                (heard / str(sum(isinstance(e, Working) for e in events) - 1)).touch()

        check = Check(
            name="load",
            run=(sys.executable, "-c", script, "{report}", str(heard), *arguments),
            reports=(Report(file="report.txt", reader="words"),),
            timeout_s=60,
        )
        collect(
            [check],
            root=tmp_path,
            subject=Subject(),
            inputs={"load": gather(check, root=tmp_path, lock=None, environ=os.environ)},
            readers={"words": words},
            find=lambda *_: None,
            reports=tmp_path / "reports",
            jobs=1,
            environ=os.environ,
            on_event=tell,
            machine_lock=tmp_path / "machine.lock",
        )
        return events

    return run


def test_a_running_tool_is_heard(told):
    """Each line that a tool puts into the file it was given becomes an event, between its start and its end."""
    events = told(SAY, "5 s, 120/s", "10 s, 119/s\nand more", "  15 s  ")
    assert [type(event) for event in events] == [Started, Working, Working, Working, Finished]
    assert [event.text for event in events[1:-1]] == ["5 s, 120/s", "10 s, 119/s", "15 s"]
    assert events[-1].evidence.problems == ()


ODD = {
    "nothing": lambda _file: None,
    "a folder": os.mkdir,
    "a pipe": os.mkfifo,
    "a link": lambda file: file.symlink_to("/etc/passwd"),
    "a link to nothing": lambda file: file.symlink_to("nowhere"),
    "nothing in it": Path.touch,
    "an empty line": lambda file: file.write_bytes(b"\n\xff"),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_is_no_line_is_passed_over(tmp_path, make):
    """A tool's slip with its progress file says nothing, blocks nothing and leads nowhere."""
    said = []
    make(tmp_path / "progress")
    Status(tmp_path / "progress", said.append).look()
    assert said == []


def evidence():
    return Evidence(
        reach=7,
        unit="requests",
        check="load",
        subject=Subject(),
        inputs_digest="",
        started=datetime(2026, 11, 24, tzinfo=UTC),
        seconds=2,
    )


def test_plain_lines_quote_a_tool_at_most_every_ten_seconds():
    """Where lines stay, the first one after ten seconds is shown, and then the next after ten more."""
    out, moments = io.StringIO(), iter([0, 1, 9.9, 10, 12, 19, 20.5])
    with Progress([CHECK], out, clock=lambda: next(moments)) as progress:
        progress(Started(check="load"))
        for text in "abcdef":
            progress(Working(check="load", text=text))
        progress(Finished(check="load", evidence=evidence(), reused=False))
    assert out.getvalue().splitlines() == [
        "load: running",
        "load: running, c",
        "load: running, f",
        "load: done, 7 requests, 0 findings, 2.0 s",
    ]


def test_a_tool_s_line_cannot_move_the_cursor():
    """Control characters of a tool's line are shown, not obeyed."""
    out, moments = io.StringIO(), iter([0, 10])
    with Progress([CHECK], out, clock=lambda: next(moments)) as progress:
        progress(Started(check="load"))
        progress(Working(check="load", text="a\x1b[2Jb"))
    assert out.getvalue() == "load: running\nload: running, a\\x1b[2Jb\n"


LIVE = """
import sys
from clearance.cli.progress import Progress
from clearance.model import Check
from clearance.runner import Started, Working

check = Check(name="load", run=("load",), reports=())
with Progress([check], sys.stderr, clock=lambda: 3.0) as progress:
    progress(Started(check="load"))
    progress(Working(check="load", text="119/s of 120/s, p99 31 ms"))
    sys.stdin.readline()
"""


def test_a_terminal_shows_the_line_beside_the_check():
    """On a terminal the line stands beside the running check, as soon as the table is drawn anew."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        shown = subprocess.Popen(
            [sys.executable, "-c", LIVE],
            stdin=subprocess.PIPE,
            stderr=theirs,
            cwd=Path(__file__).parents[2],
            env={"PATH": os.defpath, "TERM": "xterm", "COLUMNS": "100", "LINES": "20"},
        )
        with shown:
            os.close(theirs)
            seen = b""
            while b"p99 31 ms" not in seen:
                seen += screen.read(4096)
            shown.communicate(b"\n")
    plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", seen).decode()
    assert re.search(r"load +running +0 s +119/s of 120/s, p99 31 ms", plain)
    assert shown.returncode == 0
