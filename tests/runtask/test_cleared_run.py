"""From a commit to a run: what the command line judges, signs and files, the run task finds by content alone."""

import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from clearance.attest import keys, trust
from clearance.attest.trust import Use
from clearance.runtask.decide import decide
from clearance.runtask.library import PinnedLibrary, open_shelf
from clearance.runtask.nouns import Materials
from clearance.subject import configuration
from tests.runtask.signing import request

ROOT = Path(__file__).parents[2]
POLICY = """
[check.files]
run = ["sh", "-c", "ls *.tf > $0", "{report}"]
report = "files.txt"
reader = "file-list"
inputs = ["*.tf"]
covers = "inputs"
"""


class Project:
    """A repository with a configuration, a policy and a trust file, and a shelf beside it."""

    def __init__(self, folder):
        self.folder, self.keys, self.shelf = folder / "project", folder / "keys", folder / "shelf"
        for made in (self.folder, self.keys):
            made.mkdir()
        (self.folder / "main.tf").write_text('resource "null_resource" "this" {}\n')
        (self.folder / "clearance.toml").write_text(POLICY)
        now = datetime.now(UTC)
        entries = []
        for name, use in (("ci", Use.VERDICT), ("ann", Use.OVERRIDE), ("bob", Use.OVERRIDE)):
            private = Ed25519PrivateKey.generate()
            pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (self.keys / name).write_bytes(pem)
            public = keys.public(keys.load(str(self.keys / name), {}))
            ends = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=1)}
            entries.append(trust.entry(public, owner=name, use=use, **ends))
        (self.folder / trust.FILE).write_text("".join(entries))
        self.git("init", "-q")
        self.commit()

    def git(self, *words):
        return self._run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]).stdout

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD").decode().strip()

    def clearance(self, *words):
        return self._run([sys.executable, "-m", "clearance", *words], check=False).returncode

    def sign(self):
        self.clearance("run")
        return self.clearance("attest", "--key", str(self.keys / "ci"), "--shelf", str(self.shelf))

    def decide(self, **facts):
        """Decide on what Terraform Cloud would upload of HEAD, as the worker does."""
        library = PinnedLibrary(
            self.folder / "clearance.toml", self.folder / trust.FILE, open_shelf(str(self.shelf)), None
        )
        digest = configuration.of_archive(io.BytesIO(self.git("archive", "--format=tar.gz", "HEAD")))
        materials = Materials(
            now=datetime.now(UTC),
            policy=library.policy(),
            trust=library.trust(),
            config_digest=digest,
            envelopes=library.envelopes(digest),
            fetch=library.fetch,
            overrides=library.overrides,
            waited=True,
        )
        return decide(request(**facts), materials)

    def _run(self, argv, *, check=True):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("CLEARANCE_", "GIT_"))}
        env = clean | {"PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull}
        return subprocess.run(argv, cwd=self.folder, env=env, capture_output=True, check=check, timeout=120)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_a_run_of_what_was_signed_is_cleared_whatever_commit_holds_it(project):
    """A merge has another commit than the branch, and the same content; other content is held."""
    before = project.decide().status
    assert ("failed", 0) == (before, project.sign())
    project.git("commit", "-q", "--allow-empty", "-m", "a merge of the same content")
    same = project.decide()
    (project.folder / "main.tf").write_text("# something else\n")
    project.commit()
    assert ("passed", "failed") == (same.status, project.decide().status)


def test_a_run_of_what_two_people_let_go_on_is_not_held(project):
    """Through the shelf, for the commit that a signed FAIL says the configuration is of."""
    (project.folder / "clearance.toml").write_text(POLICY + "reach = 9\n")
    commit = project.commit()
    assert (0, "failed") == (project.sign(), project.decide().status)
    words = ("override", "--commit", commit, "--shelf", str(project.shelf))
    project.clearance(*words, "--reason", "a test", "--for", "1h", "--key", str(project.keys / "ann"))
    project.clearance(
        "override",
        "--sign",
        "build/clearance/override.dsse.json",
        "--key",
        str(project.keys / "bob"),
        "--shelf",
        str(project.shelf),
    )
    made = project.decide()
    assert ("passed", True) == (made.status, "ann and bob" in made.message)
