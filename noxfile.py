"""Front doors only: `nox -s X` is `clearance run --only X`, and `nox -s gate` is `clearance run`.

What decides lives in `clearance.toml`; a session here holds no threshold and no logic. `nox -l` lists them.
"""

import os
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2026.10.20"
nox.options.default_venv_backend = "uv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["gate"]


def clearance(session: nox.Session, *words: str) -> None:
    """Run the gate out of the environment that nox itself lives in."""
    arguments = ("--", *session.posargs) if session.posargs else ()
    session.run(sys.executable, "-m", "clearance", "run", *words, *arguments, external=True)


def prepare(session: nox.Session, *groups: str, extra: str | None = None) -> None:
    """Install the project, with an extra, and some dependency groups, exactly as locked."""
    wanted = [word for group in groups for word in ("--group", group)]
    wanted += ["--extra", extra] if extra else []
    session.run_install(
        "uv",
        "sync",
        "--locked",
        "--quiet",
        "--no-default-groups",
        *wanted,
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
        external=True,
    )


@nox.session(venv_backend="none")
def gate(session: nox.Session) -> None:
    """Run and judge all that stage `change` requires."""
    clearance(session)


DOORS = (
    ("unit", "Judge the unit tests and their coverage."),
    ("integration", "Judge the scenarios, on the local stack or on BASE_URL; `-- -m canary` sends the one dummy."),
    ("contract", "Judge the API against its own description."),
    ("bandit", "Judge the code's security."),
    ("checkov", "Judge the infrastructure's source."),
    ("secrets", "Judge whether a secret was committed."),
    ("migrations", "Judge whether a migration would lock or break what runs."),
    ("workflows", "Judge the GitHub workflows."),
    ("sbom", "Judge the bill of materials of the Lambda package."),
    ("load", "Judge a load run, by load/slo.yaml, on the local stack or on BASE_URL."),
)


def door(name: str, meaning: str) -> None:
    """Make the session of one check."""

    def judge(session: nox.Session) -> None:
        clearance(session, "--only", name)

    judge.__doc__ = meaning
    nox.session(judge, name=name, venv_backend="none")


for check, meaning in DOORS:
    door(check, meaning)


@nox.session(venv_backend="none", default=False)
def plan(session: nox.Session) -> None:
    """Judge what Terraform says of the infrastructure; it needs the AWS provider, see infra/README.md."""
    clearance(session, "--stage", "plan")


@nox.session(venv_backend="none", default=False)
def audit(session: nox.Session) -> None:
    """Judge what is known against the locked dependencies; it needs the network."""
    clearance(session, "--stage", "live", "--only", "audit")


@nox.session(venv_backend="none", default=False)
def faults(session: nox.Session) -> None:
    """Judge how the service bears a database restart, a crash and a lock under load."""
    clearance(session, "--stage", "live", "--only", "faults")


@nox.session(venv_backend="none", default=False)
def regression(session: nox.Session) -> None:
    """Judge whether this tree is slower than the commit that CLEARANCE_BASE names (origin/main, else main)."""
    clearance(session, "--stage", "live", "--only", "regression")


@nox.session
def lint(session: nox.Session) -> None:
    """Judge the style, and check the format and the import contracts."""
    clearance(session, "--only", "lint")
    prepare(session, "lint", "contracts")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    prepare(session, "types")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test of the project."""
    prepare(session, "test")
    words = session.posargs or ["-n", "3", "--dist", "worksteal"]  # on two cores too: many of them wait
    session.run("python", "-m", "pytest", *words)


@nox.session(default=False)
def rehearsal(session: nox.Session) -> None:
    """Run the workflows' own steps on what is committed: gather, judge, sign, verify; it takes some ten minutes."""
    prepare(session, "test")
    session.run("python", "-m", "tests.workflows.rehearsal")


@nox.session(default=False)
def rehearse(session: nox.Session) -> None:
    """Rehearse a Terraform run, the cleared and the held, on an emulator of AWS; three minutes, see stack/README.md."""
    prepare(session, "stack", "terraform", extra="sign")
    with_uv = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    words = ("python", "-m", "stack", "rehearse", *session.posargs)
    # What is interrupted takes away what it has made, which takes longer than nox waits of itself.
    session.run(*words, env={"PATH": with_uv}, interrupt_timeout=60, terminate_timeout=30)


@nox.session(default=False)
def pictures(session: nox.Session) -> None:
    """Take the pictures of docs/pictures; it needs a Chromium."""
    prepare(session, "test")
    session.run("python", "-m", "tests.browser.pictures", *session.posargs)


@nox.session(venv_backend="none")
def package(session: nox.Session) -> None:
    """Build the Lambda zip in dist/, byte-identical each time."""
    session.run(sys.executable, "-m", "stack", "package", *session.posargs, external=True)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure, as ratios within one run: see benchmarks/README.md."""
    prepare(session, "bench")
    with_uv = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    session.run("python", "-m", "benchmarks", *session.posargs, env={"PATH": with_uv})
