"""Signing and verifying: a yes needs everything to be right, and each no says why in one line."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from clearance.attest import RefusedError, envelope, keys, override, statement, trust
from clearance.attest.trust import Use
from clearance.attest.verify import Expectation, verify
from clearance.model import POLICY_RULING, ClearanceError, Decision, Exhibit, Ruling, Stage, Subject, Verdict
from clearance.render import RENDERERS, verdict_json

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
COMMIT, OTHER = "c0" * 20, "d1" * 20
EVIDENCE = b'{"schema":1,"reach":9}'


def sha256(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def pem(private):
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def make_signer(private=None):
    return keys.load("env:KEY", {"KEY": pem(private or Ed25519PrivateKey.generate())})


def trusted(signer, use=Use.VERDICT, since=NOW - DAY, until=NOW + DAY, owner="ci", more=""):
    table = trust.entry(keys.public(signer), owner=owner, use=use, not_before=since, not_after=until)
    return trust.parse((table + more).encode())


SIGNER = make_signer()
TRUST = trusted(SIGNER)
VERDICT = Verdict(
    decision=Decision.PASS,
    complete=True,
    missing=(),
    stage=Stage.CHANGE,
    subject=Subject(commit=COMMIT, tree="7e" * 20, dirty=False, config_digest=sha256(b"configuration")),
    rulings=(Ruling(check="unit", decision=Decision.PASS, reasons=()),),
    idle_waivers=(),
    expired_waivers=(),
    policy_digest=sha256(b"policy"),
    evidence=(
        Exhibit(
            check="unit",
            digest=sha256(EVIDENCE),
            inputs_digest=sha256(b"inputs"),
            tool="pytest 9",
            reach=9,
            unit="tests",
            reused=False,
            seconds=1,
        ),
    ),
    judged_at=NOW - timedelta(hours=1),
    now_overridden=False,
    subject_overridden=False,
    version="1",
)
EXPECTED = Expectation(commit=COMMIT, tree="7e" * 20, policy_digest=sha256(b"policy"))


ON_THE_POLICY = Ruling(check=POLICY_RULING, decision=Decision.PASS, reasons=())


def files(verdict=VERDICT):
    return {"verdict.json": verdict_json.render_bytes(verdict), "evidence/unit.json": EVIDENCE}


def sign(verdict=VERDICT, signer=SIGNER, **options):
    return envelope.seal(statement.dumps(verdict, sha256(files(verdict)["verdict.json"]), **options), [signer])


def check(data, trusting=TRUST, expected=EXPECTED, now=NOW, found=None):
    given_files = files() if found is None else found
    return verify(data, trusting, expected, now=now, find=lambda name, _digest: given_files.get(name))


def failing(decision):
    return replace(VERDICT, decision=decision, rulings=(Ruling(check="unit", decision=decision, reasons=()),))


def test_what_was_signed_is_verified():
    """A whole PASS, signed by a trusted key, of this commit and policy, with its evidence: yes, and who says so."""
    found = check(sign())

    assert ["ci"] == [key.owner for key in found.keys]
    assert found.statement.predicate.verification_result == "PASSED"


def test_the_statement_is_in_totos_with_slsas_predicate():
    """The fields that readers of those formats need are where they look for them."""
    document = json.loads(sign(resource="git+https://example.org/flights"))
    said = json.loads(base64.b64decode(document["payload"]))

    assert "application/vnd.in-toto+json" == document["payloadType"]
    assert ("https://in-toto.io/Statement/v1", "https://slsa.dev/verification_summary/v1") == (
        said["_type"],
        said["predicateType"],
    )
    digests = {"commit": {"gitCommit": COMMIT}, "tree": {"gitTree": "7e" * 20}}
    digests |= {"configuration": {"sha256": sha256(b"configuration")[7:]}}
    assert digests == {one["name"]: one["digest"] for one in said["subject"]}
    predicate = said["predicate"]
    assert ("git+https://example.org/flights", "PASSED", ["CLEARANCE_CHANGE"], "2026-11-24T11:00:00Z") == (
        predicate["resourceUri"],
        predicate["verificationResult"],
        predicate["verifiedLevels"],
        predicate["timeVerified"],
    )
    assert {"uri": "clearance.toml", "digest": {"sha256": sha256(b"policy")[7:]}} == predicate["policy"]
    assert {name: sha256(data)[7:] for name, data in files().items()} == {
        one["uri"]: one["digest"]["sha256"] for one in predicate["inputAttestations"]
    }
    assert "clearance" in predicate["verifier"]["version"]


def test_a_second_policy_is_named():
    """A verdict under the base's policy too says in what is signed which one that was."""
    data = sign(replace(VERDICT, base_policy_digest=sha256(b"base")))
    said = json.loads(base64.b64decode(json.loads(data)["payload"]))

    assert {"sha256": sha256(b"base")[7:]} == said["predicate"]["clearance_verdict"]["base_policy"]["digest"]


