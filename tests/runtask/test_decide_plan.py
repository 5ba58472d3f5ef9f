"""After a plan, before and after its apply: the run's plan is judged, is the same plan, and the API still answers."""

import json
from dataclasses import replace
from datetime import date

import pytest

from clearance.model import (
    Evidence,
    Finding,
    Measure,
    PolicyError,
    Requirement,
    RunTask,
    Severity,
    Stage,
    Subject,
    Waiver,
)
from clearance.runtask.decide import decide
from clearance.runtask.nouns import Hold, Kept, Waiting
from clearance.runtask.request import RunStage
from clearance.runtask.store import dumps
from tests.runtask.signing import CONFIGURATION, DAY, FINDING, HOUR, NOW, POLICY, Library, request, sha256


def change(kind, after=None, actions=("create",)):
    said = {"actions": list(actions), "before": None, "after": after or {}, "after_unknown": {}}
    return {"address": f"{kind}.this", "mode": "managed", "type": kind, "change": said}


def document(*changes, **more):
    whole = {"format_version": "1.2", "planned_values": {"root_module": {}}, "errored": False}
    return json.dumps(whole | {"resource_changes": list(changes)} | more).encode()


GOOD = document(change("aws_db_instance", {"publicly_accessible": False}))
PUBLIC = document(change("aws_db_instance", {"publicly_accessible": True}))


def seen(reach=1, **words):
    return Evidence(
        check="checkov",
        subject=Subject(),
        inputs_digest="",
        started=NOW,
        seconds=0.5,
        reach=reach,
        unit="resources",
        **words,
    )


@pytest.fixture
def library():
    made = Library()
    made.sign()
    return made


def after_plan(library, plan=GOOD, scan=None, asked=None, **facts):
    materials = library.materials(plan=plan, scan=scan or seen(), **facts)
    return decide(asked or request(RunStage.POST_PLAN), materials)


def before_apply(library, kept, plan=GOOD, scan=None, **facts):
    materials = library.materials(plan=plan, scan=scan or seen(), kept=kept, waited=True, **facts)
    return decide(request(RunStage.PRE_APPLY), materials)


def test_a_plan_without_harm_goes_on_and_its_name_is_kept(library):
    """What the stage asks of a checkout is said not to be judged here."""
    made = after_plan(library)
    assert ("passed", CONFIGURATION, True, True) == (
        made.status,
        made.kept.config_digest,
        made.kept.plan_digest.startswith("hmac-sha256:"),
        "terraform need a checkout" in made.message,
    )


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (PUBLIC, "public-data"),
        (document(change("aws_db_instance", actions=["delete"]), change("aws_iam_role")), "data-destroyed"),
        (document(change("aws_db_instance", actions=["delete", "create"])), "data-replaced"),
        (document(change("aws_iam_role", actions=["delete"])), "destroy-run"),
        (document(change("aws_iam_role"), resource_drift=[change("aws_iam_role", actions=["update"])]), "drift"),
        (document(change("aws_iam_role"), errored=True), "terraform met errors"),
        (b"{}", "JSON"),
    ],
)
def test_what_only_a_plan_shows_holds_the_run(library, plan, said):
    """Also one that could not apply: it is what the change would do."""
    made = after_plan(library, plan, asked=request(RunStage.POST_PLAN, speculative=True))
    shown = " ".join([made.message, *(f"{row.id} {row.description}" for row in made.outcomes)])
    assert ("failed", None, True) == (made.status, made.kept, said in shown)


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (seen(findings=(Finding(rule="CKV_AWS_17", message="public", severity=None, resource="a.b"),)), "failed"),
        (seen(findings=(Finding(rule="CKV_AWS_1", message="m", severity=Severity.LOW, resource="a.b"),)), "passed"),
        (seen(reach=0), "failed"),
        (seen(problems=("checkov took longer than 120 s",)), "failed"),
    ],
)
def test_what_checkov_sees_is_judged_by_the_policy(library, scan, expected):
    """Each resource that will be there must have been looked at, whatever reach the policy asks of the whole root."""
    assert expected == after_plan(library, scan=scan).status


def test_a_waiver_of_the_policy_covers_what_it_names_in_a_plan(library):
    """It names the check of stage plan, the rule and the address."""
    waiver = Waiver(
        checks=("plan",),
        rule="public-data",
        resource="aws_db_instance.this",
        owner="ann",
        reason="a demonstration",
        expires=date(2026, 11, 24),
    )
    policy = replace(POLICY, waivers=(waiver,))
    answers = [after_plan(library, PUBLIC, policy=policy, now=now).status for now in (NOW, NOW + DAY)]
    assert ["passed", "failed"] == answers


IN_CI = replace(POLICY, requirements=(Requirement(check="terraform", stage=Stage.PLAN),))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"findings": (FINDING,)}, "failed"),
        ({}, "passed"),
        ({"problems": ("there is no provider here",)}, "passed"),
        ({"findings": (FINDING,), "configuration": sha256(b"other")}, "passed"),
    ],
)
def test_a_signed_no_of_stage_plan_is_heard(library, words, expected):
    """The checks that need a checkout were judged where there was one; an UNKNOWN there says nothing."""
    library.sign(stage=Stage.PLAN, check="terraform", policy=IN_CI, **words)
    kept = after_plan(Library()).kept
    assert [expected] * 2 == [after_plan(library).status, before_apply(library, kept).status]


