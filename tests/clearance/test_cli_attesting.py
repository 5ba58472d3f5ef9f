"""Signing, verifying, overriding, remembering at the command line: real keys and repositories, moto's S3 and KMS."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from clearance.attest import envelope, override, trust
from clearance.attest import keys as signing_keys
from clearance.cli.commands import perform
from clearance.model import ClearanceError
from tests.clearance.moto_server import serving

ROOT = Path(__file__).parents[2]
POLICY = """
[check.tool]
run = ["sh", "-c", "echo a.txt > $0; {more}", "{{report}}"]
report = "files.txt"
reader = "file-list"
inputs = ["a.txt"]
reach = {reach}
[check.second]
run = ["sh", "-c", "echo a.txt > $0", "{{report}}"]
report = "files.txt"
reader = "file-list"
inputs = ["a.txt"]
"""
RETENTION = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}}


def command(folder, program, *words):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "GIT_"))}
    who = {f"GIT_{role}_{key}": "someone@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    env = clean | who | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*program, *words], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120
    )


def git(folder, *words):
    done = command(folder, ["git"], *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run(folder, *words):
    return command(folder, [sys.executable, "-m", "clearance"], "run", *words)


def write_key(path):
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem)


class Desk:
    """A repository in which verbs are carried out in this process, with what they print."""

    def __init__(self, folder, keys, capsys):
        self.folder = folder
        self.keys = keys
        self.capsys = capsys
        self.build = folder / "build/clearance"
        self.commit = git(folder, "rev-parse", "HEAD")

    def __call__(self, *words):
        """Return the exit code and what was printed on stdout, or on stderr where nothing was."""
        self.capsys.readouterr()
        code = perform([str(word) for word in words])
        out, err = self.capsys.readouterr()
        return code, out or err


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ci", "ann", "bob", "stranger"):
        write_key(folder / name)
    return folder


@pytest.fixture(scope="module")
def judged(tmp_path_factory, keys):
    """A repository that was judged, with its trust file."""
    folder = tmp_path_factory.mktemp("judged") / "flights"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "clearance.toml").write_text(POLICY.format(more="", reach=1))
    (folder / "a.txt").write_text("a\n")
    (folder / ".gitignore").write_text("build/\n")
    with (folder / "clearance.keys.toml").open("w") as file, contextlib.redirect_stdout(file):
        for name, use in (("ci", "verdict"), ("ann", "override"), ("bob", "override")):
            perform(["key", "--key", str(keys / name), "--owner", name, "--use", use])
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "All of it")
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def desk(judged, keys, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "flights"
    shutil.copytree(judged, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CLEARANCE_SIGNING_KEY", raising=False)
    return Desk(folder, keys, capsys)


@pytest.fixture(scope="module")
def aws():
    with serving() as environment:
        yield environment


@pytest.fixture
def cloud(aws, monkeypatch):
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    return aws


@pytest.fixture
def bucket(cloud):
    name = f"shelf-{uuid4().hex}"
    s3 = boto3.client("s3")
    s3.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": cloud["AWS_DEFAULT_REGION"]},
    )
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=RETENTION)
    return name


def test_a_verdict_is_signed_and_verified(desk):
    """`attest` says what it signed and where; `verify` says who signed it; the history has both."""
    code, said = desk("attest", "--key", desk.keys / "ci")
    assert (0, True) == (code, said.startswith("attested PASSED: commit " + desk.commit[:12]))
    code, said = desk("verify")
    assert (0, True, True) == (code, said.startswith("verified PASSED"), said.endswith("of ci\n"))
    code, said = desk("history", desk.commit)
    assert (0, f"commit {desk.commit[:12]}: 1 attempt (1 pass), 1 signed") == (code, said.splitlines()[0])


def test_a_key_from_the_environment_signs(desk, monkeypatch):
    """Without --key the PEM in CLEARANCE_SIGNING_KEY signs; without either there is a next step."""
    code, said = desk("attest")
    assert (2, True) == (code, "CLEARANCE_SIGNING_KEY is not set" in said)
    monkeypatch.setenv("CLEARANCE_SIGNING_KEY", (desk.keys / "ci").read_text())
    assert 0 == desk("attest")[0]


def test_a_configuration_without_a_digest_is_said(desk):
    """Where a link leads out of the configuration, signing says that no Terraform run can be held against it."""
    (desk.folder / "main.tf").touch()
    (desk.folder / "other.tf").symlink_to("/etc/hostname")
    git(desk.folder, "add", "-A")
    git(desk.folder, "commit", "-q", "-m", "A link")
    run(desk.folder)
    desk.capsys.readouterr()
    code = perform(["attest", "--key", str(desk.keys / "ci")])

    assert (0, True) == (
        code,
        "has no digest: the link 'other.tf' to '/etc/hostname' leads" in desk.capsys.readouterr().err,
    )


def test_signing_needs_no_checkout(desk, tmp_path, monkeypatch):
    """Where only a verdict and its evidence were handed over, they are signed; nothing of the project is needed."""
    handed = tmp_path / "handed over"
    shutil.copytree(desk.build, handed)
    monkeypatch.chdir(handed)
    code, said = desk("attest", "--verdict", "verdict.json", "--key", desk.keys / "ci")
    assert (0, True) == (code, said.endswith(": verdict.dsse.json\n"))
    monkeypatch.chdir(desk.folder)
    assert 0 == desk("verify", handed / "verdict.dsse.json")[0]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--only", "tool"], "the verdict is incomplete: second was not judged"),
        (["--now", "2026-01-01"], "the verdict was overridden: it was made with --now"),
        (["--subject", "c0ffee"], "the verdict was overridden: it was made with --subject"),
        ([], "the verdict is about a dirty tree"),
    ],
)
def test_a_verdict_that_is_not_whole_is_not_signed(desk, words, reason):
    """A partial, overridden or dirty verdict is refused in one line with 3, and nothing is written."""
    if not words:
        (desk.folder / "a.txt").write_text("changed\n")
    run(desk.folder, *words)
    code, said = desk("attest", "--key", desk.keys / "ci")

    assert (3, True, 1) == (code, said.startswith(f"not attested: {reason}"), len(said.splitlines()))
    assert not (desk.build / "verdict.dsse.json").exists()


@pytest.mark.parametrize("change", [Path.unlink, lambda file: file.write_bytes(file.read_bytes() + b" ")])
def test_missing_or_changed_evidence_is_neither_signed_nor_believed(desk, change):
    """What a verdict rests on must lie beside it, unchanged, when it is signed and when it is verified."""
    desk("attest", "--key", desk.keys / "ci")
    change(desk.build / "evidence/tool.json")
    verified, attested = desk("verify"), desk("attest", "--key", desk.keys / "ci")

    for what, (code, said) in (("verified", verified), ("attested", attested)):
        assert (3, True) == (code, said.startswith(f"not {what}: evidence is "))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda file: file.symlink_to(file.rename(file.with_name("x"))), "is a link"),
        (lambda file: os.link(file, file.parent / "x"), "is a hard link"),
        (lambda file: os.truncate(file, 2**40), "1,099,511,627,776 bytes large"),
        (lambda file: (file.unlink(), os.mkfifo(file)), "is a pipe"),
    ],
)
def test_evidence_that_is_no_ordinary_file_is_said_to_be_that(desk, change, reason):
    """A link, a second name, a file larger than what is read, a pipe: neither signed nor believed, and said."""
    desk("attest", "--key", desk.keys / "ci")
    change(desk.build / "evidence/tool.json")

    for what, (code, said) in (("attested", desk("attest", "--key", desk.keys / "ci")), ("verified", desk("verify"))):
        assert (3, True) == (code, said.startswith(f"not {what}: evidence is not what was judged: "))
        assert reason in said


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "--commit", ""],
        ["verify", "--commit", "HEAD"],
        ["override", "--reason", "r", "--commit", "c0ffee0"],
        ["key", "--owner", "a", "--days", "-5"],
        ["key", "--owner", "a", "--days", "99999999999"],
    ],
)
def test_a_commit_is_named_in_full_and_a_key_lasts_some_days(desk, words):
    """No commit, a name for one, a part of one, no days or too many: a wrong usage, before anything is done."""
    with pytest.raises(SystemExit, match="2"):
        desk(*words)


def test_a_key_that_nobody_could_trust_is_not_printed(desk):
    """A key without an owner makes no table, since the trust file would not be read with it; odd letters are kept."""
    assert 2 == desk("key", "--key", desk.keys / "ci", "--owner", " ")[0]
    code, table = desk("key", "--key", desk.keys / "ci", "--owner", 'a"\x7f\n[[key]]')
    (one,) = trust.parse(table.encode()).values()
    assert (0, 'a"\x7f\n[[key]]') == (code, one.owner)


def test_the_stages_of_a_commit_are_signed_side_by_side(desk, tmp_path):
    """What was signed later about another stage does not stand before the verdict that is asked for."""
    shelf = tmp_path / "shelf"
    desk("attest", "--key", desk.keys / "ci", "--shelf", shelf)
    verdict = json.loads((desk.build / "verdict.json").read_text()) | {"stage": "live"}
    (desk.build / "verdict.json").write_text(json.dumps(verdict, separators=(",", ":")))
    desk("attest", "--key", desk.keys / "ci", "--shelf", shelf)

    assert [0, 0, 3] == [desk("verify", "--shelf", shelf, "--stage", stage)[0] for stage in ("change", "live", "plan")]


def test_evidence_from_elsewhere_is_judged_signed_and_verified(desk, tmp_path):
    """What `clearance judge` was given lies beside its verdict, under the name by which it is looked for."""
    elsewhere = (desk.build / "evidence").rename(tmp_path / "evidence")
    (elsewhere / "tool.json").rename(elsewhere / "downloaded.json")

    assert 0 == desk("judge", "--evidence", elsewhere)[0]
    assert [0, 0] == [desk("attest", "--key", desk.keys / "ci")[0], desk("verify")[0]]


def test_a_fail_is_signed_as_such_and_lets_nothing_pass(desk):
    """A FAIL is signed honestly; verifying it ends with 1, and the failed attempt stays in the history."""
    (desk.folder / "clearance.toml").write_text(POLICY.format(more="exit 0", reach=2))
    git(desk.folder, "commit", "-qam", "More reach")
    unknown = run(desk.folder)
    desk.commit = git(desk.folder, "rev-parse", "HEAD")

    assert 3 == unknown.returncode
    code, said = desk("attest", "--key", desk.keys / "ci")
    assert (0, True) == (code, said.startswith("attested FAILED"))
    assert (3, "not verified: the verdict is UNKNOWN\n") == desk("verify")
    verdict = json.loads((desk.build / "verdict.json").read_text())
    verdict["decision"] = verdict["rulings"][0]["decision"] = "fail"
    (desk.build / "verdict.json").write_text(json.dumps(verdict, separators=(",", ":")))
    desk("attest", "--key", desk.keys / "ci")
    assert (1, "not verified: the verdict is FAIL\n") == desk("verify")
    assert "1 attempt (1 unknown), 2 signed" in desk("history", desk.commit[:7])[1]


def test_what_is_checked_out_decides_what_must_have_been_judged(desk):
    """Another commit, another tree, another policy, another key, another stage, no verdict: each is said."""
    desk("attest", "--key", desk.keys / "ci")
    said = [desk("verify", "--stage", "plan"), desk("verify", "--commit", "c0ffee00" * 5)]
    (desk.folder / "a.txt").write_text("changed\n")
    said.append(desk("verify"))
    (desk.folder / "clearance.toml").write_text(POLICY.format(more="", reach=0))
    said.append(desk("verify", "--commit", desk.commit))
    git(desk.folder, "checkout", "-q", ".")
    desk("attest", "--key", desk.keys / "stranger")
    said.append(desk("verify"))
    (desk.build / "verdict.dsse.json").unlink()
    said.append(desk("verify"))
    reasons = ["for stage change, not plan", "another subject: commit", "another subject: tree", "another policy"]

    assert [3] * 6 == [code for code, _ in said]
    for reason, (_, line) in zip([*reasons, "not trusted here", "no signed verdict"], said, strict=True):
        assert reason in line


def test_a_new_run_takes_the_old_signature_away(desk):
    """No signature of an earlier verdict is left beside a new one."""
    desk("attest", "--key", desk.keys / "ci")
    run(desk.folder)

    assert not (desk.build / "verdict.dsse.json").exists()


def test_two_people_override_and_everybody_sees(desk):
    """One person is not enough, nor the same one twice; two are, in verify, in the report and in the history."""
    begin = ["override", "--reason", "the database is down", "--for", "2h", "--key", desk.keys / "ann"]
    file = desk.build / "override.dsse.json"
    assert 0 == desk(*begin)[0]
    code, said = desk("verify", "--override", file)
    assert (3, True) == (code, "signed by ann alone: it takes two people" in said)
    assert "begun by ann" in desk("override", "--sign", file, "--key", desk.keys / "ann")[1]
    code, said = desk("override", "--sign", file, "--key", desk.keys / "bob")
    assert (0, True) == (code, "overridden by ann and bob until" in said)
    code, said = desk("verify", "--override", file)
    assert (0, True) == (code, said.startswith("not verified: there is no signed verdict"))
    assert "but overridden by ann and bob" in said

    shown = run(desk.folder, "--override", str(file))
    assert (0, True) == (shown.returncode, "! overridden by ann and bob until" in shown.stdout)
    for report in ("verdict.json", "summary.md", "report.html"):
        assert "the database is down" in (desk.build / report).read_text()
    lines = desk("history", desk.commit)[1].splitlines()
    assert "2 attempts (2 pass), 1 overridden" in lines[0]
    assert 1 == sum("by ann and bob: the database is down" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--reason", " ", "--key", "ann"], 2, "needs a reason"),
        (["--reason", "r", "--for", "5h", "--key", "ann"], 2, "lasts 4:00:00 at most"),
        (["--reason", "r", "--key", "ci"], 3, "signs verdicts, not overrides"),
        (["--reason", "r", "--key", "stranger"], 3, "not trusted here"),
    ],
)
def test_an_override_that_cannot_be(desk, words, code, reason):
    """Without a reason, for too long, or by a key that may not: refused, and nothing is written."""
    words = [desk.keys / word if words[i - 1] == "--key" else word for i, word in enumerate(words)]
    found, said = desk("override", *words)

    assert (code, True) == (found, reason in said)
    assert not (desk.build / "override.dsse.json").exists()


def test_an_override_that_is_over_takes_no_second_name(desk):
    """Whoever signs too late is told so, the file stays as it was, and nothing is filed."""
    begins = datetime.now(UTC) - timedelta(hours=3)
    begun = override.dumps(desk.commit, "down", begins=begins, lasting=timedelta(hours=2))
    file = desk.folder / "build/override.dsse.json"
    file.write_bytes(envelope.seal(begun, [signing_keys.load(str(desk.keys / "ann"), {})]))
    was = file.read_bytes()
    table = desk.folder / "clearance.keys.toml"
    table.write_text(re.sub("not_before = .*", "not_before = 2020-01-01T00:00:00Z", table.read_text()))
    code, said = desk("override", "--sign", file, "--key", desk.keys / "bob")

    assert (3, True, was) == (code, said.startswith("not overridden: the override has expired"), file.read_bytes())
    assert "overridden" not in desk("history", desk.commit)[1]


def test_an_override_is_for_one_commit(desk):
    """It lets no other commit go on, and a report that is asked to show it refuses."""
    for words in (["--reason", "r", "--key", desk.keys / "ann"], ["--key", desk.keys / "bob", "--sign"]):
        more = [desk.build / "override.dsse.json"] if words[-1] == "--sign" else ["--commit", "c0" * 20]
        desk("override", *words, *more)
    file = desk.build / "override.dsse.json"
    code, said = desk("verify", "--override", file)

    assert (3, True) == (code, "the override is for another commit: c0c0c0c0c0c0" in said)
    assert 2 == run(desk.folder, "--override", str(file)).returncode


def test_history_says_when_there_is_none_and_when_a_record_is_damaged(desk):
    """An unknown commit ends with 3, no commit with 2; a damaged record is counted, not passed over."""
    assert 3 == desk("history", "c0ffee00")[0]
    assert 2 == desk("history", "main")[0]
    (record,) = (desk.folder / ".clearance/shelf/.attempts" / desk.commit).iterdir()
    record.write_text("{")
    code, said = desk("history", desk.commit)
    assert (0, True) == (code, "0 attempts, 1 damaged" in said)
    assert ["unreadable"] == [one["kind"] for one in json.loads(desk("history", desk.commit, "--format", "json")[1])]


def test_history_tells_commits_apart(desk):
    """Another commit's record is no record of this one, and what two commits begin with names neither."""
    attempts = desk.folder / ".clearance/shelf/.attempts"
    (record,) = (attempts / desk.commit).iterdir()
    other = desk.commit[:8] + ("1" if desk.commit[8] == "0" else "0") * 32
    shutil.copytree(attempts / desk.commit, attempts / other)

    assert "0 attempts, 1 damaged" in desk("history", other)[1]
    (attempts / other / record.name).write_text(record.read_text().replace(desk.commit, other))
    code, said = desk("history", desk.commit[:8])
    assert (2, True) == (code, f"2 commits of the history begin with {desk.commit[:8]}" in said)
    assert "1 attempt (1 pass)" in desk("history", desk.commit[:9])[1]