ANOTHER = make_signer()
REFUSALS = {
    "wrong key": (lambda: check(sign(signer=ANOTHER)), "signed by a key that is not trusted here"),
    "wrong commit": (
        lambda: check(sign(), expected=replace(EXPECTED, commit=OTHER)),
        "another subject: commit c0c0c0c0c0c0, not d1d1d1d1d1d1",
    ),
    "wrong tree": (lambda: check(sign(), expected=Expectation(tree=OTHER)), "another subject: tree"),
    "wrong configuration": (
        lambda: check(sign(), expected=Expectation(config_digest=sha256(b"other"))),
        "another subject: configuration",
    ),
    "no configuration": (
        lambda: check(
            sign(replace(VERDICT, subject=Subject(commit=COMMIT, dirty=False))),
            expected=Expectation(config_digest=sha256(b"configuration")),
        ),
        "another subject: configuration none",
    ),
    "other policy": (lambda: check(sign(), expected=replace(EXPECTED, policy_digest=sha256(b"x"))), "another policy"),
    "other stage": (lambda: check(sign(), expected=replace(EXPECTED, stage=Stage.PLAN)), "stage change, not plan"),
    "FAIL": (lambda: check(sign(failing(Decision.FAIL)), found=files(failing(Decision.FAIL))), "the verdict is FAIL"),
    "UNKNOWN": (
        lambda: check(sign(failing(Decision.UNKNOWN)), found=files(failing(Decision.UNKNOWN))),
        "the verdict is UNKNOWN",
    ),
    "incomplete": (lambda: check(sign(replace(VERDICT, complete=False, missing=("load",)))), "incomplete: load"),
    "dirty": (lambda: check(sign(replace(VERDICT, subject=replace(VERDICT.subject, dirty=True)))), "dirty tree"),
    "now overridden": (lambda: check(sign(replace(VERDICT, now_overridden=True))), "overridden"),
    "subject overridden": (lambda: check(sign(replace(VERDICT, subject_overridden=True))), "overridden"),
    "key expired": (lambda: check(sign(), now=NOW + 2 * DAY), "has expired: it was valid until"),
    "key expired before it signed": (
        lambda: check(sign(), trusted(SIGNER, since=NOW - 9 * DAY, until=NOW - DAY)),
        "has expired",
    ),
    "key not valid yet": (lambda: check(sign(), trusted(SIGNER, since=NOW)), "not valid before"),
    "key revoked": (lambda: check(sign(), trusted(SIGNER, more='revoked = "laptop lost"\n')), "revoked: laptop lost"),
    "key of a person": (lambda: check(sign(), trusted(SIGNER, Use.OVERRIDE)), "signs overrides, not verdicts"),
    "verdict expired": (
        lambda: check(sign(), expected=replace(EXPECTED, max_age=timedelta(minutes=59))),
        "expired: judged 1:00:00 ago, 0:59:00 is allowed",
    ),
    "from the future": (
        lambda: check(sign(replace(VERDICT, judged_at=NOW + timedelta(minutes=6))), found=None),
        "0:06:00 from now",
    ),
    "evidence missing": (
        lambda: check(sign(), found={"verdict.json": files()["verdict.json"]}),
        "evidence is missing: there is no evidence/unit.json",
    ),
    "verdict missing": (lambda: check(sign(), found={"evidence/unit.json": EVIDENCE}), "there is no verdict.json"),
    "evidence changed": (
        lambda: check(sign(), found=files() | {"evidence/unit.json": EVIDENCE + b" "}),
        "evidence/unit.json has been changed",
    ),
    "nobody": (
        lambda: check(json.dumps(json.loads(sign()) | {"signatures": []}, separators=(",", ":")).encode() + b"\n"),
        "nobody has signed",
    ),
    "no envelope": (lambda: check(b"{}"), "no signed envelope"),
    "not JSON": (lambda: check(b"\xff"), "no signed envelope"),
    "another statement": (lambda: check(envelope.seal(b'{"_type":"x"}', [SIGNER])), "no verdict of Clearance"),
    "two subjects of a name": (lambda: check(resign(lambda said: said["subject"] * 2, "subject")), "more than once"),
    "two verdicts": (
        lambda: check(
            resign(lambda said: said["predicate"]["inputAttestations"] * 2, "predicate", "inputAttestations")
        ),
        "it names verdict.json more than once",
    ),
    "another predicate": (
        lambda: check(resign(lambda _: "https://slsa.dev/provenance/v1", "predicateType")),
        "no verdict of Clearance",
    ),
    "a field missing": (
        lambda: check(resign(lambda _: {}, "predicate", "clearance_verdict")),
        "no verdict of Clearance",
    ),
    "no time zone": (
        lambda: check(resign(lambda _: "2026-11-24T11:00:00", "predicate", "timeVerified")),
        "its time has no zone",
    ),
    "another payload": (lambda: check(sign().replace(b"in-toto+json", b"in-toto+jso_")), "holds no in-toto statement"),
    "a field of an envelope twice": (
        lambda: check(sign().replace(b'{"payload":', b'{"payload":"e30=","payload":')),
        "not as it was written",
    ),
    "a signature twice": (lambda: check(enveloped(lambda signatures: signatures * 2)), "not as it was written"),
    "a false signature beside a true one of the same key": (
        lambda: check(enveloped(lambda signatures: [*signatures, signatures[0] | {"sig": "AAAA"}])),
        "not as it was written",
    ),
    "a signature under another key's id": (
        lambda: check(enveloped(lambda s: [s[0] | {"keyid": keys.public(ANOTHER).keyid}]), trusted(ANOTHER)),
        "changed or is forged",
    ),
    "a signature in another alphabet": (
        lambda: check(enveloped(lambda s: [s[0] | {"sig": s[0]["sig"].rstrip("=")}])),
        "no signed envelope",
    ),
    "forged": (lambda: check(forge(sign(), sign(failing(Decision.FAIL)))), "changed or is forged"),
}


