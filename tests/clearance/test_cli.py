"""The command line as a person meets it: real processes, real folders, exit codes and words."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

READINGS = Path(__file__).parents[1] / "readings"
TOOL = """
import json, pathlib, sys, time
report, findings = sys.argv[1], int(sys.argv[2])
results = [
    {"ruleId": "R1", "level": "error", "message": {"text": f"number {i}"},
     "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.txt"}, "region": {"startLine": i + 1}}}]}
    for i in range(findings)
]
run = {"tool": {"driver": {"name": "tool"}}, "artifacts": [{"location": {"uri": "a.txt"}}], "results": results}
pathlib.Path(report).write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
pathlib.Path("../ran.log").open("a").write("ran\\n")
"""
CHECK = """
[check.tool]
run = [{python}, "tool.py", "{{report}}", "{findings}"]
report = "tool.sarif"
reader = "sarif"
inputs = ["a.txt", "tool.py"]
{more}
"""


class Folder:
    """A project of one check in a folder of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.policy()
        (path / "tool.py").write_text(TOOL)
        (path / "a.txt").write_text("one\ntwo\n")

    def policy(self, findings=0, more="") -> None:
        text = CHECK.format(python=json.dumps(sys.executable), findings=findings, more=more)
        (self.path / "clearance.toml").write_text(text)

    def clearance(self, *words, **environment):
        # The gate refuses to start below one of its own checks, where these tests may well be running.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE"))} | environment
        return subprocess.run(
            [sys.executable, "-m", "clearance", *words],
            cwd=self.path,
            # the machine's lock lies in TMPDIR: nobody else's load run is to be waited for
            env=env | {"PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(self.path.parent)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def runs(self) -> int:
        log = self.path.parent / "ran.log"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def verdict(self):
        return json.loads((self.path / "build/clearance/verdict.json").read_text())


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "a folder"
    path.mkdir()
    return Folder(path)


def test_a_clean_check_passes_with_0_and_leaves_its_reports(folder):
    """Exit code 0, a verdict that names the reach, and every report, in a folder that git leaves alone."""
    done = folder.clearance("run")
    assert (done.returncode, done.stdout[:4]) == (0, "PASS")
    assert {"verdict.json", "summary.md", "comment.md", "report.html", "results.sarif", "junit.xml", "evidence"} <= {
        entry.name for entry in (folder.path / "build/clearance").iterdir()
    }
    verdict = folder.verdict()
    assert (verdict["schema"], verdict["decision"], verdict["complete"]) == (1, "pass", True)
    assert verdict["evidence"][0]["reach"] == 1


def test_a_format_is_what_its_file_holds(folder):
    """What --format names goes to stdout as it lies in the folder, and knows the repository of the workflow."""
    subprocess.run(["git", "init", "-q", "."], cwd=folder.path, check=True)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "x"], cwd=folder.path, check=True)
    folder.policy(findings=1)
    workflow = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "example/flights"}
    done = folder.clearance("run", "--format", "sarif", **workflow)
    gate, check = json.loads(done.stdout)["runs"]

    assert done.returncode == 1
    assert done.stdout == (folder.path / "build/clearance/results.sarif").read_text()
    assert gate["versionControlProvenance"][0]["repositoryUri"] == "https://github.com/example/flights"
    assert gate["versionControlProvenance"][0]["revisionId"] == folder.verdict()["subject"]["commit"]
    assert len(check["results"]) == 1


def test_a_finding_fails_with_1_and_is_shown_where_it_is(folder):
    """Exit code 1, and the text names path, line, rule and message."""
    folder.policy(findings=1)
    done = folder.clearance("run")
    assert done.returncode == 1
    assert "a.txt:1" in done.stdout
    assert "number 0" in done.stdout