def test_a_shelf_in_s3_serves_whoever_has_the_commit_alone(desk, bucket):
    """A verdict signed in one place is verified in another from the bucket alone, with all its evidence."""
    shelf = f"s3://{bucket}/team/flights"
    first = run(desk.folder, "--no-cache", "--shelf", shelf)
    second = run(desk.folder, "--shelf", shelf)
    assert (0, 0, True) == (first.returncode, second.returncode, "reused" in second.stdout)
    assert 0 == desk("attest", "--key", desk.keys / "ci", "--shelf", shelf)[0]
    shutil.rmtree(desk.folder / "build")
    shutil.rmtree(desk.folder / ".clearance")

    code, said = desk("verify", "--shelf", shelf)
    assert (0, True) == (code, said.startswith("verified PASSED"))
    assert "2 attempts (2 pass), 1 signed" in desk("history", desk.commit, "--shelf", shelf)[1]

    s3 = boto3.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    for one in listed:
        if "/attempts/" in one["Key"]:
            s3.delete_object(Bucket=bucket, Key=one["Key"])
    assert "2 attempts (2 pass), 1 signed" in desk("history", desk.commit, "--shelf", shelf)[1]

    for one in listed:
        if (
            "/objects/" in one["Key"]
            and b'"check":"tool"' in s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()[:400]
        ):
            s3.put_object(Bucket=bucket, Key=one["Key"], Body=b"another")
    code, said = desk("verify", "--shelf", shelf)
    assert (3, True) == (code, "has been changed" in said)