def resign(change, *place):
    """A statement that a trusted key has signed and no honest signer would, with `change` at a place of it."""
    said = json.loads(envelope.read(sign()).payload)
    inner = said
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = change(said)
    return envelope.seal(json.dumps(said).encode(), [SIGNER])


def enveloped(change):
    """An envelope with other signatures, written as we write it."""
    document = json.loads(sign())
    document["signatures"] = change(document["signatures"])
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def forge(taken, signed):
    """The payload of one envelope with the signatures of another."""
    document = json.loads(taken) | {"signatures": json.loads(signed)["signatures"]}
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize("name", REFUSALS)
def test_verify_says_why_not(name):
    """Each thing that is wrong is said in one line, and only a trusted FAIL is a FAIL; all else is unknown."""
    attempt, message = REFUSALS[name]
    with pytest.raises(RefusedError) as caught:
        attempt()

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (Decision.FAIL if name == "FAIL" else Decision.UNKNOWN) is caught.value.decision


@pytest.mark.parametrize("signer", [SIGNER, make_signer(generate_private_key(SECP256R1()))], ids=["Ed25519", "P-256"])
@given(bit=st.integers(0, 10**6))
def test_no_bit_can_be_changed(signer, bit):
    """Whichever bit of an envelope is flipped, it no longer verifies."""
    trusting = trusted(signer)
    whole = bytearray(sign(signer=signer))
    assert check(bytes(whole), trusting)
    bit %= len(whole) * 8  # signatures of P-256 are not always as long as each other
    whole[bit // 8] ^= 1 << bit % 8

    with pytest.raises(RefusedError):
        check(bytes(whole), trusting)


@given(st.binary(max_size=60), st.integers(0, 9999))
def test_nothing_can_be_added(junk, place):
    """Whatever bytes are put in anywhere, the envelope no longer verifies; without any it does."""
    whole = sign()
    place %= len(whole)
    changed = whole[:place] + junk + whole[place:]
    if changed == whole:
        check(changed)
        return
    with pytest.raises(RefusedError):
        check(changed)


def test_a_subject_must_be_named():
    """Verifying against nothing is a mistake of whoever asks, not a yes."""
    with pytest.raises(ClearanceError, match="nothing says which subject"):
        check(sign(), expected=Expectation())


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (VERDICT, None),
        (failing(Decision.FAIL), None),
        (failing(Decision.UNKNOWN), None),
        (replace(VERDICT, rulings=(*VERDICT.rulings, ON_THE_POLICY), base_policy_digest=sha256(b"base")), None),
        (replace(VERDICT, complete=False, missing=("load",)), "incomplete: load"),
        (replace(VERDICT, now_overridden=True), "--now"),
        (replace(VERDICT, subject_overridden=True), "--subject"),
        (replace(VERDICT, subject=replace(VERDICT.subject, dirty=True)), "dirty"),
        (replace(VERDICT, subject=replace(VERDICT.subject, commit=None)), "no commit"),
        (replace(failing(Decision.FAIL), decision=Decision.PASS), "contradicts itself"),
        (replace(failing(Decision.FAIL), decision=Decision.UNKNOWN), "contradicts itself"),
        (replace(VERDICT, evidence=()), "contradicts itself"),
        (replace(VERDICT, rulings=(), evidence=()), "contradicts itself"),
        (replace(VERDICT, reasons=("the tree changed",)), "contradicts itself"),
    ],
)
def test_what_is_not_to_be_signed(verdict, reason):
    """A partial, dirty, overridden or contradictory verdict is not signed; an honest FAIL or UNKNOWN is."""
    found = statement.unfit(verdict)

    assert (reason is None) == (found is None)
    assert (reason or "") in (found or "")


