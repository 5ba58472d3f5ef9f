"""What is rehearsed with: a clone of the last commit, a policy that is quickly judged, its evidence and a signature.

The gate is a program here, driven as anybody drives it; nothing of it is imported.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stack.errors import StackError
from stack.folders import ROOT

QUICK: Final = ("checkov", "migrations", "sbom", "workflows")  # what a rehearsal has time for, of stage `change`
TIMEOUT_S: Final = 150.0
_TABLE = re.compile(r"(?m)^(?=\[)")
_CHECK = re.compile(r"\[check\.([\w-]+)\]")
_STAGE = re.compile(r'(?m)^stage = "(plan|live)"$')
_CHECKS = re.compile(r"(?m)^checks = \[(.*)\]$")
_CHECKOV = re.compile(r"checkov-[0-9a-f]{12}")
_EXPIRES = re.compile(r"(?m)^expires = \d{4}-\d\d-\d\d$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a program ended, and what it printed on each stream."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was judged and signed, and how many checks' evidence had been made before."""

    commit: str
    config_digest: str
    policy_digest: str
    checks: tuple[str, ...]
    reused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A clone with a verdict beside it. `shelf` is its own; `key` signs, `trust` a trust file of that key alone."""

    folder: Path
    scratch: Path
    shelf: Path
    trust: str = ""

    @property
    def key(self) -> Path:
        """The throw-away key that signs."""
        return self.scratch / "rehearsal.pem"

    @property
    def policy(self) -> Path:
        """The policy that it was judged by."""
        return self.folder / "clearance.toml"

    def gate(self, *words: str | Path) -> Said:
        """Run `clearance` in the clone."""
        return run([sys.executable, "-m", "clearance", *words], self.folder, {"PYTHONPATH": str(ROOT)})

    def checkov(self) -> Path:
        """Return the Python of the environment in which the gate has just run Checkov."""
        there = (self.folder / ".clearance" / "envs").glob("checkov-*[0-9a-f]/bin/python")
        return max(
            (each for each in there if _CHECKOV.fullmatch(each.parts[-3])), key=lambda each: each.stat().st_mtime
        )

    def project(self, name: str, policy: str) -> Path:
        """Make a folder as a worker has it: a policy and what it names, and whose signatures count."""
        folder = self.scratch / name
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(".git", ".clearance", "build"))
        (folder / "clearance.toml").write_text(policy, encoding="utf-8")
        (folder / "clearance.keys.toml").write_text(self.trust, encoding="utf-8")
        return folder

    def archive(self, changed: Mapping[str, bytes] | None = None) -> bytes:
        """Pack what Terraform Cloud would be given; with some files' content changed on the way."""
        listed = run(["git", "ls-files", "-z"], self.folder).out.split("\0")
        return pack(self.folder, [name for name in listed if name], changed or {})


def make(scratch: Path, root: Path = ROOT) -> Subject:
    """Clone the last commit, with a policy in it that is quickly judged and has no patience, and a key to sign with."""
    subject = Subject(folder=scratch / "subject", scratch=scratch, shelf=scratch / "shelf")
    _need(run(["git", "clone", "--quiet", "--no-hardlinks", "--no-tags", root, subject.folder], scratch), "git clone")
    kept = subject.folder / ".clearance"
    kept.mkdir()
    (root / ".clearance" / "envs").mkdir(parents=True, exist_ok=True)
    (kept / "envs").symlink_to(root / ".clearance" / "envs")  # the tools' environments are the same
    policy = impatient(shortened(subject.policy.read_text(encoding="utf-8"), QUICK))
    subject.policy.write_text(policy, encoding="utf-8")
    own = ["-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost", "-c", "commit.gpgsign=false"]
    _need(run(["git", *own, "commit", "-qam", "A policy that is quickly judged"], subject.folder), "git commit")
    write_key(subject.key)
    entry = _need(subject.gate("key", "--key", subject.key, "--owner", "rehearsal", "--days", "1"), "clearance key")
    return replace(subject, trust=entry.out)


