"""The workflows as they are written: valid, pinned, without rights that they do not need, and with no way around."""

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from clearance.cli import project
from clearance.cli.commands import perform
from clearance.github.codeowners import owners
from clearance.model import Stage
from tests.workflows.expressions import evaluate, fill

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OWN = re.compile(r"uses: \$/\.github/workflows/[\w.-]+\.yml$")


def schema(name):
    return json.loads((files("check_jsonschema.builtin_schemas.vendor") / f"{name}.json").read_text())


def parse(file):
    said = yaml.safe_load((GITHUB / "workflows" / file).read_text())
    return said["jobs"]


def steps(job):
    return [step for step in job.get("steps", []) if "run" in step]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_it_is_a_workflow(file):
    """Each workflow is valid by the JSON Schema of workflows."""
    said = yaml.safe_load(file.read_text())
    said["on"] = said.pop(True)  # YAML 1.1 reads `on` so
    jsonschema.Draft7Validator(schema("github-workflows")).validate(said)


def test_dependabot_knows_its_file():
    """Dependabot's file is valid by its JSON Schema, and keeps the actions up to date."""
    said = yaml.safe_load((GITHUB / "dependabot.yml").read_text())
    jsonschema.Draft7Validator(schema("dependabot")).validate(said)
    assert "github-actions" in {one["package-ecosystem"] for one in said["updates"]}


def lint(*workflows):
    """Assert that actionlint has no objection to workflows."""
    words = [Path(sys.executable).with_name("actionlint"), "-shellcheck=", "-pyflakes=", *workflows]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout + done.stderr)


def test_actionlint_has_no_objection():
    """The linter of workflows finds no mistake in keys, expressions, needs and outputs."""
    lint(*WORKFLOWS)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_it_is_pinned_and_modest(file):
    """Actions are pinned by digest and say their version, rights are given job by job, scripts hold no expression."""
    lines = [line.strip().removeprefix("- ") for line in file.read_text().splitlines()]
    used = [line for line in lines if line.startswith("uses:")]
    said = yaml.safe_load(file.read_text())
    assert [] == [line for line in used if not PINNED.match(line) and not OWN.match(line)]
    assert {} == said["permissions"]
    assert [] == [name for name, job in said["jobs"].items() if "permissions" not in job]
    assert [] == [step["name"] for job in said["jobs"].values() for step in steps(job) if "${{" in step["run"]]


def test_every_check_of_the_policy_is_in_the_matrix(capsys):
    """What the matrix is made of are all checks that the policy requires of a change, and no other."""
    assert perform(["checks", "--stage", "change", "--format", "json", "--policy", str(ROOT / "clearance.toml")]) == 0
    asked = {
        one.check for one in project.find(str(ROOT / "clearance.toml")).policy.requirements if one.stage is Stage.CHANGE
    }
    assert asked == set(json.loads(capsys.readouterr().out))


def test_every_check_is_run_uploaded_and_judged(capsys):
    """For each check of the policy the matrix runs it and uploads its evidence under the name that the judge takes."""
    perform(["checks", "--format", "json", "--policy", str(ROOT / "clearance.toml")])
    listed = capsys.readouterr().out.strip()
    jobs = parse("clearance.yml")
    context = {"needs": {"plan": {"outputs": {"checks": listed}}}, "inputs": {"stage": "change"}}
    matrix = fill(jobs["gather"]["strategy"]["matrix"]["check"], context, {"fromJSON": json.loads})
    upload = next(step["with"] for step in jobs["gather"]["steps"] if "upload-artifact" in step.get("uses", ""))
    download = next(step["with"] for step in jobs["judge"]["steps"] if "download-artifact" in step.get("uses", ""))
    taking = next(step["run"] for step in steps(jobs["judge"]) if "clearance checks" in step["run"])

    assert json.loads(listed) == matrix
    assert 'clearance run --evidence-only --stage "$STAGE" --only "$CHECK"' in jobs["gather"]["steps"][-2]["run"]
    assert ("error", "evidence-${{ inputs.stage }}*") == (upload["if-no-files-found"], download["pattern"])
    for check in matrix:
        name = fill(upload["name"], {**context, "matrix": {"check": check}}, {})
        said = taking.replace("$STAGE", "change").replace("$check", check)
        assert f'kept="$RUNNER_TEMP/gathered/{name}"' in said
        assert f'cp "$kept/evidence/{check}.json"' in said


def test_the_judge_judges_whatever_became_of_the_others():
    """It runs always, after all others, and no step before the verdict may be left out or fail unseen."""
    jobs = parse("clearance.yml")
    assert ("always()", {"plan", "gather"}) == (jobs["judge"]["if"], set(jobs["judge"]["needs"]))
    assert jobs["gather"]["strategy"]["fail-fast"] is False
    every = [step for job in jobs.values() for step in [job, *job.get("steps", [])]]
    assert [] == [one for one in every if "continue-on-error" in one]


