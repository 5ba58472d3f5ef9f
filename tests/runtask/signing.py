"""A shelf with signed verdicts about a configuration, as `clearance attest --shelf` leaves them; keys are made here."""

import hashlib
from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from clearance import evidence
from clearance.attest import envelope, keys, override, statement, trust
from clearance.attest.trust import Use
from clearance.judge import judge
from clearance.model import (
    Check,
    Evidence,
    Exhibit,
    Finding,
    Inputs,
    Policy,
    Report,
    Requirement,
    RunTask,
    Severity,
    Stage,
    Subject,
    Waiver,
)
from clearance.render import verdict_json
from clearance.runtask.nouns import Materials
from clearance.runtask.request import Request, RunStage, Secret

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COMMIT, TREE = "c0" * 20, "7e" * 20


def sha256(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


CONFIGURATION = sha256(b"configuration")
FINDING = Finding(rule="B602", message="shell=True", severity=Severity.HIGH, path="a.py", fingerprint="f" * 32)
WAIVER = Waiver(checks=("bandit",), rule="B602", path="a.py", owner="ann", reason="known", expires=date(2026, 11, 24))
POLICY = Policy(
    checks={
        "bandit": Check(
            name="bandit", run=("bandit",), reports=(Report(file="b.json", reader="bandit"),), inputs=("*.py",)
        )
    },
    requirements=(
        Requirement(check="bandit", stage=Stage.CHANGE, reach=3, covers_inputs=True),
        Requirement(check="plan", stage=Stage.PLAN, reach=60),
        Requirement(check="checkov-plan", stage=Stage.PLAN, reach=60, block_at=Severity.MEDIUM),
        Requirement(check="terraform", stage=Stage.PLAN),
    ),
    waivers=(WAIVER,),
    digest=sha256(b"policy"),
    runtask=RunTask(plan="plan", checkov="checkov-plan"),
)


def make_signer():
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return keys.load("env:MADE_HERE", {"MADE_HERE": pem.decode()})


def entry(signer, owner="ci", use=Use.VERDICT, until=NOW + 30 * DAY, more=""):
    public = keys.public(signer)
    return trust.entry(public, owner=owner, use=use, not_before=NOW - 30 * DAY, not_after=until) + more


def trusting(*entries):
    return trust.parse("".join(entries).encode())


SIGNER = make_signer()
PEOPLE = {name: make_signer() for name in ("ann", "bob")}
TRUST = trusting(entry(SIGNER), *(entry(one, name, Use.OVERRIDE) for name, one in PEOPLE.items()))


class Library:
    """Bytes by digest, and what is filed; what a thief with write access may do is done to `objects`."""

    def __init__(self):
        self.objects = {}
        self.envelopes = []
        self.overrides = {}

    def store(self, data):
        self.objects[sha256(data)] = data
        return sha256(data)

    def sign(
        self,
        *,
        at=NOW - HOUR,
        configuration=CONFIGURATION,
        findings=(),
        reach=3,
        policy=POLICY,
        signer=SIGNER,
        commit=COMMIT,
        stage=Stage.CHANGE,
        check="bandit",
        problems=(),
    ):
        """Judge one check's evidence as a checkout would, sign the verdict and file it."""
        subject = Subject(commit=commit, tree=TREE, dirty=False, config_digest=configuration)
        made = Evidence(
            check=check,
            subject=subject,
            inputs_digest=sha256(b"inputs"),
            started=at,
            seconds=1,
            reach=reach,
            covered=("a.py",),
            findings=findings,
            problems=problems,
            tool="bandit 1.9.4",
        )
        data = evidence.dumps(made)
        exhibit = Exhibit(
            check=check,
            digest=self.store(data),
            inputs_digest=made.inputs_digest,
            tool=made.tool,
            reach=reach,
            unit="items",
            reused=False,
            seconds=1,
        )
        verdict = judge(
            policy,
            {check: made},
            stage=stage,
            subject=subject,
            inputs={check: Inputs(digest=made.inputs_digest, paths=("a.py",))},
            now=at,
            version="0.1.0",
            exhibits=(exhibit,),
        )
        said = verdict_json.render_bytes(verdict)
        sealed = envelope.seal(statement.dumps(verdict, self.store(said)), [signer])
        self.envelopes.append(sealed)
        return sealed

    def override(self, *people, commit=COMMIT, begins=NOW - HOUR, lasting=2 * HOUR):
        data = envelope.seal(
            override.dumps(commit, "the database of the gate is down", begins=begins, lasting=lasting),
            [PEOPLE[name] for name in people],
        )
        self.overrides.setdefault(commit, []).append(data)

    def materials(self, **facts):
        known = {
            "now": NOW,
            "policy": POLICY,
            "trust": TRUST,
            "config_digest": CONFIGURATION,
            "envelopes": tuple(self.envelopes),
            "fetch": self.objects.get,
            "overrides": lambda commit: tuple(self.overrides.get(commit, ())),
            "plan_key": b"the key of these plans",
        }
        return Materials(**(known | facts))


def request(stage=RunStage.PRE_PLAN, **facts):
    known = {
        "task_result_id": "taskrs-1",
        "run_id": "run-2",
        "workspace_id": "ws-1",
        "access_token": Secret("t"),
        "callback_url": Secret("https://app.terraform.io/c"),
    }
    return Request(stage=stage, **(known | facts))