def test_keys_may_overlap():
    """While a key is rotated either may sign, and a second signature by a stranger takes nothing away."""
    new = make_signer()
    both = {**TRUST, **trusted(new)}
    payload = statement.dumps(VERDICT, sha256(files()["verdict.json"]))

    assert check(sign(signer=new), both)
    assert 2 == len(check(envelope.seal(payload, [SIGNER, new]), both).keys)
    assert 1 == len(check(envelope.countersign(sign(), ANOTHER)).keys)


def test_a_revoked_key_beside_a_good_one_still_refuses():
    """Whoever trusts both keys hears of the one that may not sign."""
    new = make_signer()
    both = {**TRUST, **trusted(new, more='revoked = "stolen"\n')}

    with pytest.raises(RefusedError, match="stolen"):
        check(envelope.countersign(sign(), new), both)


def overriding(owners, use=Use.OVERRIDE, begins=NOW, lasting=timedelta(hours=2)):
    """An override by new keys of these owners, and the trust in them."""
    signers = {make_signer(): owner for owner in owners}
    trusting = {}
    for signer, owner in signers.items():
        trusting |= trusted(signer, use, owner=owner)
    return envelope.seal(override.dumps(COMMIT, "down", begins=begins, lasting=lasting), signers), trusting


def test_two_people_may_override():
    """Two keys of two owners let one commit go on, and their names, reason and end are known."""
    found = override.verify(*overriding(["bob", "ann"]), COMMIT, now=NOW + timedelta(hours=2))

    assert (("ann", "bob"), "down", NOW + timedelta(hours=2)) == (found.people, found.reason, found.expires)


@pytest.mark.parametrize(
    ("options", "commit", "now", "message"),
    [
        ({"owners": ["ann"]}, COMMIT, NOW, "signed by ann alone"),
        ({"owners": ["ann", "Ann "]}, COMMIT, NOW, "alone: it takes two people"),
        ({"owners": ["Jos\u00e9 Li", "Jose\u0301  LI"]}, COMMIT, NOW, "alone: it takes two people"),
        ({"owners": ["ann", "bob"], "use": Use.VERDICT}, COMMIT, NOW, "signs verdicts, not overrides"),
        ({"owners": ["ann", "bob"]}, OTHER, NOW, "another commit"),
        ({"owners": ["ann", "bob"]}, None, NOW, "another commit"),
        ({"owners": ["ann", "bob"]}, COMMIT, NOW + timedelta(hours=2, seconds=1), "has expired"),
        ({"owners": ["ann", "bob"]}, COMMIT, NOW - timedelta(hours=1), "begins at"),
        ({"owners": ["ann", "bob"], "begins": NOW - 2 * DAY}, COMMIT, NOW, "not valid before"),
    ],
)
def test_an_override_says_why_it_does_not_hold(options, commit, now, message):
    """One person, one under two names, a machine, another commit, too late, too early: each is said."""
    with pytest.raises(RefusedError, match=message):
        override.verify(*overriding(**options), commit, now=now)