def test_only_the_signing_and_the_commenting_may_write():
    """Jobs that run what is judged have no right to write; the one exception uploads findings and runs nothing."""
    for file in WORKFLOWS:
        for name, job in parse(file.name).items():
            writing = [right for right, how in job["permissions"].items() if how == "write"]
            own = "uses" in job or name in {"attest", "comment"}
            assert own or not writing or (writing == ["security-events"] and not steps(job)), name


def test_only_checks_may_use_a_cache():
    """What a check saved in a cache reaches no job that plans, judges, publishes, signs or comments."""
    modes = {}
    for name in ("attest.yml", "comment.yml", "clearance.yml"):
        usual = yaml.safe_load((GITHUB / "workflows" / name).read_text()).get("cache-mode")
        modes |= {key: job.get("cache-mode", usual) for key, job in parse(name).items()}
    assert {"gather"} == {job for job, mode in modes.items() if mode != "none"}


def test_signing_executes_nothing_of_what_is_judged():
    """Where the judged tree lies, only Clearance and the shell's own words are run; what installs lies elsewhere."""
    job = parse("attest.yml")["attest"]
    allowed = {"clearance", "mkdir", "cp", "find", "read", "test", "while", "done", "do", "file"}
    uses = [step.get("uses", "") for step in job["steps"]]
    assert [] == [use for use in uses if use.startswith(("$/", "./", "actions/cache"))]
    for step in steps(job):
        first = {found[1] for line in step["run"].splitlines() if (found := re.match(r"\s*(\w+)", line))}
        if step.get("working-directory") == "judged":
            assert first <= allowed, step["name"]
        else:
            assert step.get("working-directory") == "trusted" or not re.search(
                r"make|clearance |python|uv ", step["run"]
            )


def test_nothing_is_said_of_a_signature_that_was_not_verified():
    """The commit's status comes after signing and verifying, and only where both went well."""
    named = {step.get("name"): step for step in parse("attest.yml")["attest"]["steps"]}
    order = [
        "Sign the verdict, and file it",
        "Hold the signature against the keys that the branch trusts",
        "Say so on the commit",
    ]
    assert order == [name for name in named if name in order]
    assert [] == [name for name in order if "always()" in named[name]["if"]]


@pytest.mark.parametrize(
    ("event", "protected", "key", "groups", "signs"),
    [
        ("push", True, "awskms:k", False, True),
        ("push", True, "awskms:k", True, True),
        ("merge_group", False, "awskms:k", False, False),
        ("merge_group", False, "awskms:k", True, True),
        ("merge_group", False, "", True, False),
        ("push", False, "awskms:k", True, False),
        ("pull_request", True, "awskms:k", True, False),
        ("workflow_dispatch", True, "awskms:k", True, False),
        ("push", True, "", False, False),
    ],
)
def test_only_the_branch_is_signed(event, protected, key, groups, signs):
    """And merge groups for whoever asks; a pull request, a push to a queue's branch and a run without a key are not."""
    context = {
        "vars": {"CLEARANCE_KEY": key},
        "github": {"event_name": event, "ref_protected": protected},
        "inputs": {"merge_groups": groups},
    }
    assert signs == bool(evaluate(parse("attest.yml")["attest"]["if"], context, {}))


def test_a_merge_group_is_signed_by_a_file_that_is_named_by_its_commit_alone():
    """Here the file is called as it stands in the same commit, and so for the branch alone."""
    call = parse("gate.yml")["attest"]
    assert (False, "github.event_name == 'push'" in call["if"]) == ("merge_groups" in call["with"], True)
    assert (
        False
        is yaml.safe_load((GITHUB / "workflows/attest.yml").read_text())[True]["workflow_call"]["inputs"][
            "merge_groups"
        ]["default"]
    )


def group(event, **more):
    """The concurrency group of a run of the gate, and whether a newer one cancels it."""
    said = yaml.safe_load((GITHUB / "workflows/gate.yml").read_text())["concurrency"]
    context = {"github": {"workflow": "gate", "event_name": event, **more}}
    return fill(said["group"], context, {}), fill(said["cancel-in-progress"], context, {})


def test_what_landed_is_judged_to_its_end():
    """A newer push to a pull request cancels the older run; two commits on the branch never wait for one another."""
    branch = {"ref": "refs/heads/main"}
    assert group("push", sha="1", **branch) != group("push", sha="2", **branch)
    assert not group("push", sha="1", **branch)[1]
    request = {"ref": "refs/pull/7/merge"}
    assert group("pull_request", sha="1", **request) == group("pull_request", sha="2", **request)
    assert group("pull_request", sha="1", **request)[1]


