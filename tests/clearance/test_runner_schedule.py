"""Many checks in one run: side by side, alone, reused, interrupted; and what their reports add up to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from clearance.model import Check, ClearanceError, Finding, Measure, Reading, Report, Subject, UnreadableError
from clearance.runner import Finished, Started, Waiting, collect, gather
from clearance.runner.flock import machine

SUBJECT = Subject(commit="c0ffee", tree="7ree", dirty=False)
# Each of two writes its mark and waits for the other's: only side by side do both end.
MEET = "touch $PLACE/{0}; until [ -e $PLACE/{1} ]; do sleep 0.01; done; echo met > '{{report}}'"


def words(data, _materials):
    return Reading(reach=len(data.split()), unit="words")


def broken(_data, _materials):
    raise UnreadableError("it is all Greek", "translate it")


def stale(_data, _materials):
    return Reading(reach=1, made_at=datetime.now(UTC) - timedelta(days=1))


def vague(_data, _materials):
    return Reading(reach=1, made_at=datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


def first(data, _materials):
    finding = Finding(rule=data.decode().strip(), message="")
    return Reading(reach=2, unit="files", covered=("a",), findings=(finding,), tool="first 1")


def second(data, _materials):
    finding = Finding(rule=data.decode().strip(), message="")
    measure = Measure(name="coverage", value=1, low=1, high=1)
    return Reading(
        reach=70, unit="lines", covered=("a", "b"), findings=(finding,), measures=(measure,), problems=("blurred",)
    )


def materials(_data, materials):
    return Reading(reach=len(materials.files), covered=(materials.root, str(materials.narrowed)))


def levels(_data, materials):
    return Reading(reach=1, covered=(str(materials.slo),))


def drawn(data, _materials):
    return Reading(reach=1, details={"kind": data.decode().strip()})


def undrawable(_data, _materials):
    return Reading(reach=1, details={"at": {object()}})


KNOWN = (words, broken, stale, vague, first, second, materials, levels, drawn, undrawable)
READERS = {reader.__name__: reader for reader in KNOWN}


def shell(name, script, *, reader="words", **fields):
    reports = fields.pop("reports", (Report(file="report.txt", reader=reader),))
    return Check(name=name, run=("sh", "-c", script), reports=reports, **fields)


@pytest.fixture
def run(tmp_path):
    """Collect evidence for some checks in an empty project."""

    def collect_all(*checks, root=None, **options):
        root = root or tmp_path
        arguments = options.get("arguments", ())
        inputs = {
            check.name: gather(check, root=root, lock=None, environ=os.environ, arguments=arguments) for check in checks
        }
        defaults = {
            "subject": SUBJECT,
            "inputs": inputs,
            "readers": READERS,
            "find": lambda *_: None,
            "reports": root / "build/reports",
            "jobs": 2,
            "environ": os.environ,
            "machine_lock": tmp_path / "machine.lock",
        }
        return collect(checks, root=root, **{**defaults, **options})

    return collect_all


def test_evidence_and_where_it_comes_from(run):
    """Evidence names its check, subject, inputs and start, and is collected with the tool's output."""
    before = datetime.now(UTC)
    check = shell("count", "echo counting; echo a b c > '{report}'")
    collected = run(check)["count"]
    evidence = collected.evidence

    assert (evidence.check, evidence.subject, evidence.reach, evidence.problems) == ("count", SUBJECT, 3, ())
    assert before <= evidence.started <= datetime.now(UTC)
    assert not evidence.alone
    assert (collected.reused, collected.output) == (False, "counting\n")


def test_an_exit_code_is_no_verdict(run):
    """A tool that fails yet reports is evidence without problems: its findings are for the judge."""
    assert run(shell("fails", "echo a > '{report}'; exit 1"))["fails"].evidence.problems == ()


def test_checks_run_side_by_side(run, tmp_path):
    """As many tools as there are jobs run at the same time."""
    env = {"PLACE": str(tmp_path)}
    done = run(shell("a", MEET.format("a", "b"), env=env), shell("b", MEET.format("b", "a"), env=env))

    assert [done[name].evidence.problems for name in ("a", "b")] == [(), ()]