@pytest.mark.parametrize(("hours", "message"), [(3, "has expired"), (-1, "begins at")])
def test_nobody_adds_a_name_to_an_override_that_does_not_hold_now(hours, message):
    """What the first has signed is read by the second, and refused once it is over, and before it begins."""
    data, trusting = overriding(["ann"])

    assert ("ann",) == override.read(data, trusting, now=NOW + timedelta(hours=2)).people
    with pytest.raises(RefusedError, match=message):
        override.read(data, trusting, now=NOW + timedelta(hours=hours))


def test_a_key_counts_at_both_ends_of_its_time():
    """The first and the last moment of a key are its own; one microsecond beyond either, it signs nothing."""
    tick, signed = timedelta(microseconds=1), VERDICT.judged_at

    assert check(sign(), trusted(SIGNER, since=signed, until=NOW), now=NOW)
    for since, until in ((signed + tick, NOW), (signed, NOW - tick)):
        with pytest.raises(RefusedError, match=r"not valid before|has expired"):
            check(sign(), trusted(SIGNER, since=since, until=until), now=NOW)


def test_no_signature_makes_an_override_longer():
    """A statement that says more than four hours is refused, whoever signed it."""
    data, trusting = overriding([])
    long = json.loads(envelope.read(data).payload)
    long["predicate"]["expires"] = "2026-11-24T16:00:01Z"
    signers = [make_signer(), make_signer()]
    for number, signer in enumerate(signers):
        trusting |= trusted(signer, Use.OVERRIDE, owner=f"person {number}")

    with pytest.raises(RefusedError, match="longer than 4:00:00"):
        override.verify(envelope.seal(json.dumps(long).encode(), signers), trusting, COMMIT, now=NOW)


@pytest.mark.parametrize(
    "subject",
    [
        [],
        [{"name": "commit", "digest": {}}],
        [{"name": "commit", "digest": {"gitCommit": "main"}}],
        [{"name": "commit", "digest": {"gitCommit": COMMIT}}] * 2,
        [{"name": "tree", "digest": {"gitCommit": COMMIT}}],
        [{"name": "commit", "digest": {"gitCommit": COMMIT, "sha1": COMMIT}}],
    ],
)
def test_an_override_is_about_one_whole_commit(subject):
    """Of none, of part of one, of two or of something else it is refused, whoever has signed it."""
    _, trusting = overriding([])
    said = json.loads(override.dumps(COMMIT, "down", begins=NOW, lasting=timedelta(hours=1))) | {"subject": subject}
    signers = [make_signer(), make_signer()]
    for number, signer in enumerate(signers):
        trusting |= trusted(signer, Use.OVERRIDE, owner=f"person {number}")

    with pytest.raises(RefusedError, match="is no override"):
        override.verify(envelope.seal(json.dumps(said).encode(), signers), trusting, COMMIT, now=NOW)


def test_a_verdict_is_no_override_nor_the_other_way():
    """What was signed as the one is not believed as the other."""
    data, trusting = overriding(["ann", "bob"])
    with pytest.raises(RefusedError, match="is no override"):
        override.verify(sign(), TRUST, COMMIT, now=NOW)
    with pytest.raises(RefusedError, match="no verdict of Clearance"):
        check(data, trusting)


@pytest.mark.parametrize("name", RENDERERS)
def test_every_report_shows_an_override(name):
    """Whichever report a person or a program reads, it says that the gate was overridden, by whom and why."""
    by = override.verify(*overriding(["ann", "bob"]), COMMIT, now=NOW)
    shown = RENDERERS[name](replace(failing(Decision.FAIL), reasons=("the tree changed",), override=by))

    for said in ("ann", "bob", "down", "the tree changed"):
        assert said in shown