def test_what_cannot_be_seen_is_3(folder):
    """A tool that leaves no report is UNKNOWN with its exit code and its own last words."""
    (folder.path / "tool.py").write_text("print('it hurts'); raise SystemExit(7)")
    done = folder.clearance("run")
    assert done.returncode == 3
    assert "it hurts" in done.stdout
    assert "7" in folder.verdict()["rulings"][0]["reasons"][0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--only", "tol"], "no check tol"),
        (["run", "--stage", "live", "--only", "tool"], "not of stage live"),
        (["run", "--policy", "gone.toml"], "gone.toml can't be read"),
        (["run", "--out", "."], "is the project itself"),
        (["judge", "--evidence", "gone"], "no folder gone"),
        (["read", "bandti", "a.txt"], "no reader bandti"),
        (["run", "--now", "soon"], "soon is no date"),
        (["run", "--now", "9999-12-31T23:59-14:00"], "is no date"),
        (["run", "--jobs", "0"], "no number of jobs"),
        (["run", "--jobs", "\u00b2"], "no number of jobs"),
        (["fly"], "invalid choice"),
        ([], "COMMAND"),
    ],
)
def test_wrong_words_are_2_with_the_next_step(folder, words, message):
    """Usage and policy errors end with exit code 2, on stderr, without a traceback."""
    done = folder.clearance(*words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_no_policy_at_all_is_2(tmp_path):
    """A folder without a policy is told how to get one."""
    folder = Folder(tmp_path)
    (tmp_path / "clearance.toml").unlink()
    done = folder.clearance("run")
    assert (done.returncode, "clearance.toml" in done.stderr) == (2, True)


def test_an_unchanged_second_run_reuses_the_evidence_and_judges_afresh(folder):
    """Evidence is reused while its inputs stay; a threshold or a waiver is judged without running the tool again."""
    folder.policy(findings=1)
    assert folder.clearance("run").returncode == 1
    assert folder.clearance("run").returncode == 1
    assert folder.runs() == 1
    assert folder.verdict()["evidence"][0]["reused"] is True
    folder.policy(findings=1, more="at_most = 1")
    assert folder.clearance("run").returncode == 0
    assert folder.runs() == 1


def test_changed_inputs_commands_and_no_cache_run_the_tool_again(folder):
    """Any change of what evidence is made from, and --no-cache, make the tool run."""
    assert folder.clearance("run").returncode == 0
    (folder.path / "a.txt").write_text("changed\n")
    folder.clearance("run")
    assert folder.runs() == 2
    folder.policy(findings=1)
    folder.clearance("run")
    assert folder.runs() == 3
    folder.clearance("run", "--no-cache")
    assert folder.runs() == 4


def test_a_variable_from_the_caller_is_never_trusted_twice(folder):
    """Evidence made with a value of env_from stands for a world outside, and is made anew each time."""
    folder.policy(more='env_from = ["BASE_URL"]')
    folder.clearance("run", BASE_URL="http://127.0.0.1:1")
    folder.clearance("run", BASE_URL="http://127.0.0.1:1")
    assert folder.runs() == 2
    folder.clearance("run")
    folder.clearance("run")
    assert folder.runs() == 3


def test_kept_evidence_is_judged_elsewhere_and_other_inputs_are_seen(folder):
    """`judge` accepts evidence of this very tree and calls it UNKNOWN once the tree is another."""
    assert folder.clearance("run", "--evidence-only", "--out", "kept").returncode == 0
    assert folder.clearance("judge", "--evidence", "kept/evidence").returncode == 0
    (folder.path / "a.txt").write_text("changed\n")
    done = folder.clearance("judge", "--evidence", "kept/evidence")
    assert done.returncode == 3
    assert "made from other inputs" in done.stdout


def test_missing_and_damaged_evidence_is_unknown(folder):
    """A check without evidence, or with a cut file, does not pass and is named."""
    folder.clearance("run", "--evidence-only", "--out", "kept")
    file = folder.path / "kept/evidence/tool.json"
    file.write_bytes(file.read_bytes()[:-20])
    done = folder.clearance("judge", "--evidence", "kept/evidence")
    assert done.returncode == 3
    assert "left out" in done.stderr
    assert folder.verdict()["missing"] == ["tool"]


def test_a_job_that_was_skipped_left_no_evidence(folder):
    """Where a check's job did not run, whatever its status says, its evidence is missing: exit code 3, named."""
    (folder.path / "kept").mkdir()
    done = folder.clearance("judge", "--evidence", "kept")
    assert (done.returncode, folder.verdict()["missing"]) == (3, ["tool"])


def test_now_and_subject_are_told_as_overridden(folder):
    """--now moves the moment, --subject names another commit, and the verdict says so."""
    expires = (datetime.now(UTC) + timedelta(days=2)).date()
    folder.policy(
        findings=1,
        more=(
            '[[waiver]]\nchecks = ["tool"]\nrule = "R1"\npath = "a.txt"\nowner = "ann"\nreason = "x"\n'
            f"expires = {expires}"
        ),
    )
    assert folder.clearance("run").returncode == 0
    assert folder.clearance("run", "--now", f"{expires + timedelta(days=1)}", "--subject", "abc").returncode == 1
    verdict = folder.verdict()
    assert (verdict["now_overridden"], verdict["subject_overridden"]) == (True, True)
    assert verdict["subject"]["commit"] == "abc"
    assert verdict["expired_waivers"][0]["owner"] == "ann"


def test_read_prints_one_object_and_says_whether_it_could(folder):
    """`read` is 0 for a report with findings and 3 for one that cannot be read, an object on stdout either way."""
    folder.policy(findings=2)
    folder.clearance("run")
    done = folder.clearance("read", "sarif", "build/clearance/reports/tool/tool.sarif")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["findings"]) == 2
    broken = folder.clearance("read", "sarif", "tool.py")
    assert broken.returncode == 3
    assert json.loads(broken.stdout)["problems"]
    absent = folder.clearance("read", "sarif", "none.sarif")
    (problem,) = json.loads(absent.stdout)["problems"]
    assert (3, True) == (absent.returncode, problem.startswith("there is no report none.sarif; check the path"))