def test_an_exclusive_check_runs_alone(run):
    """Exclusive checks run after the others, one at a time, and say that they were alone."""
    script = "echo a > '{report}'"
    told = []
    checks = [shell("x", script, exclusive=True), shell("a", script), shell("y", script, exclusive=True)]
    done = run(*checks, jobs=4, on_event=told.append)

    assert [(type(event), event.check) for event in told] == [
        (kind, name) for name in ("a", "x", "y") for kind in (Started, Finished)
    ]
    assert {name: collected.evidence.alone for name, collected in done.items()} == {"x": True, "a": False, "y": True}
    assert list(done) == ["x", "a", "y"]


@pytest.mark.parametrize(("ours", "theirs"), [(True, True), (True, False), (False, True)])
def test_an_exclusive_check_waits_for_other_runs(run, tmp_path, ours, theirs):
    """While another run has the machine, or shares it, an exclusive check waits; so does any while one has it alone."""
    waiting, told = Event(), []

    def tell(event):
        told.append(type(event))
        if isinstance(event, Waiting):
            waiting.set()

    check = shell("x", "echo a > '{report}'", exclusive=ours)
    with machine(Event(), alone=theirs, path=tmp_path / "machine.lock"):
        thread = Thread(target=run, args=(check,), kwargs={"on_event": tell})
        thread.start()
        assert waiting.wait(30)
        assert told == [Waiting]
    thread.join()

    assert told == [Waiting, Started, Finished]


def kept(check, run, **changes):
    """Evidence as the shelf would have it, from an earlier commit."""
    evidence = replace(run(check)[check.name].evidence, subject=Subject(commit="earlier"), **changes)
    return lambda name, digest: evidence if (name, digest) == (check.name, evidence.inputs_digest) else None


def test_evidence_is_reused(run, tmp_path):
    """Evidence of the same inputs is reused with its own subject and start, and the tool does not run."""
    check = shell("count", "echo ran >> ran; echo a > '{report}'")
    find = kept(check, run)
    collected = run(check, find=find)["count"]

    assert collected.reused
    assert collected.evidence == find("count", collected.evidence.inputs_digest)
    assert (tmp_path / "ran").read_text() == "ran\n"


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"cache": False}, {}),
        ({}, {"problems": ("it was dark",)}),
        ({"exclusive": True}, {"alone": False}),
    ],
)
def test_evidence_that_is_not_reused(run, fields, changes):
    """Evidence with problems, of a check that is not to be cached, or in company where it must be alone: made anew."""
    check = shell("count", "echo a > '{report}'", **fields)
    collected = run(check, find=kept(check, run, **changes))["count"]

    assert not collected.reused
    assert collected.evidence.subject == SUBJECT


def test_evidence_of_other_inputs_is_not_reused(run):
    """Whatever a shelf answers, evidence whose inputs differ is made anew."""
    check = shell("count", "echo a > '{report}'")
    other = replace(run(check)["count"].evidence, inputs_digest="sha256:other")

    assert not run(check, find=lambda *_: other)["count"].reused


def test_several_reports_add_up(run):
    """The first report states reach, unit and tool; the further ones add findings, measures, problems and coverage."""
    reports = (Report(file="one.txt", reader="first"), Report(file="deep/er/two.txt", reader="second"))
    script = "echo r1 > '{report}'; echo r2 > '{reports}/deep/er/two.txt'"
    evidence = run(shell("both", script, reports=reports))["both"].evidence

    assert (evidence.reach, evidence.unit, evidence.tool, evidence.covered) == (2, "files", "first 1", ("a", "b"))
    assert [finding.rule for finding in evidence.findings] == ["r1", "r2"]
    assert [measure.name for measure in evidence.measures] == ["coverage"]
    assert evidence.problems == ("blurred",)


def test_a_further_report_that_is_missing(run):
    """A further report that is not there is a problem, though the first can be read."""
    reports = (Report(file="one.txt", reader="first"), Report(file="two.txt", reader="second"))
    evidence = run(shell("both", "echo r1 > '{report}'", reports=reports))["both"].evidence

    assert (evidence.reach, evidence.problems) == (2, ("it left no report two.txt",))


