"""A rehearsal is not content with a run that is held by accident, nor with one that goes through."""

import json

import pytest

from stack.rehearsal import acts
from stack.rehearsal.telling import Account
from stack.terraform_cloud import Level, Stage, TerraformCloud
from tests.terraform_cloud.small_task import KEY, callback, small_task

PLAN = {"resource_changes": [{"address": acts.FUNCTION, "change": {"after": {"memory_size": 512}}}]}


def scene(cloud):
    return acts.Scene(cloud=cloud, account=Account(), archive=b"", plan=json.dumps(PLAN).encode())


def answer(status, message, *details):
    """A task that always says the same."""
    outcomes = [{"outcome-id": "X", "description": detail} for detail in details] or None
    return lambda request: callback(request, status, message=message, outcomes=outcomes)


ANSWERS = {
    "held, for its reason": (answer("failed", "it is public"), True),
    "held, for its reason among the details": (answer("failed", "no", "the database is public"), True),
    "held, for another reason": (answer("failed", "the gate could not decide"), False),
    "let through": (answer("passed", "it is public"), False),
}


@pytest.mark.parametrize(("work", "well"), ANSWERS.values(), ids=ANSWERS)
def test_a_run_must_be_held_for_its_reason(work, well):
    """Only `failed`, at its stage and in the words that are waited for, is as it must be."""
    with TerraformCloud() as cloud, small_task(work) as (url, _):
        cloud.register(url, key=KEY, stages={Stage.POST_PLAN: Level.MANDATORY})
        there = scene(cloud)
        acts.held(there, "a run", there.run("x"), Stage.POST_PLAN, "public")
    assert [well] == [act.ending == "ok" for act in there.account.acts]


@pytest.mark.parametrize(("statuses", "work"), [([500] * 3, answer("failed", "public")), ([], answer("errored", "x"))])
def test_a_run_that_is_held_since_nobody_answered(statuses, work):
    """A gate that is not reached, or says nothing that counts, has held nothing."""
    with TerraformCloud(speed=2000) as cloud, small_task(work, statuses=statuses) as (url, _):
        cloud.register(url, key=KEY, stages={Stage.POST_PLAN: Level.MANDATORY})
        there = scene(cloud)
        acts.held(there, "a run", there.run("x"), Stage.POST_PLAN, "public")
    assert not there.account.well


def test_a_run_that_is_held_too_early():
    """Held at another stage than it must be is not as it must be."""
    with TerraformCloud() as cloud, small_task(answer("failed", "public")) as (url, _):
        cloud.register(url, key=KEY)
        there = scene(cloud)
        acts.held(there, "a run", there.run("x"), Stage.POST_PLAN, "public")
    assert not there.account.well


@pytest.mark.parametrize(("status", "well"), [("failed", True), ("passed", False)])
def test_a_changed_plan_is_told_apart(status, well):
    """Before the apply the plan is another than after planning, in one number; a gate that lets it go on is wrong."""
    work = answer(status, "the plan is not the one that was judged")
    with TerraformCloud() as cloud, small_task(work) as (url, requests):
        cloud.register(url, key=KEY, stages={Stage.PRE_APPLY: Level.MANDATORY})
        there = scene(cloud)
        acts.changed_meanwhile(there)
    assert (well, 1) == (there.account.well, len(requests))
    assert 576 == json.loads(acts.enlarged(there.plan))["resource_changes"][0]["change"]["after"]["memory_size"]
