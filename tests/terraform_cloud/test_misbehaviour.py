"""What else Terraform Cloud may do, or do wrong, and what the run task makes of it; more in test_runtask_whole.py."""

import contextlib
import json

import pytest

from clearance.runtask.nouns import Decided, Waiting
from clearance.runtask.store import Ending
from stack.errors import StackError
from stack.terraform_cloud import Behaviour, Door, Level, Stage, State, Status, Workspace
from stack.terraform_cloud.behaviour import DROPPED, NOT_READY, Trouble, redirection, refusal
from tests.runtask.rehearsing import KEY, passing, rehearsing

POST_PLAN = {Stage.POST_PLAN: Level.MANDATORY}


def strict(_, materials):
    """Fail where anything could not be fetched."""
    return Decided(status="failed" if materials.problems else "passed", message="; ".join(materials.problems) or "fine")


@contextlib.contextmanager
def registered(folder, decide=strict, *, stages=POST_PLAN, speed=600):
    """A run task that is registered for some stages."""
    with rehearsing(folder, decide, speed=speed, register=False) as there:
        there.cloud.register(there.service.url, key=KEY, stages=stages)
        yield there
    assert [] == there.cloud.leaks


def without(name):
    return lambda document: {key: value for key, value in document.items() if key != name}


def having(**fields):
    return lambda document: document | fields


def indented(body):
    return json.dumps(json.loads(body), indent=2).encode() + b"\n"


NOT_SIGNED = {"an empty header": "", "no header": None, "a prefix before it": "sha512=" + "0" * 128}