@pytest.mark.parametrize(
    ("reader", "problem"),
    [
        ("broken", "report.txt: it is all Greek; translate it"),
        ("stale", "report.txt is a report from before this run: it says "),
        ("vague", "the reader vague broke on report.txt: TypeError: "),
        ("none", "there is no reader 'none'; there are broken, "),
    ],
)
def test_a_report_that_cannot_be_believed(run, reader, problem):
    """What a reader cannot read, or what was made before the run, is a problem that says why."""
    problems = run(shell("count", "echo a > '{report}'", reader=reader))["count"].evidence.problems

    assert [said.startswith(problem) for said in problems] == [True]


@pytest.mark.parametrize("file", ["../report.txt", "/tmp/report.txt"])
def test_a_report_outside_its_folder(run, file):
    """A report that lies outside the check's own folder is refused."""
    reports = (Report(file="one.txt", reader="first"), Report(file=file, reader="words"))
    problems = run(shell("count", "echo a > '{report}'", reports=reports))["count"].evidence.problems

    assert problems == (f"the report {file} lies outside the report folder; name it relative to that folder",)


def test_a_reader_sees_the_inputs(run, tmp_path):
    """A reader is handed the input files, the root, and whether the run was narrowed by arguments."""
    (tmp_path / "a.py").touch()
    check = shell("look", "echo a > '{report}'", reader="materials", inputs=("*.py",))
    evidence = [run(check, arguments=arguments)["look"].evidence for arguments in ((), ("-x",))]

    assert [found.reach for found in evidence] == [1, 1]
    assert [found.covered for found in evidence] == [(str(tmp_path), "False"), (str(tmp_path), "True")]


def test_a_reader_sees_the_slo_file(run, tmp_path):
    """A reader is handed the bytes of the check's SLO file, and nothing where it has none."""
    (tmp_path / "slo.yaml").write_bytes(b"levels")
    given = [run(shell("c", "echo a > '{report}'", reader="levels", slo=slo))["c"] for slo in ("slo.yaml", None)]

    assert [one.evidence.covered for one in given] == [("b'levels'",), ("None",)]


def test_an_slo_file_that_is_gone_afterwards(run, tmp_path):
    """A tool that takes the SLO file away leaves evidence with problems."""
    (tmp_path / "slo.yaml").write_bytes(b"levels")
    script = "echo a > '{report}'; rm slo.yaml"
    problems = run(shell("c", script, reader="levels", slo="slo.yaml"))["c"].evidence.problems

    assert problems[0].endswith("slo.yaml can't be read: No such file or directory")


def test_details_come_from_the_first_report_that_has_any(run):
    """What is to be drawn is kept from several reports, and what does not fit the wire is the reader's fault."""
    reports = (Report(file="a", reader="first"), Report(file="b", reader="drawn"), Report(file="c", reader="drawn"))
    script = "cd '{reports}'; echo a > a; echo b > b; echo c > c"
    broken = run(shell("c", "echo a > '{report}'", reader="undrawable"))["c"].evidence

    assert run(shell("c", script, reports=reports))["c"].evidence.details == {"kind": "b"}
    assert (broken.reach, broken.details) == (0, None)
    assert broken.problems[0].startswith("the reader undrawable broke on report.txt: TypeError")


def test_the_environment_of_a_tool(run, tmp_path):
    """A tool gets what the check declares, what it asks to have passed through, and little else of the caller's."""
    check = shell("env", "env > '{report}'; cp '{report}' seen", env={"MODE": "strict"}, env_from=("TOKEN", "NONE"))
    environ = {"TOKEN": "t", "SECRET": "s", "TERM": "xterm", "HOME": "/home/me"}
    run(check, environ={"PATH": os.environ["PATH"], **environ})
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())

    assert (seen["MODE"], seen["TOKEN"], seen["HOME"], seen["TZ"], seen["LANG"]) == (
        *("strict", "t", "/home/me"),
        *("UTC", "C.UTF-8"),
    )
    assert {"SECRET", "NONE", "TERM"} & set(seen) == set()
    assert not Path(seen["TMPDIR"]).exists()


