"""Before a plan: what was tested is verified and judged again, and what is not cleared does not apply."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.attest import keys
from clearance.attest.trust import Use
from clearance.model import Requirement, Severity, Stage
from clearance.runtask.decide import decide
from clearance.runtask.nouns import Hold, Waiting
from clearance.runtask.request import RunStage
from tests.runtask.signing import (
    COMMIT,
    CONFIGURATION,
    DAY,
    FINDING,
    HOUR,
    NOW,
    PEOPLE,
    POLICY,
    SIGNER,
    TRUST,
    Library,
    entry,
    make_signer,
    request,
    sha256,
    trusting,
)

ELSEWHERE = sha256(b"other")
HOLD = Hold(workspace_id="ws-1", reason="canary", config_digest=ELSEWHERE, run_id="run-1", since=NOW)


@pytest.fixture
def library():
    return Library()


def answer(library, stage=RunStage.PRE_PLAN, asked=None, **facts):
    """Decide without any more patience, and give the status and what is said."""
    made = decide(asked or request(stage), library.materials(waited=True, **facts))
    return made.status, made.message


def test_content_that_was_cleared_may_be_planned(library):
    """Whether or not the run names a commit: the digest of what will be applied is what counts."""
    library.sign()
    made = decide(request(), library.materials())
    assert ("passed", "evidence", "Passed") == (
        made.status,
        made.outcomes[0].id,
        made.outcomes[0].tags["Status"][0].label,
    )
    assert made == decide(request(commit="e5" * 20), library.materials())


def test_evidence_is_waited_for_and_then_no_longer(library):
    """A run that could apply waits as long as the policy says, and is held once that is over."""
    waiting = decide(request(), library.materials())
    assert (True, "failed") == (isinstance(waiting, Waiting), answer(library)[0])
    assert "30 min" in waiting.message


def test_a_run_that_cannot_apply_is_advised_and_planned(library):
    """A speculative run without evidence is told that it is not cleared."""
    made = decide(request(speculative=True), library.materials())
    assert ("passed", "Not cleared, cannot apply", "warning") == (
        made.status,
        made.message.partition(":")[0],
        made.outcomes[0].tags["Status"][0].level,
    )


def test_before_an_apply_no_run_is_merely_advised(library):
    """Whatever a run says of itself: what has come so far applies next."""
    assert "failed" == answer(library, asked=request(RunStage.PRE_APPLY, speculative=True))[0]


def forged(library):
    library.sign(signer=make_signer())


def changed_evidence(library):
    library.sign()
    for digest, data in library.objects.items():
        library.objects[digest] = data.replace(b'"reach":3', b'"reach":9')


def evidence_taken_away(library):
    library.sign()
    library.objects.clear()


def changed_envelope(library):
    data = library.sign()
    library.envelopes[:] = [data.replace(b"A", b"B", 1)]


def for_other_content(library):
    library.sign(configuration=ELSEWHERE)


def from_the_future(library):
    library.sign(at=NOW + HOUR)


def unknown(library):
    library.sign(problems=("bandit could not see",))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (forged, "not trusted here"),
        (changed_evidence, "evidence is not what was judged"),
        (evidence_taken_away, "evidence is missing"),
        (changed_envelope, "it was changed or is forged"),
        (for_other_content, "it is about another subject"),
        (from_the_future, "from now"),
        (unknown, "the verdict is UNKNOWN"),
        (lambda library: library.envelopes.append(b"no envelope"), "no signed envelope"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_what_is_not_believed_clears_nothing(library, harm, said):
    """Whoever can write to the shelf, but not sign, lets nothing through; a run that cannot apply is held as well."""
    harm(library)
    status, message = answer(library)
    assert ("failed", "failed", True) == (status, answer(library, asked=request(speculative=True))[0], said in message)


def test_what_is_signed_for_another_stage_is_as_good_as_absent(library):
    """The same configuration may be signed for stage plan first: what was tested is still waited for."""
    library.sign(stage=Stage.PLAN, check="terraform")
    assert isinstance(decide(request(), library.materials()), Waiting)


def test_the_latest_answer_counts_and_an_unknown_is_none(library):
    """A later FAIL of the same content is not undone by an older PASS; a later UNKNOWN says nothing."""
    library.sign(at=NOW - 3 * HOUR)
    library.sign(at=NOW - 2 * HOUR, problems=("it broke",))
    assert "passed" == answer(library)[0]
    library.sign(at=NOW - HOUR, findings=(FINDING, FINDING))
    library.envelopes.reverse()  # whoever files them chooses an order; the signed moments do not care
    assert "failed" == answer(library)[0]


def test_a_waiver_that_expired_since_holds_what_it_let_pass(library):
    """The day on which the waiver ends still counts, the next one does not."""
    library.sign(findings=(FINDING,))
    status, message = answer(library, now=NOW + DAY)
    assert ("passed", "failed", True) == (answer(library)[0], status, "expired" in message)


def stricter(**bounds):
    return replace(POLICY, requirements=(replace(POLICY.requirements[0], **bounds), *POLICY.requirements[1:]))


@pytest.mark.parametrize(
    "policy",
    [
        stricter(reach=4),
        stricter(max_age=timedelta(minutes=30)),
        stricter(exclusive=True),
        replace(POLICY, severities={"B602": Severity.CRITICAL}, waivers=()),
        replace(POLICY, requirements=(*POLICY.requirements, Requirement(check="unit", stage=Stage.CHANGE))),
        replace(POLICY, requirements=()),
    ],
    ids=["reach", "age", "alone", "waiver gone", "another check", "nothing asked"],
)
def test_an_older_content_is_judged_by_todays_policy(library, policy):
    """What was cleared under another policy may be applied again where today's lets it."""
    library.sign(findings=(FINDING,), policy=replace(POLICY, digest=sha256(b"older")))
    assert ("passed", "failed") == (answer(library)[0], answer(library, policy=policy)[0])