@pytest.mark.parametrize("signature", NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_what_is_not_signed_is_not_looked_at(tmp_path, signature):
    """Each delivery is 401, nothing is decided, and the run is held since nobody was reached."""
    with registered(tmp_path) as there:
        run = there.walk(behaviour=Behaviour(signature=lambda _: signature))
    deliveries = run.result("post_plan").deliveries
    assert ([401] * 3, []) == ([each.status for each in deliveries], there.decided)
    assert (State.ERRORED, Status.UNREACHABLE) == (run.state, run.result("post_plan").status)


@pytest.mark.parametrize("key", ["", "another"])
def test_nobody_is_registered_with_another_key(tmp_path, key):
    """A probe that is signed otherwise, or not at all, is 401, so that no task is made."""
    with rehearsing(tmp_path, register=False) as there, pytest.raises(StackError, match="it answered 401"):
        there.cloud.register(there.service.url, key=key)


NO_REQUEST = {
    "a stage of the future": having(stage="pre_destroy"),
    "another version": having(payload_version=2),
    "no id": without("task_result_id"),
    "no token": without("access_token"),
    "no callback": without("task_result_callback_url"),
}


@pytest.mark.parametrize("change", NO_REQUEST.values(), ids=NO_REQUEST)
def test_what_is_no_request_is_refused(tmp_path, change):
    """What is signed and cannot be answered is 400, however often it is sent."""
    with registered(tmp_path) as there:
        run = there.walk(behaviour=Behaviour(payload=change))
    assert [400] * 3 == [each.status for each in run.result("post_plan").deliveries]
    assert Status.UNREACHABLE is run.result("post_plan").status


AS_GOOD = {
    "written otherwise": Behaviour(body=indented),
    "no working directory": Behaviour(payload=having(workspace_working_directory=None)),
    "nothing of version control": Behaviour(payload=having(vcs_commit_url=None, vcs_branch=None, vcs_repo_url=None)),
    "no project": Behaviour(payload=lambda document: without("project_id")(without("project_name")(document))),
    "a slow answer": Behaviour(troubles={Door.CALLBACK: (Trouble(status=200, done=True, delay_s=0.2),)}),
    "a slow plan": Behaviour(troubles={Door.PLAN: (Trouble(status=204, delay_s=0.2),)}),
}


@pytest.mark.parametrize("behaviour", AS_GOOD.values(), ids=AS_GOOD)
def test_what_is_as_good(tmp_path, behaviour):
    """None of it holds a run, and each is decided once."""
    with registered(tmp_path) as there:
        run = there.walk(until="post_plan", behaviour=behaviour)
    assert (State.POST_PLANNED, 1) == (run.state, len(there.decided)), run.why


MISSING = {
    "no place of the plan": (Behaviour(payload=without("plan_json_api_url")), "the plan cannot be had"),
    "a place that is no URL": (Behaviour(payload=having(plan_json_api_url="/api/v2/plans/x")), "not one of a listed"),
    "a plan that is never complete": (Behaviour(troubles={Door.PLAN: (NOT_READY,) * 80}), "still not complete"),
    "a link that expires at once": (Behaviour(object_s=-1.0), "asked 6 times"),
}


@pytest.mark.parametrize(("behaviour", "said"), MISSING.values(), ids=MISSING)
def test_a_plan_that_cannot_be_had(tmp_path, behaviour, said):
    """The decision is told why there is no plan, and the answer says so in time."""
    with registered(tmp_path) as there:
        run = there.walk(behaviour=behaviour)
    assert Status.FAILED is run.result("post_plan").status
    assert said in run.why


def test_redirections_that_never_end(tmp_path):
    """A plan that leads from one link to the next is given up."""
    with registered(tmp_path) as there:
        _, objects = there.cloud.origins
        onward = redirection(307, f"http://{objects}/v1/object/x")
        run = there.walk(behaviour=Behaviour(troubles={Door.PLAN: (onward,), Door.OBJECT: (onward,) * 9}))
    assert Status.FAILED is run.result("post_plan").status


SAID_MEANWHILE = {
    "too often": refusal(429, retry_after="1"),
    "the server fails": refusal(500),
    "nobody answers": DROPPED,
    "not for us, once": refusal(404),
    "the token is refused, once": refusal(401),
    "as if it were final": refusal(409),
    "not as it is written": refusal(422),
}


@pytest.mark.parametrize("trouble", SAID_MEANWHILE.values(), ids=SAID_MEANWHILE)
def test_a_sign_of_life_that_is_not_taken(tmp_path, trouble):
    """Whatever `running` is answered, the decision is made and its answer given."""
    waited = []

    def decide(request, materials):
        waited.append(request.stage)
        return Waiting(message="no evidence yet") if len(waited) == 1 else passing(request, materials)

    with registered(tmp_path, decide, stages={Stage.PRE_PLAN: Level.MANDATORY}) as there:
        run = there.walk(until="pre_plan", behaviour=Behaviour(troubles={Door.CALLBACK: (trouble,)}))
    assert (State.PRE_PLANNED, 1) == (run.state, run.result("pre_plan").said("passed")), run.why


def test_a_token_that_expires_meanwhile(tmp_path):
    """An answer that comes too late for its token ends the task; the run is held all the same."""
    asked = []

    def decide(request, materials):
        asked.append(request.stage)
        return Waiting(message="no evidence yet") if len(asked) == 1 else passing(request, materials)

    with registered(tmp_path, decide, stages={Stage.PRE_PLAN: Level.MANDATORY}) as there:
        run = there.walk(behaviour=Behaviour(token_s=60.0))
    result = run.result("pre_plan")
    assert {Ending.UNDELIVERABLE.value} == set(there.endings.values())
    assert (State.ERRORED, Status.ERRORED, 0) == (run.state, result.status, result.said("passed"))


def test_two_tasks_at_one_address(tmp_path):
    """As infra/terraform_cloud registers it: one task holds, another watches, and each is asked at its own stages."""
    held = dict.fromkeys((Stage.PRE_PLAN, Stage.POST_PLAN, Stage.PRE_APPLY), Level.MANDATORY)
    with registered(tmp_path, stages=held) as there:
        there.cloud.register(there.service.url, key=KEY, stages={Stage.POST_APPLY: Level.ADVISORY})
        run = there.walk()
    assert (State.POST_APPLIED, [Status.PASSED] * 4) == (run.state, [result.status for result in run.results]), run.why
    assert 4 == len(there.decided)


def test_advice_holds_nothing(tmp_path):
    """As advisory alone the run task is heard, and the run goes on: how it is registered decides."""
    with registered(tmp_path, stages=dict.fromkeys(Stage, Level.ADVISORY)) as there:
        run = there.walk(configuration=None)
    assert (State.POST_APPLIED, True) == (run.state, "cannot be had" in run.warnings[0])


def test_a_terraform_that_is_too_old_asks_nobody(tmp_path):
    """Before 1.1.9 a run goes through unasked, whatever is registered: infra/terraform_cloud allows no such version."""
    with registered(tmp_path, stages=dict.fromkeys(Stage, Level.MANDATORY)) as there:
        old = there.walk(workspace=Workspace(terraform=(1, 1, 8)))
        young = there.walk(workspace=Workspace(terraform=(1, 1, 9)))
    assert ([], State.POST_APPLIED) == (old.results, old.state)
    assert 4 == len(young.results)