def judge(subject: Subject, root: Path = ROOT) -> Verdict:
    """Have it judged and signed; evidence of the same inputs is taken from the project's own shelf."""
    evidence = subject.scratch / "evidence"
    for check in QUICK:
        if (there := root / ".clearance" / "shelf" / check).is_dir():
            shutil.copytree(there, evidence / check)
    judged = subject.gate("run", "--out", subject.scratch / "verdict", "--shelf", evidence)
    if judged.code:
        raise StackError(
            f"The clone did not pass: {' '.join(judged.out.split())[:600] or judged.err[-600:]}",
            hint="`make gate` says more; a rehearsal begins with content that is cleared.",
        )
    sign(subject, subject.key, subject.shelf)
    document = json.loads((subject.scratch / "verdict" / "verdict.json").read_bytes())
    reused = sum(each["reused"] for each in document["evidence"])
    return Verdict(
        commit=document["subject"]["commit"],
        config_digest=document["subject"]["config_digest"],
        policy_digest=document["policy_digest"],
        checks=tuple(each["check"] for each in document["evidence"]),
        reused=reused,
    )


def sign(subject: Subject, key: Path, shelf: Path) -> None:
    """Sign the clone's verdict with a key, and file it on a shelf."""
    verdict = subject.scratch / "verdict" / "verdict.json"
    done = subject.gate("attest", "--verdict", verdict, "--key", key, "--shelf", shelf)
    _need(done, "clearance attest")


def shortened(policy: str, checks: Iterable[str]) -> str:
    """Leave of a policy's text some checks of stage `change`, all of stage `plan`, and the waivers of those."""
    tables = _TABLE.split(policy)
    kept = {
        found[1]
        for table in tables
        if (found := _CHECK.match(table)) and (found[1] in checks or '\nstage = "plan"\n' in table)
    }

    return "".join(_part(table, kept) for table in tables)


def _part(table: str, kept: set[str]) -> str:
    """Return what stays of a table where only some checks do."""
    if found := _CHECK.match(table):
        return table if found[1] in kept else ""
    if not table.startswith("[[waiver]]") or not (named := _CHECKS.search(table)):
        return table
    still = [name for name in re.findall(r"[\w-]+", named[1]) if name in kept]
    said = ", ".join(f'"{name}"' for name in still)
    return table[: named.start()] + f"checks = [{said}]" + table[named.end() :] if still else ""


def expired(policy: str, day: str) -> str:
    """Let every waiver of a policy have ended on a day."""
    return _EXPIRES.sub(f"expires = {day}", policy)


def impatient(policy: str) -> str:
    """Let a run wait a second for evidence, and not half an hour."""
    rest = "".join(table for table in _TABLE.split(policy) if not table.startswith("[runtask]"))
    own = "".join(table for table in _TABLE.split(policy) if table.startswith("[runtask]")) or "[runtask]\n"
    own = re.sub(r"(?m)^wait = .*\n", "", own)
    return rest.rstrip() + "\n\n" + own.replace("[runtask]\n", '[runtask]\nwait = "1s"\n', 1).rstrip() + "\n"


def pack(folder: Path, names: Iterable[str], changed: Mapping[str, bytes]) -> bytes:
    """Pack files of a folder as Terraform Cloud keeps a configuration: a gzipped tar."""
    with io.BytesIO() as packed:
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
            for name in names:
                info = tar.gettarinfo(folder / name, arcname=name)
                content = changed.get(name, (folder / name).read_bytes() if info.isfile() else b"")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return packed.getvalue()


def write_key(file: Path) -> None:
    """Make a key that signs, and is thrown away with its folder."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(pem)


def run(words: Iterable[str | Path], folder: Path, environ: Mapping[str, str] | None = None) -> Said:
    """Run a program to its end. Raises StackError where it does not end in time."""
    try:
        done = subprocess.run(
            list(words),
            cwd=folder,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"{' '.join(map(str, error.cmd[:4]))} did not end in {TIMEOUT_S:.0f} s") from None
    return Said(code=done.returncode, out=done.stdout, err=done.stderr)


def _need(said: Said, what: str) -> Said:
    if said.code:
        raise StackError(f"{what} failed: {said.err.strip()[-600:] or said.out.strip()[-600:]}")
    return said
