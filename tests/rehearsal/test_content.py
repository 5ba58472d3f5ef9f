"""What a rehearsal is held with: a policy made short, an archive, and a verdict made over."""

import base64
import io
import json
import tarfile
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from clearance.shelf import Folder
from clearance.shelf.attempts import Attempt, Kind
from clearance.subject import configuration
from stack.rehearsal import forgery, subject

POLICY = (Path(__file__).parents[2] / "clearance.toml").read_text(encoding="utf-8")


def tables(text):
    return tomllib.loads(text)


def test_a_short_policy_keeps_what_it_keeps():
    """Some checks of stage `change` and all of stage `plan` stay, as they are; the rest of the change's are gone."""
    whole, short = tables(POLICY), tables(subject.shortened(POLICY, ["sbom", "migrations"]))
    kept = {name: table for name, table in whole["check"].items() if table.get("stage") == "plan"}
    kept |= {name: whole["check"][name] for name in ("sbom", "migrations")}
    assert kept == short["check"]
    assert whole["severity"] == short["severity"]


def test_a_short_policy_has_waivers_of_its_own_checks_alone():
    """A waiver for several checks goes on counting for those that stay."""
    short = tables(subject.shortened(POLICY, ["checkov"]))
    named = {check for waiver in short["waiver"] for check in waiver["checks"]}
    assert named <= short["check"].keys()
    assert "checkov" in named


def test_an_expired_policy_waives_nothing_any_more():
    """Each waiver has ended on the day, and nothing else is different."""
    before, after = tables(POLICY), tables(subject.expired(POLICY, "2020-02-02"))
    assert {date(2020, 2, 2)} == {waiver.pop("expires") for waiver in after["waiver"]}
    for waiver in before["waiver"]:
        del waiver["expires"]
    assert before == after


@pytest.mark.parametrize(
    "text", [POLICY, '[check.x]\nrun = ["x"]\n', '[runtask]\nplan = "x"\n\n[severity]\nX = "low"\n']
)
def test_an_impatient_policy_waits_a_second(text):
    """Whatever was said of waiting, and nothing else, is different."""
    before, after = tables(text), tables(subject.impatient(text))
    assert "1s" == after["runtask"].pop("wait")
    before.setdefault("runtask", {}).pop("wait", None)
    assert before == after


@pytest.fixture
def folder(tmp_path):
    """The configuration of the documentation's test vector."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "modules" / "a").mkdir(parents=True)
    (tmp_path / "infra" / "main.tf").write_text('module "a" {\n  source = "../modules/a"\n}\n')
    (tmp_path / "infra" / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "infra" / "run.sh").chmod(0o755)
    (tmp_path / "infra" / "latest.tf").symlink_to("main.tf")
    (tmp_path / "modules" / "a" / "ä.tf").touch()
    return tmp_path


NAMES = ("infra/main.tf", "infra/run.sh", "infra/latest.tf", "modules/a/ä.tf")


def test_the_digest_is_the_documented_one(folder):
    """Computed from the documentation alone it is that of the documentation's test vector, and the gate's own."""
    archive = subject.pack(folder, NAMES, {})
    vector = "bd6d0c44 a840e444 0aec6a37 98e5b1ef dedf4a93 6367487a 397a5c69 7929e097".replace(" ", "")
    assert vector == forgery.config_digest(archive)
    assert f"sha256:{vector}" == configuration.of_archive(io.BytesIO(archive))


def test_content_may_be_changed_on_the_way(folder):
    """A file's other content is packed under its name, and makes another digest."""
    archive = subject.pack(folder, NAMES, {"infra/main.tf": b"# other\n"})
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert b"# other\n" == tar.extractfile("infra/main.tf").read()
    assert forgery.config_digest(archive) != forgery.config_digest(subject.pack(folder, NAMES, {}))


def test_a_forged_verdict_keeps_its_signature(tmp_path):
    """It says another digest under the same signature, and the gate finds it where it looks for that."""
    genuine, wanted, shelf = "a" * 64, "b" * 64, Folder(tmp_path)
    sealed = {"payload": base64.b64encode(genuine.encode()).decode(), "signatures": ["s"]}
    digest = shelf.store(json.dumps(sealed).encode())
    shelf.file(Attempt(kind=Kind.ATTESTED, commit=genuine, at=datetime.now(UTC), digest=digest))
    forgery.forge(tmp_path, genuine, wanted)
    [filed] = shelf.attempts(wanted)
    forged = json.loads(shelf.fetch(filed.digest))
    assert (Kind.ATTESTED, wanted) == (filed.kind, base64.b64decode(forged["payload"]).decode())
    assert sealed["signatures"] == forged["signatures"]