@pytest.mark.parametrize("held", [RunTask(), RunTask(plan="plan"), RunTask(checkov="checkov-plan")])
def test_a_policy_that_does_not_say_what_a_plan_is_judged_as_lets_none_pass(library, held):
    """And its author is told which table is missing."""
    made = after_plan(library, policy=replace(POLICY, runtask=held))
    assert ("failed", True) == (
        made.status,
        "does not say" in made.message and PolicyError.__name__ not in made.message,
    )


def test_a_plan_that_cannot_be_had_is_no_plan(library):
    """The reason is passed on."""
    made = decide(request(RunStage.POST_PLAN), library.materials(problems=("the plan was not there in time",)))
    assert ("failed", True) == (made.status, "not there in time" in made.message)


def test_before_an_apply_everything_is_judged_again(library):
    """The same plan, and content that is still cleared."""
    kept = after_plan(library).kept
    assert "passed" == before_apply(library, kept).status


def test_a_plan_that_changed_between_the_stages_is_held_and_nobody_overrides_that(library):
    """Nor a run whose plan nobody let through."""
    kept = after_plan(library).kept
    library.override("ann", "bob")
    other = document(change("aws_db_instance", {"publicly_accessible": False, "allocated_storage": 21}))
    answers = [
        before_apply(library, kept, other).status,
        before_apply(library, Kept(config_digest=CONFIGURATION)).status,
        before_apply(library, kept, None).status,
        before_apply(library, kept).status,
    ]
    assert ["failed", "failed", "failed", "passed"] == answers


def test_a_waiver_that_expired_between_the_stages_holds_the_apply():
    """What was cleared an hour ago is judged at the moment of the apply."""
    library = Library()
    library.sign(findings=(FINDING,))
    kept = after_plan(library).kept
    answers = [before_apply(library, kept, now=now).status for now in (NOW, NOW + DAY)]
    assert ["passed", "failed"] == answers


def test_an_answer_of_thousands_of_findings_fits_into_the_store_and_counts_them_all():
    """One item of DynamoDB has at most 400 KB, and is refused whole beyond that."""
    library, long = Library(), "\U0001f680<&*" * 150
    many = tuple(finding(number, long) for number in range(3000))
    made = decide(request(RunStage.POST_PLAN), library.materials(plan=PUBLIC, scan=seen(findings=many)))
    first, last = made.outcomes[0], made.outcomes[-1]
    assert ("failed", "plan", "left-out") == (made.status, first.id, last.id)
    assert len(dumps(made)) < 390_000
    # beside them the one ground, the answers of two checks, and the public database
    assert 3000 + 4 == int(last.description.split()[0].replace(",", "")) + len(made.outcomes) - 1


def finding(number, message):
    return Finding(
        rule="R", message=message, severity=Severity.HIGH, resource=f"a.b{number}", fingerprint=f"{number:032}"
    )


def test_other_content_than_was_planned_is_held(library):
    """The configuration is digested again before the apply."""
    kept = after_plan(library).kept
    made = before_apply(library, kept, config_digest=sha256(b"other"), envelopes=())
    assert "failed" == made.status


def test_nothing_else_wrong_an_apply_waits_for_evidence_too():
    """It may have been taken off the shelf since; what is wrong beside that is said at once."""
    library = Library()
    kept = after_plan(library).kept
    facts = {"plan": GOOD, "scan": seen(), "kept": kept}
    waiting = decide(request(RunStage.PRE_APPLY), library.materials(**facts))
    other = decide(request(RunStage.PRE_APPLY), library.materials(**facts | {"plan": PUBLIC}))
    assert (True, "failed") == (isinstance(waiting, Waiting), other.status)


def test_two_people_let_a_plan_go_on_and_it_is_shown(library):
    """Whose commit it is, the signed verdict of its configuration says."""
    library.override("ann", "bob")
    made = after_plan(library, PUBLIC)
    assert ("passed", "override", True) == (made.status, made.outcomes[0].id, made.kept.plan_digest is not None)


def canary(**words):
    return replace(seen(**words), check="canary", measures=(Measure(name="latency", value=1, low=1, high=1),))


WRONG = Finding(rule="canary/status", message="it answered 500", severity=Severity.HIGH, resource="GET /v1/health")


def test_an_api_that_answers_wrongly_holds_the_next_run(library):
    """The apply is over, so this is advice; the workspace is held until something better is applied."""
    made = decide(request(RunStage.POST_APPLY), library.materials(canary=canary(findings=(WRONG,))))
    assert ("failed", "ws-1", CONFIGURATION, "run-2") == (
        made.status,
        made.hold.workspace_id,
        made.hold.config_digest,
        made.hold.run_id,
    )
    held = decide(request(run_id="run-3"), library.materials(hold=made.hold))
    assert ("failed", True) == (held.status, "run-2" in held.message)


@pytest.mark.parametrize("nothing", [None, canary(reach=0), canary(problems=("no address is known",))])
def test_an_api_that_nobody_could_ask_is_no_reason_to_hold(library, nothing):
    """It is not passed either, and a hold stays."""
    hold = Hold(workspace_id="ws-1", reason="r", config_digest=None, run_id="run-1", since=NOW - HOUR)
    made = decide(request(RunStage.POST_APPLY), library.materials(canary=nothing, hold=hold))
    assert ("failed", None, False) == (made.status, made.hold, made.release)


def test_an_api_that_answers_again_ends_the_hold(library):
    """Only where there is one."""
    hold = Hold(workspace_id="ws-1", reason="r", config_digest=None, run_id="run-1", since=NOW - HOUR)
    made = [decide(request(RunStage.POST_APPLY), library.materials(canary=canary(), hold=one)) for one in (None, hold)]
    assert [("passed", False), ("passed", True)] == [(one.status, one.release) for one in made]