def test_a_pull_request_that_is_turned_to_another_branch_is_judged_again():
    """A check stands on a commit, whatever it was judged for: so for this branch alone, and when one turns to it."""
    asked = yaml.safe_load((GITHUB / "workflows/gate.yml").read_text())[True]
    assert asked["push"]["branches"] == asked["pull_request"]["branches"] == ["main"]
    assert {"opened", "synchronize", "reopened", "edited"} == set(asked["pull_request"]["types"])


@pytest.mark.parametrize(
    ("conclusion", "comments"),
    [
        ("success", True),
        ("failure", True),
        ("cancelled", False),
        ("action_required", False),
        ("startup_failure", False),
    ],
)
def test_only_a_run_that_judged_is_commented(conclusion, comments):
    """A run that was cancelled, that waits for an approval or that never began has no verdict to comment on."""
    context = {"github": {"event": {"workflow_run": {"event": "pull_request", "conclusion": conclusion}}}}
    assert comments == evaluate(parse("comment.yml")["comment"]["if"], context, {})


@pytest.mark.parametrize(
    "path",
    ["clearance.toml", "clearance.keys.toml", "security/rules/ruff.txt", ".github/workflows/gate.yml",
     ".github/CODEOWNERS", "load/slo.yaml", "uv.lock", "pyproject.toml"],
)  # fmt: skip
def test_what_the_gate_asks_has_an_owner(path):
    """Whoever edits the policy, its lists, the trusted keys, the workflows or the owners needs an owner's approval."""
    assert owners((GITHUB / "CODEOWNERS").read_text(), path)


CALLING = """\
name: gate
on: push
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-24.04
    steps: [{ run: "true" }]
"""


@pytest.mark.parametrize(
    ("guide", "number", "job", "around"),
    [("use-in-github", 0, "gate", ""), ("use-in-github", 1, "comment", ""), ("block-merges", 0, "attest", CALLING)],
)
def test_another_repository_needs_ten_lines(tmp_path, guide, number, job, around):
    """What the guides say is valid, gives what the called workflow asks for, and has ten lines at most."""
    text = re.findall(r"```yaml\n(.*?)```", (ROOT / f"docs/how-to/{guide}.md").read_text(), re.DOTALL)[number]
    file = tmp_path / ".github/workflows/gate.yml"
    file.parent.mkdir(parents=True)
    file.write_text(around + text)
    said = yaml.safe_load(file.read_text())
    calling = said["jobs"][job]
    called = yaml.safe_load((ROOT / calling["uses"].split("@")[0].removeprefix("OWNER/clearance/")).read_text())
    rights = {right: how for each in called["jobs"].values() for right, how in each["permissions"].items()}

    assert len(text.splitlines()) <= 10
    assert rights == calling["permissions"]
    assert set(calling["with"]) <= set(called[True]["workflow_call"]["inputs"])
    said["on"] = said.pop(True)
    jsonschema.Draft7Validator(schema("github-workflows")).validate(said)
    lint(file)


PYTHON = """\
#!/bin/sh
printf '%s|' "$@" >>"$RUNNER_TEMP/words"
test "$1 $2" != "-m venv" || { mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; }
"""


@pytest.mark.parametrize(
    ("file", "job", "words"),
    [
        ("clearance.yml", "plan", ["clearance[github]==1", "uv==0.13.9"]),
        (
            "clearance.yml",
            "gather",
            ["clearance[github]==1", "uv==0.13.9", "-r", "requirements-dev.txt", "bandit>=1;$(x)"],
        ),
        ("clearance.yml", "judge", ["clearance[github]==1", "uv==0.13.9"]),
        ("attest.yml", "attest", ["clearance[github]==1", "uv==0.13.9"]),
        ("comment.yml", "comment", ["clearance[github]==1"]),
    ],
)
def test_the_tools_are_installed_where_checks_run(tmp_path, file, job, words):
    """Where an adopter's tools are on PATH, pip puts them beside the gate: in the jobs that check, and in no other."""
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    given = {"clearance": "clearance[github]==1", "tools": "-r requirements-dev.txt bandit>=1;$(x)"}
    step = next(step for step in steps(parse(file)[job]) if step["name"] == "Install Clearance")
    env = {name: fill(value, {"inputs": given}, {}) for name, value in step["env"].items()}
    env |= {"PATH": f"{tmp_path}:/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(tmp_path / "path")}
    subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], env=env, cwd=tmp_path, check=True)
    said = (tmp_path / "words").read_text().split("--disable-pip-version-check|")[1].split("|")[:-1]
    assert words == said
    assert (tmp_path / "clearance/bin/python").exists()


@pytest.mark.parametrize("text", ["github.sha & 1", "github['x']", "toJSON(github)", "secrets.KEY"])
def test_what_cannot_be_rehearsed_is_an_error(text):
    """An expression that the rehearsal does not know is no guess."""
    with pytest.raises((ValueError, KeyError)):
        evaluate(text, {"github": {}}, {})
