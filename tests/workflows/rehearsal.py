"""Runs the workflows' own steps on this machine, job after job, with stand-ins for the actions that they use.

`python -m tests.workflows.rehearsal` rehearses a push to the protected branch of this repository: every check gathered,
judged, signed by a key in moto's KMS, filed on a shelf in moto's S3, and verified. What a runner does is done as it
does it: a folder, a home and a temporary folder a job, outputs, paths and summaries through files, `bash -eo pipefail`.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.workflows.expressions import evaluate, fill, written

ROOT = Path(__file__).parents[2]
SUMMARY_LIMIT = 1024 * 1024
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}  # as GitHub starts them
PASSED_ON = (
    "HOME",
    "LANG",
    "SSL_CERT_FILE",
    "UV_CACHE_DIR",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "PIP_INDEX_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "PIP_CACHE_DIR",
)


@dataclass
class Outcome:
    """What became of a job: success, failure or skipped; its outputs, and what its steps printed."""

    result: str
    outputs: dict = field(default_factory=dict)
    log: str = ""
    summary: str = ""


@dataclass
class Rehearsal:
    """One event of one repository: `origin` is its clone with the branch, `commit` what the event is about."""

    origin: Path
    commit: str
    event: str
    folder: Path
    payload: dict = field(default_factory=dict)
    variables: dict = field(default_factory=dict)
    environ: dict = field(default_factory=dict)
    installed: Path | None = None  # the programs of a Clearance that is there, in place of installing one
    path: str = os.environ["PATH"]
    lost: tuple = ()  # jobs that die before they say anything
    attempt: int = 1
    quiet: bool = True
    used: list = field(default_factory=list)
    outcomes: dict = field(default_factory=dict)

    def workflow(self, file, inputs=None, prefix=""):
        """Run the jobs of a workflow in the order of their needs; return whether all went well."""
        said = yaml.safe_load(Path(file).read_text())
        trigger = said[True]  # YAML 1.1 reads `on` so
        call = trigger.get("workflow_call") if isinstance(trigger, dict) else None
        declared = {name: one.get("default") for name, one in ((call or {}).get("inputs") or {}).items()}
        needed, jobs = {}, dict(said["jobs"])
        while jobs:
            name = next(n for n, job in jobs.items() if not set(_needs(job)) & set(jobs))
            job = {"defaults": said.get("defaults", {}), **jobs.pop(name)}
            needed[name] = self.job(name, job, {**declared, **(inputs or {})}, needed, prefix)
        return needed

    def job(self, name, job, inputs, needed, prefix):
        """Run one job, or one for each check of its matrix."""
        needs = {n: {"result": needed[n].result, "outputs": needed[n].outputs} for n in _needs(job)}
        context = {**self._context(inputs), "needs": needs}
        before = [needed[n].result for n in needs]
        if not _wanted(job.get("if"), context, failed=any(result != "success" for result in before)):
            outcome = Outcome("skipped")
        elif "uses" in job:
            given = {key: fill(value, context, {}) for key, value in job.get("with", {}).items()}
            called = self.workflow(_called(job["uses"]), given, f"{prefix}{name} / ")
            bad = any(one.result == "failure" for one in called.values())
            outcome = Outcome("failure" if bad else "success")
        else:
            outcome = self._each(name, job, context, prefix)
        self.outcomes[f"{prefix}{name}"] = outcome
        return outcome

    def _each(self, name, job, context, prefix):
        functions = {"fromJSON": lambda text: json.loads(text) if text else []}
        matrix = job.get("strategy", {}).get("matrix", {})
        rows = [{}]
        for key, values in matrix.items():
            rows = [{**row, key: value} for row in rows for value in fill(values, context, functions)]
        outcomes = []
        for row in rows:
            title = f"{prefix}{written(fill(job['name'], {**context, 'matrix': row}, {}))}"
            outcome = (
                Outcome("failure", log="lost")
                if title in self.lost
                else self._run(job, {**context, "matrix": row}, title)
            )
            self.outcomes[title] = outcome
            outcomes.append(outcome)
            if not self.quiet:
                print(f"{outcome.result:<8} {title}", flush=True)
        if not matrix:
            return outcomes[0]
        bad = not outcomes or any(one.result == "failure" for one in outcomes)
        return Outcome("failure" if bad else "success", outputs=outcomes[-1].outputs if outcomes else {})

    def _context(self, inputs):
        return {
            "inputs": inputs,
            "vars": self.variables,
            "github": {
                "event_name": self.event,
                "event": {"repository": {"default_branch": "main"}, **self.payload},
                "repository": "owner/repository",
                "ref": "refs/heads/main",
                "ref_protected": True,
                "server_url": "https://github.com",
                "token": "none",
                "workflow": "gate",
                "run_attempt": self.attempt,
            },
        }

    def _run(self, job, context, title):
        place = self.folder / f"{hashlib.sha256(title.encode()).hexdigest()[:12]}-{self.attempt}"
        for part in ("work", "temp"):
            (place / part).mkdir(parents=True)
        files = {
            key: place / key.lower() for key in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")
        }
        environ = {key: os.environ[key] for key in PASSED_ON if key in os.environ} | self.environ
        environ |= {key: str(file) for key, file in files.items()}
        event = place / "event.json"
        event.write_text(json.dumps(self.payload))
        environ |= {
            "RUNNER_TEMP": str(place / "temp"),
            "GITHUB_WORKSPACE": str(place / "work"),
            "CI": "true",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "owner/repository",
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.com",
            "PATH": self.path,
        }
        context = {**context, "runner": {"temp": str(place / "temp"), "os": "Linux"}, "steps": {}}
        stage = _Stage(self, place / "work", environ, context, files, job["defaults"].get("run", {}).get("shell"))
        environ |= {key: written(fill(value, context, {})) for key, value in job.get("env", {}).items()}
        for step in job["steps"]:
            stage.step(step)
        outputs = {key: written(fill(value, stage.context, {})) for key, value in job.get("outputs", {}).items()}
        return Outcome("failure" if stage.failed else "success", outputs, "".join(stage.log), stage.summary)


class _Stage:
    """Where the steps of one job run, one after another."""

    def __init__(self, rehearsal, work, environ, context, files, shell):
        self.rehearsal, self.work, self.environ, self.context, self.files = rehearsal, work, environ, context, files
        self.bash = SHELLS[shell]
        self.failed, self.log, self.summary = False, [], ""

    def step(self, step):
        functions = {"hashFiles": lambda *_: "digest"}
        if not _wanted(step.get("if"), self.context, failed=self.failed):
            return
        if "uses" in step:
            action = step["uses"].split("@")[0]
            self.rehearsal.used.append(action)
            given = {key: fill(value, self.context, functions) for key, value in step.get("with", {}).items()}
            try:
                ACTIONS[action](self, given)
            except (OSError, subprocess.CalledProcessError, AssertionError, ValueError) as error:
                self.failed = True
                self.log.append(f"{action}: {error!r}\n")
            return
        if step["name"] == "Install Clearance" and self.rehearsal.installed:
            self.environ["PATH"] = f"{self.rehearsal.installed}{os.pathsep}{self.environ['PATH']}"
            Path(self.environ["RUNNER_TEMP"], "clearance").symlink_to(self.rehearsal.installed.parent)
            return
        self._shell(step)

    def _shell(self, step):
        for file in self.files.values():
            file.write_text("")
        env = {key: written(fill(value, self.context, {})) for key, value in step.get("env", {}).items()}
        assert "${{" not in step["run"], "an expression in a script is an injection"
        done = subprocess.run(
            [*self.bash, "-c", step["run"]],
            cwd=self.work / step.get("working-directory", "."),
            env={**self.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=1800,
        )
        self.log.append(f"$ {step['name']}\n{done.stdout}[{done.returncode}]\n")
        self.failed |= done.returncode != 0
        lines = self.files["GITHUB_OUTPUT"].read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        self.context["steps"][step.get("id", "")] = {"outputs": outputs}
        for place in reversed(self.files["GITHUB_PATH"].read_text().split()):
            self.environ["PATH"] = f"{place}{os.pathsep}{self.environ['PATH']}"
        said = self.files["GITHUB_STEP_SUMMARY"].read_text()
        assert len(said.encode()) <= SUMMARY_LIMIT, "GitHub drops such a summary whole"
        self.summary += said


def checkout(stage, given):
    """Clone what the event is about, or the ref that is asked for."""
    target = stage.work / given.get("path", ".")
    _git(stage.work, "clone", "-q", "--no-hardlinks", str(stage.rehearsal.origin), str(target))
    _git(target, "checkout", "-q", given.get("ref") or stage.rehearsal.commit)


def upload(stage, given):
    """Keep files under a name; of several paths, below the folder that they share."""
    files = [file for line in given["path"].split() for file in _files(stage.work / line)]
    if not files:
        raise FileNotFoundError(given["path"])
    paths = [stage.work / line for line in given["path"].split()]
    base = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))
    target = stage.rehearsal.folder / "artifacts" / given["name"]
    shutil.rmtree(target, ignore_errors=True)
    for file in files:
        (target / file.relative_to(base)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / file.relative_to(base))


def download(stage, given):
    """Fetch what was kept: one by its name, or each that a pattern names into a folder of its own, but a lone one."""
    kept = stage.rehearsal.folder / "artifacts"
    if "name" in given:
        shutil.copytree(kept / given["name"], given["path"], dirs_exist_ok=True)
        return
    Path(given["path"]).mkdir(parents=True, exist_ok=True)
    found = sorted(kept.glob(given["pattern"]))
    for one in found:
        shutil.copytree(one, Path(given["path"]) / (one.name if len(found) > 1 else ""), dirs_exist_ok=True)


def take_sarif(_stage, given):
    """Look whether it is SARIF, as code scanning does first."""
    assert json.loads(Path(given["sarif_file"]).read_text())["version"] == "2.1.0"


def nothing(_stage, _given):
    """Python is there, caches are empty, and moto asks for no role."""


ACTIONS = {
    "actions/checkout": checkout,
    "actions/setup-python": nothing,
    "actions/cache": nothing,
    "actions/upload-artifact": upload,
    "actions/download-artifact": download,
    "github/codeql-action/upload-sarif": take_sarif,
    "aws-actions/configure-aws-credentials": nothing,
}


def _files(path):
    inside = path.rglob("*") if path.is_dir() else [path]
    return [file for file in inside if file.is_file() and file.name != ".gitignore"]


def _needs(job):
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def _wanted(condition, context, *, failed):
    """Whether a job or step runs: without a word about its state, only where all went well before it."""
    functions = {
        "always": lambda: True,
        "cancelled": lambda: False,
        "failure": lambda: failed,
        "success": lambda: not failed,
    }
    if condition is None:
        return not failed
    text = str(condition).strip().removeprefix("${{").removesuffix("}}")
    says = any(f"{name}()" in text for name in functions)
    return bool(evaluate(text, context, functions)) and (says or not failed)


def _called(uses):
    assert uses.startswith("$/"), uses
    return ROOT / uses.removeprefix("$/")


def _git(folder, *words):
    who = [word for key in ("user.name", "user.email") for word in ("-c", f"{key}=a@example.org")]
    command = ["git", "-c", "commit.gpgsign=false", "-c", "safe.directory=*", *who, *words]
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def protect(origin, aws, owner="ci"):
    """Make a key in KMS and a bucket under lock, let the branch trust the key; return the repository's variables."""
    import boto3

    session = boto3.Session(
        aws["AWS_ACCESS_KEY_ID"], aws["AWS_SECRET_ACCESS_KEY"], region_name=aws["AWS_DEFAULT_REGION"]
    )
    make = {name: session.client(name, endpoint_url=aws["AWS_ENDPOINT_URL"]) for name in ("kms", "s3")}
    key = make["kms"].create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    place = {"LocationConstraint": aws["AWS_DEFAULT_REGION"]}
    make["s3"].create_bucket(Bucket="shelf", CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True)
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}}
    make["s3"].put_object_lock_configuration(Bucket="shelf", ObjectLockConfiguration=lock)
    words = ["key", "--key", f"awskms:{key}", "--owner", owner]
    entry = subprocess.run(
        [sys.executable, "-m", "clearance", *words],
        env={**os.environ, **aws, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    (origin / "clearance.keys.toml").write_text(entry)
    _git(origin, "add", "-A")
    _git(origin, "commit", "-qm", "Trust the key of the workflows")
    return {
        "CLEARANCE_KEY": f"awskms:{key}",
        "CLEARANCE_SHELF": "s3://shelf/clearance",
        "CLEARANCE_REGION": "eu-central-1",
    }


def main():
    """Rehearse a push of what is committed here; 0 where the verdict is PASS, signed and verified."""
    from tests.clearance.github_api import GitHub
    from tests.clearance.moto_server import serving

    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder, serving() as aws, GitHub().serving() as github:
        origin = Path(folder) / "origin"
        _git(ROOT, "clone", "-q", "--no-hardlinks", str(ROOT), str(origin))
        _git(origin, "checkout", "-q", "-B", "main")
        before = _git(origin, "rev-parse", "HEAD")
        variables = protect(origin, aws)
        rehearsal = Rehearsal(
            origin=origin, commit=_git(origin, "rev-parse", "HEAD"), event="push", folder=Path(folder) / "run",
            payload={"before": before}, variables=variables, environ=aws | {"GITHUB_API_URL": github.url}, quiet=False,
        )  # fmt: skip
        gate = yaml.safe_load((ROOT / ".github/workflows/gate.yml").read_text())["jobs"]
        rehearsal.job("gate", gate["gate"], {}, {}, "")
        rehearsal.job("attest", {**gate["attest"], "needs": []}, {}, {}, "")
        for title in ("gate / verdict", "attest / signature"):
            print(rehearsal.outcomes[title].log)
    signed = "\nverified PASSED: " in rehearsal.outcomes["attest / signature"].log
    print("judged, signed and verified" if signed else "NOT verified")
    return 0 if signed and rehearsal.outcomes["gate"].result == "success" else 1


if __name__ == "__main__":
    sys.exit(main())