def test_arguments_reach_the_one_check_and_make_the_verdict_incomplete(folder):
    """What follows -- is handed to the tool, and such a verdict is partial."""
    (folder.path / "tool.py").write_text(TOOL + "\nprint(sys.argv[3:])\n")
    done = folder.clearance("run", "--only", "tool", "--", "-m", "canary")
    assert done.returncode == 0
    assert folder.verdict()["complete"] is False
    assert "['-m', 'canary']" in (folder.path / "build/clearance/logs/tool.log").read_text()


def test_a_check_that_starts_the_gate_is_unknown(folder):
    """The gate refuses to run below itself, however a check's command hides it."""
    (folder.path / "tool.py").write_text(
        "import subprocess, sys\nraise SystemExit(subprocess.call([sys.executable, '-m', 'clearance', 'run']))\n"
    )
    more = f"env = {{ PYTHONPATH = {json.dumps(str(Path(__file__).parents[2]))} }}"
    folder.policy(more=more)
    done = folder.clearance("run")
    assert done.returncode == 3
    assert "a check has started the gate" in done.stdout


def test_a_tree_that_changes_meanwhile_is_unknown(folder):
    """A check that edits the tree cannot pass."""
    (folder.path / "tool.py").write_text(TOOL + "\npathlib.Path('b.txt').write_text('new')\n")
    done = folder.clearance("run")
    assert done.returncode == 3
    assert "the tree changed while it was judged" in folder.verdict()["reasons"][0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_130_and_leaves_no_verdict_and_no_process(folder, number):
    """^C and SIGTERM end the tools, write no verdict, and say so."""
    assert folder.clearance("run").returncode == 0
    (folder.path / "tool.py").write_text(
        "import os, pathlib, time\npathlib.Path('../pid').write_text(str(os.getpid()))\ntime.sleep(600)\n"
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE"))}
    gate = subprocess.Popen(
        [sys.executable, "-m", "clearance", "run"],
        cwd=folder.path,
        env=env | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
    )
    pid = folder.path.parent / "pid"
    deadline = time.monotonic() + 30
    while not (pid.exists() and pid.read_text()):
        assert time.monotonic() < deadline, "the tool did not start"
        assert gate.poll() is None
        time.sleep(0.01)
    gate.send_signal(number)
    _, said = gate.communicate(timeout=30)
    assert gate.returncode == 130
    assert "interrupted" in said
    assert not (folder.path / "build/clearance/verdict.json").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_second_run_in_the_same_folder_waits_for_the_first(folder):
    """One lock a working folder: the later run waits, says so, and passes."""
    (folder.path / "tool.py").write_text(TOOL + "\nwhile pathlib.Path('../hold').exists(): time.sleep(0.01)\n")
    hold = folder.path.parent / "hold"
    hold.touch()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE"))}
    command = {
        "args": [sys.executable, "-m", "clearance", "run", "--no-cache"],
        "cwd": folder.path,
        "env": env | {"PYTHONPATH": str(Path(__file__).parents[2])},
        "stderr": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "text": True,
    }
    with subprocess.Popen(**command) as first:
        assert any("running" in line for line in first.stderr)
        with subprocess.Popen(**command) as second:
            assert "waiting for it to end" in second.stderr.readline()
            hold.unlink()
            second.communicate(timeout=60)
        first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)


def test_read_of_a_folder_prints_a_line_a_file(folder):
    """Each file is named with who would read it and what it says; nothing that lies there breaks the listing."""
    reports = folder.path / "reports"
    (reports / "deep").mkdir(parents=True)
    (reports / "deep/renamed.txt").write_bytes((READINGS / "bandit/issue.json").read_bytes())
    (reports / "notes.json").write_text('{"a": 1}')
    (reports / "binary.xml").write_bytes(b"\x7fELF\0\0")
    (reports / "empty.sarif").touch()
    (reports / "link.json").symlink_to(READINGS / "bandit/issue.json")
    os.mkfifo(reports / "pipe.xml")
    os.truncate(os.open(reports / "zeros", os.O_CREAT | os.O_WRONLY), 200_000_000)

    done = folder.clearance("read", "reports")

    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "reports/binary.xml: not a report",
            "reports/deep/renamed.txt: bandit, 2 files, 2 findings",
            "reports/empty.sarif: not a report: empty",
            "reports/link.json: not a report: a link",
            "reports/notes.json: not a report",
            "reports/pipe.xml: not a report: no ordinary file",
            "reports/zeros: not a report",
        ],
    )
    assert done.stderr == "clearance: 7 files, 1 read, 0 unreadable\n"