def test_a_bucket_that_forgets_is_refused(desk, cloud):
    """Without versions and a default retention nothing is filed; the run says so, and its answer stands."""
    boto3.client("s3").create_bucket(
        Bucket="forgetful", CreateBucketConfiguration={"LocationConstraint": cloud["AWS_DEFAULT_REGION"]}
    )
    code, said = desk("attest", "--key", desk.keys / "ci", "--shelf", "s3://forgetful")
    assert (2, True) == (code, "would let history be rewritten" in said)
    done = run(desk.folder, "--shelf", "s3://forgetful")
    assert (0, True) == (done.returncode, "this attempt is not in the history" in done.stderr)


def test_a_run_goes_on_without_its_shelf(desk, cloud, monkeypatch):
    """A shelf that does not answer costs time and no verdict; the run says what it did without."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud["AWS_ENDPOINT_URL"].rpartition(":")[0] + f":{port}")
    done = run(desk.folder, "--shelf", "s3://somewhere")

    assert 0 == done.returncode
    for said in ("no evidence is found: ", "no evidence is kept: ", "this attempt is not in the history: "):
        assert 1 == done.stderr.count(said)


@pytest.mark.parametrize(
    ("shelf", "reason"),
    [("s3://Not A Bucket", "is no place in S3"), ("s3://gone-for-good/x", "does not answer")],
)
@pytest.mark.usefixtures("cloud")
def test_a_shelf_that_is_not_there_is_an_error(desk, shelf, reason):
    """A name that is none, and a bucket that nobody has, are said with a next step."""
    code, said = desk("verify", "--shelf", shelf)

    assert (2, True) == (code, reason in said)


@pytest.mark.usefixtures("cloud")
def test_a_key_in_kms_signs_behind_the_same_seam(desk):
    """A P-256 key that never leaves AWS KMS signs; its public half in the trust file verifies."""
    made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    code, table = desk("key", "--key", f"awskms:{made}", "--owner", "kms")
    assert (0, True) == (code, table.startswith("[[key]]"))
    trust = desk.folder.parent / "kms.toml"
    trust.write_text(table)

    assert 0 == desk("attest", "--key", f"awskms:{made}")[0]
    code, said = desk("verify", "--keys", trust)
    assert (0, True) == (code, said.endswith("of kms\n"))
    assert (3, True) == (desk("verify")[0], "not trusted here" in desk("verify")[1])
    code, said = desk("attest", "--key", "awskms:gone")
    assert (2, True) == (code, "AWS KMS does not give the key gone" in said)


def test_a_kms_that_does_not_answer_is_said(monkeypatch):
    """When KMS is gone between two questions, signing fails with a next step, not as a fault of ours."""
    with serving() as environment:
        for name, value in (environment | {"AWS_MAX_ATTEMPTS": "1"}).items():
            monkeypatch.setenv(name, value)
        made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        signer = signing_keys.load(f"awskms:{made}", {})
    with pytest.raises(ClearanceError, match="AWS KMS does not sign"):
        signer.sign(b"payload")


def test_without_the_libraries_the_next_step_is_said(desk):
    """Where the extras are not installed, each verb that needs one names it; the rest of the gate does without."""
    without = "import sys; sys.modules.update({name: None for name in sys.argv.pop(1).split()}); "
    program = [sys.executable, "-c", without + "from clearance.cli import main; sys.exit(main())"]
    attest = command(desk.folder, program, "securesystemslib", "attest")
    shelf = command(desk.folder, program, "boto3", "history", desk.commit, "--shelf", "s3://bucket")
    plain = command(desk.folder, program, "securesystemslib cryptography boto3", "history", desk.commit)

    assert (2, True) == (attest.returncode, "clearance[sign]" in attest.stderr)
    assert (2, True) == (shelf.returncode, "clearance[aws]" in shelf.stderr)
    assert 0 == plain.returncode