@pytest.mark.parametrize("signer", [SIGNER, make_signer(generate_private_key(SECP256R1()))], ids=["Ed25519", "P-256"])
def test_others_can_verify_the_envelope(signer):
    """A signature is of DSSE's pre-authentication encoding, as its protocol has it, and openssl's kind of keys."""
    document = json.loads(sign(signer=signer))
    payload, kind = base64.b64decode(document["payload"]), document["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    public = load_pem_public_key(trust.pem(keys.public(signer)).encode())
    more = [ECDSA(SHA256())] if isinstance(public, EllipticCurvePublicKey) else []

    public.verify(base64.b64decode(document["signatures"][0]["sig"]), signed, *more)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(document["signatures"][0]["sig"]), signed + b" ", *more)


def table(**changes):
    """The table of a trusted key with some keys changed, added, or (None) taken away."""
    text = trust.entry(keys.public(SIGNER), owner="ci", use=Use.VERDICT, not_before=NOW, not_after=NOW + DAY)
    head, *lines = text.partition("public_key = ")[0].splitlines()
    values = dict(line.split(" = ") for line in lines)
    values |= {"public_key": text.partition("public_key = ")[2], **changes}
    return "\n".join([head, *(f"{key} = {value}" for key, value in values.items() if value is not None)]) + "\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"owner": '""'}, "owner"),
        ({"owner": None}, "owner"),
        ({"use": '"anything"'}, "use"),
        ({"not_after": "2026-11-24"}, "not_after"),
        ({"not_after": "2026-11-25T00:00:00"}, "not_after"),
        ({"not_after": "2026-11-20T00:00:00Z"}, "not_after is not after not_before"),
        ({"expires": "2026-11-20T00:00:00Z"}, "expires"),
        ({"id": '"another"'}, "the id of this public key is"),
        ({"public_key": '"text"'}, "no public key in PEM"),
        ({"revoked": "true"}, "revoked"),
    ],
)
def test_a_trust_file_is_read_strictly(changes, message):
    """Whatever is unknown, missing, of another kind or contradictory is an error that says where."""
    assert 1 == len(trust.parse(table().encode()))
    with pytest.raises(ClearanceError, match=message):
        trust.parse(table(**changes).encode())


@pytest.mark.parametrize("text", ["", "key = []", "[[key]", "\xff", "[[keys]]"])
def test_a_trust_file_without_keys_is_an_error(text):
    """A file that names no key, or is no TOML, is an error, never a file that trusts nobody."""
    with pytest.raises(ClearanceError, match=r"clearance\.keys\.toml"):
        trust.parse(text.encode("latin-1"))


def test_a_key_stands_in_a_trust_file_once():
    """The same key twice could be valid and revoked at once: an error."""
    with pytest.raises(ClearanceError, match="there twice"):
        trust.parse((table() + table()).encode())


@pytest.mark.parametrize(
    ("named", "environ", "message"),
    [
        (None, {}, "CLEARANCE_SIGNING_KEY is not set"),
        ("env:MINE", {}, "MINE is not set"),
        ("gone.pem", {}, "gone.pem cannot be read"),
        ("env:MINE", {"MINE": "nonsense"}, "MINE holds no private key"),
        ("env:MINE", {"MINE": pem(generate_private_key(SECP384R1()))}, "neither Ed25519 nor ECDSA on P-256"),
    ],
)
def test_a_key_that_cannot_sign_is_an_error(named, environ, message):
    """A missing, unreadable or unsuitable key is an error with a next step, which shows none of the key."""
    with pytest.raises(ClearanceError, match=message) as caught:
        keys.load(named, environ)

    assert "nonsense" not in str(caught.value)


def test_a_key_comes_from_a_file_or_the_environment(tmp_path):
    """The same key out of a file, a variable that is named, or the usual variable signs alike."""
    text = pem(Ed25519PrivateKey.generate())
    (tmp_path / "key.pem").write_text(text)
    loaded = [
        keys.load(str(tmp_path / "key.pem"), {}),
        keys.load("env:MINE", {"MINE": text}),
        keys.load(None, {"CLEARANCE_SIGNING_KEY": text}),
    ]

    assert 1 == len({sign(signer=one) for one in loaded})