def test_read_of_a_folder_with_a_broken_report_is_3(folder):
    """A report that is cut off, or too large to be read, or no report at all, is exit code 3 and said in its line."""
    reports = folder.path / "reports"
    reports.mkdir()
    assert folder.clearance("read", "reports").returncode == 3
    whole = (READINGS / "bandit/issue.json").read_text()
    (reports / "cut.json").write_text(whole[: len(whole) // 2])
    with (reports / "huge.json").open("w") as file:
        file.write(whole + " " * 300_000)
        file.truncate(200_000_000)
    done = folder.clearance("read", "reports")

    cut, huge = done.stdout.splitlines()
    assert done.returncode == 3
    assert cut.startswith("reports/cut.json: bandit, unreadable: The report is not well-formed JSON")
    assert huge == "reports/huge.json: bandit, unreadable: 200,000,000 bytes, more than the 134,217,728 that are read"
    assert folder.clearance("read", "reports/cut.json").stdout.splitlines() == [cut]


@pytest.mark.parametrize(
    ("word", "message"), [("bandit", "no report named for the reader bandit"), ("nowhere", "no file or folder nowhere")]
)
def test_read_of_nothing_is_2(folder, word, message):
    """A reader without a report, or a folder that is not there, is exit code 2 with the next step."""
    done = folder.clearance("read", word)
    assert (done.returncode, message in done.stderr) == (2, True)


def test_no_verb_waits_for_what_load_runs_are_read_with():
    """The command line starts without numpy, which only the readers of load runs need."""
    code = "import clearance.cli.commands, sys; print([m for m in ('numpy', 'boto3', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