def test_a_key_that_is_rotated_counts_until_its_end_and_a_stolen_one_never(library):
    """Both keys count while they overlap; what an expired or a revoked key signed counts for nothing, whenever."""
    library.sign(at=NOW - 3 * HOUR)
    fresh = make_signer()
    old = entry(SIGNER)
    revoked = old.replace("public_key =", 'revoked = "stolen"\npublic_key =')
    answers = [
        answer(library, trust=trusting(entry(fresh), old))[0],
        answer(library, trust=trusting(entry(fresh)))[0],
        answer(library, trust=trusting(entry(fresh), entry(SIGNER, until=NOW - 2 * HOUR)))[0],
        answer(library, trust=trusting(entry(fresh), revoked))[0],
        answer(library, trust=trusting(entry(SIGNER, use=Use.OVERRIDE)))[0],
    ]
    assert ["passed", "failed", "failed", "failed", "failed"] == answers


def test_two_people_let_a_commit_go_on_and_it_is_shown(library):
    """What they override stands beside it; one of them alone, another commit's or an ended override changes nothing."""
    library.sign(findings=(FINDING, FINDING))
    library.override("ann")
    library.override("ann", "bob", commit="e5" * 20)
    library.override("ann", "bob", begins=NOW - 9 * HOUR)
    assert "failed" == answer(library)[0]
    library.override("ann", "bob")
    made = decide(request(), library.materials())
    assert ("passed", "override", "Failed") == (
        made.status,
        made.outcomes[0].id,
        made.outcomes[1].tags["Status"][0].label,
    )
    assert all(word in made.message for word in ("Overridden", *PEOPLE, "FAIL"))


@pytest.mark.parametrize(("commit", "expected"), [(COMMIT, "passed"), (None, "failed"), ("e5" * 20, "failed")])
def test_with_nothing_signed_an_override_is_for_the_commit_that_terraform_cloud_names(library, commit, expected):
    """The gate itself may be down: then only Terraform Cloud knows which commit it is."""
    library.override("ann", "bob")
    assert expected == answer(library, asked=request(commit=commit))[0]


def test_a_forged_verdict_does_not_say_which_commit_it_is(library):
    """An override is not drawn to other content by an envelope that nobody trusted has signed."""
    library.override("ann", "bob")
    library.sign(signer=make_signer())
    assert "failed" == answer(library)[0]


@pytest.mark.parametrize(
    ("applied", "expected"),
    [((), "failed"), ((ELSEWHERE,), "failed"), ((CONFIGURATION, ELSEWHERE), "passed")],
)
def test_a_workspace_whose_last_apply_went_wrong_may_roll_back(library, applied, expected):
    """It goes on to nothing but what was applied before; a run that cannot apply is not held for it."""
    library.sign()
    speculative = answer(library, asked=request(speculative=True), hold=HOLD, applied=applied)[0]
    assert (expected, "passed") == (answer(library, hold=HOLD, applied=applied)[0], speculative)


def test_applying_again_what_went_wrong_is_no_rollback(library):
    """Though it was applied before."""
    library.sign()
    hold = replace(HOLD, config_digest=CONFIGURATION)
    assert "failed" == answer(library, hold=hold, applied=(CONFIGURATION,))[0]


def test_a_configuration_that_cannot_be_had_is_not_waited_for(library):
    """What went wrong is said at once."""
    made = decide(request(), library.materials(config_digest=None, problems=("the archive is damaged",)))
    assert ("failed", True) == (made.status, "the archive is damaged" in made.message)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.binary(max_size=200) | st.sampled_from(["forged", "renamed", "other"]), min_size=1, max_size=5),
    st.booleans(),
)
def test_nothing_untrusted_makes_an_answer_better(junk, waited):
    """However much somebody piles up beside nothing, or beside a FAIL."""
    for fails in (False, True):
        library = Library()
        if fails:
            library.sign(findings=(FINDING, FINDING))
        for one in junk:
            if one == "forged":
                library.sign(signer=FORGER)
            elif one == "renamed":
                sealed = library.sign(signer=FORGER)
                ids = [keys.public(signer).keyid.encode() for signer in (FORGER, SIGNER)]
                library.envelopes[-1] = sealed.replace(*ids)
            elif one == "other":
                library.sign(configuration=ELSEWHERE)
            else:
                library.envelopes.append(one)
        assert "failed" == decide(request(), library.materials(waited=waited, trust=TRUST)).status


FORGER = make_signer()