def test_no_bytecode_is_left_or_believed(run, tmp_path):
    """Python tools leave no __pycache__ in the tree, and a source of the same size and time is compiled again."""
    module = tmp_path / "answer.py"
    check = Check(
        name="import",
        run=(sys.executable, "-c", "import answer; open('{report}', 'w').write('word ' * answer.N)"),
        reports=(Report(file="report.txt", reader="words"),),
        env={"PYTHONPATH": "."},
        inputs=("*.py",),
    )
    reach = []
    for number in (1, 2):
        module.write_text(f"N = {number}\n")
        os.utime(module, (1_000_000_000, 1_000_000_000))
        reach.append(run(check)["import"].evidence.reach)

    assert reach == [1, 2]
    assert not list(tmp_path.glob("__pycache__"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_an_interrupt_ends_every_tool(tmp_path, number, code):
    """^C and SIGTERM reach the caller as KeyboardInterrupt once every tool is dead; those that wait do not start."""
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_runner_schedule as here
try:
    here.hang(Path({str(tmp_path)!r}))
except KeyboardInterrupt:
    sys.exit(130)
"""
    with subprocess.Popen([sys.executable, "-c", program]) as gate:
        while len(list(tmp_path.glob("pid-*"))) < 2:
            assert gate.poll() is None
            os.sched_yield()
        gate.send_signal(number)

    assert gate.returncode == code
    started = [path.name.partition("-")[2] for path in tmp_path.glob("pid-*")]
    assert len(started) == 2
    assert [pid for pid in started if Path("/proc", pid).exists()] == []


def hang(root):
    """Collect three checks, two at a time, that never end; run in a process of its own."""
    checks = [shell(name, "touch pid-$$; sleep 600", timeout_s=600) for name in "abc"]
    inputs = {check.name: gather(check, root=root, lock=None, environ=os.environ) for check in checks}
    collect(
        checks,
        root=root,
        subject=SUBJECT,
        inputs=inputs,
        readers=READERS,
        find=lambda *_: None,
        reports=root / "reports",
        jobs=2,
        environ=os.environ,
        machine_lock=root / "machine.lock",
    )


def test_events_come_one_at_a_time(run):
    """Whoever watches is told of each check's start and end once, never two things at the same time."""
    told, inside = Counter(), []

    def tell(event):
        inside.append(1)
        told[type(event), event.check] += 1
        assert len(inside) == 1
        inside.pop()

    run(*(shell(f"c{number}", "echo a > '{report}'") for number in range(6)), jobs=3, on_event=tell)

    assert told == {(kind, f"c{number}"): 1 for number in range(6) for kind in (Started, Finished)}


def test_a_watcher_that_breaks_stops_the_run(run):
    """An exception of whoever watches is no evidence: it reaches the caller, and the tools are stopped."""

    def tell(event):
        if isinstance(event, Finished):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(shell("quick", "true"), shell("slow", "sleep 600"), on_event=tell)


def test_a_root_that_cannot_hold_anything(run, tmp_path):
    """Where Clearance cannot have its own folder, that is an error of the person's, and no tool is run."""
    (tmp_path / ".clearance").touch()

    with pytest.raises(ClearanceError, match="cannot be written"):
        run(shell("count", "true"))


def test_a_group_without_a_lock_is_a_problem(tmp_path):
    """A check whose environment cannot be known has a problem that says what to do; the others run all the same."""
    check = shell("a", "echo a > '{report}'")
    inputs = gather(check, root=tmp_path, lock=None, environ=os.environ)
    done = collect(
        [check, replace(check, name="b", group="tool")],
        root=tmp_path,
        subject=SUBJECT,
        inputs={"a": inputs, "b": inputs},
        readers=READERS,
        find=lambda *_: None,
        reports=tmp_path / "reports",
        jobs=1,
        environ=os.environ,
    )

    assert [done[name].evidence.problems for name in ("a", "b")] == [
        (),
        ("check 'b' runs in the dependency group 'tool', but there is no uv.lock; run `uv lock` and commit uv.lock",),
    ]
