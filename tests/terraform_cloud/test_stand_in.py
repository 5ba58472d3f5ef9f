"""The stand-in keeps to what is documented of Terraform Cloud, asked by the smallest run task that there is."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from stack.errors import StackError
from stack.terraform_cloud import Behaviour, Door, Level, Origin, Run, Stage, State, Status, TerraformCloud, Workspace
from stack.terraform_cloud.behaviour import DONE_AND_DROPPED, DROPPED, NOT_READY, OLD_TERRAFORM, redirection, refusal
from stack.terraform_cloud.payload import PROBES
from tests.terraform_cloud.small_task import KEY, ask, callback, small_task

PLAN = b'{"format_version":"1.2","resource_changes":[]}'
TAR = b"not looked at"
ONE_STAGE = {Stage.POST_PLAN: Level.MANDATORY}


@pytest.fixture
def cloud():
    with TerraformCloud() as there:
        yield there


def run(**words):
    return Run(workspace=Workspace(), created_at=datetime.now(UTC), configuration=TAR, plan=lambda: PLAN, **words)


def walked(cloud, work, *, stages=ONE_STAGE, statuses=(), **words):
    """Have a task do its work at the stages of a run; the run, at its end, and the requests."""
    with small_task(work, statuses=statuses) as (url, requests):
        cloud.register(url, key=KEY, stages=stages)
        return cloud.walk(cloud.queue(run(**words))), requests


def passes(request):
    callback(request, "passed", message="fine")


def test_a_run_walks_to_its_end(cloud):
    """Four stages are asked in their order, each with its own result and token, and the plan is applied in time."""
    applied = []
    done, requests = walked(cloud, passes, stages=dict.fromkeys(Stage, Level.ADVISORY), apply=lambda: applied.append(1))
    assert (State.POST_APPLIED, [1], []) == (done.state, applied, done.warnings)
    assert ["pre_plan", "post_plan", "pre_apply", "post_apply"] == [each["stage"] for each in requests]
    assert 4 == len({each["access_token"] for each in requests}) == len({each["task_result_id"] for each in requests})
    assert ["plan_json_api_url" in each for each in requests] == [False, True, True, True]


def test_an_uploaded_run_names_no_commit(cloud):
    """Whatever queues a run by the API leaves every field of version control null; a repository's run fills them."""
    _, (uploaded,) = walked(cloud, passes)
    cloud.tasks.clear()
    _, (followed,) = walked(cloud, passes, origin=Origin(branch="main", commit="0" * 40))
    assert {None} == {value for name, value in uploaded.items() if name.startswith("vcs_")}
    assert ("main", "0" * 40) == (followed["vcs_branch"], followed["vcs_commit_hash"])


@pytest.mark.parametrize("probe", PROBES)
def test_registering_takes_a_200(cloud, probe):
    """A probe of any shape must be answered 200, as signed as any request."""
    with small_task(passes) as (url, requests):
        cloud.register(url, key=KEY, probe=probe)
        assert [] == requests


@pytest.mark.parametrize(("status", "key"), [(202, KEY), (204, KEY), (500, KEY), (200, "another")])
def test_registering_takes_nothing_but_a_200(cloud, status, key):
    """Any other answer, also to a wrong key, is no registration."""
    with small_task(passes, probe_status=status) as (url, _), pytest.raises(StackError, match="not 200"):
        cloud.register(url, key=key)


def test_nobody_there_is_no_registration(cloud):
    """A closed port answers nothing."""
    with small_task(passes) as (url, _):
        gone = url
    with pytest.raises(StackError, match="nothing"):
        cloud.register(gone, key=KEY)


@pytest.mark.parametrize(
    ("stage", "level", "state"),
    [
        (Stage.PRE_PLAN, Level.MANDATORY, State.ERRORED),
        (Stage.POST_PLAN, Level.MANDATORY, State.ERRORED),
        (Stage.PRE_APPLY, Level.MANDATORY, State.ERRORED),
        (Stage.POST_APPLY, Level.MANDATORY, State.POST_APPLIED),
        (Stage.PRE_PLAN, Level.ADVISORY, State.POST_APPLIED),
        (Stage.POST_APPLY, Level.ADVISORY, State.POST_APPLIED),
    ],
)
def test_a_failure_holds_or_warns(cloud, stage, level, state):
    """Mandatory holds before the apply; advisory, and whatever comes after the apply, is a warning."""
    done, _ = walked(cloud, lambda request: callback(request, "failed", message="no"), stages={stage: level})
    assert (state, f"{stage} failed: no") == (done.state, done.why or done.warnings[0])


def test_the_strictest_of_several_tasks_wins(cloud):
    """One mandatory failure holds a run that others let pass."""
    with (
        small_task(passes) as (first, _),
        small_task(lambda request: callback(request, "failed", message="no")) as (second, _),
    ):
        for url in (first, second):
            cloud.register(url, key=KEY, stages=ONE_STAGE)
        assert State.ERRORED is cloud.walk(cloud.queue(run())).state


def test_a_plan_only_run_ends_before_the_apply(cloud):
    """A speculative run is asked until its plan is there, and is neither confirmed nor applied."""
    done, requests = walked(cloud, passes, stages=dict.fromkeys(Stage, Level.MANDATORY), speculative=True)
    assert (State.FINISHED, ["pre_plan", "post_plan"]) == (done.state, [each["stage"] for each in requests])
    assert {True} == {each["is_speculative"] for each in requests}


def test_the_plan_lies_at_another_origin(cloud):
    """A token leads to a link; the link gives the plan to who shows no token, and a token sent along is noted."""
    seen = {}

    def work(request):
        led = ask("GET", request["plan_json_api_url"], token=request["access_token"])
        where = led.headers["location"]
        seen.update(led=led.status, plain=ask("GET", where).body, told=ask("GET", where, token="x").status)
        passes(request)

    walked(cloud, work)
    assert {"led": 307, "plain": PLAN, "told": 400} == seen
    assert 1 == len(cloud.leaks)


def test_the_configuration_lies_there_too(cloud):
    """It is redirected with 302."""
    seen = []

    def work(request):
        led = ask("GET", request["configuration_version_download_url"], token=request["access_token"])
        seen.append((led.status, ask("GET", led.headers["location"]).body))
        passes(request)

    walked(cloud, work, stages={Stage.PRE_PLAN: Level.MANDATORY})
    assert [(302, TAR)] == seen


def test_a_link_is_good_for_a_minute():
    """After a minute of the clock a link is refused."""
    seen = []

    def work(request):
        where = ask("GET", request["plan_json_api_url"], token=request["access_token"]).headers["location"]
        seen.append(ask("GET", where).status)
        threading.Event().wait(clock.real(61))
        seen.append(ask("GET", where).status)
        passes(request)

    with TerraformCloud(speed=300) as cloud:
        clock = cloud.clock
        walked(cloud, work)
    assert [200, 403] == seen


@pytest.mark.parametrize(
    ("troubles", "statuses"),
    [
        ((NOT_READY, NOT_READY), [204, 204, 307]),
        ((OLD_TERRAFORM,), [422, 307]),
        ((DROPPED, refusal(429, retry_after="3"), refusal(503)), [0, 429, 503, 307]),
    ],
)
def test_a_door_has_its_troubles_first(cloud, troubles, statuses):
    """Troubles come once each in their order; then the door is well."""
    seen = []

    def work(request):
        seen.extend(ask("GET", request["plan_json_api_url"], token=request["access_token"]).status for _ in statuses)
        passes(request)

    walked(cloud, work, behaviour=Behaviour(troubles={Door.PLAN: troubles}))
    assert statuses == seen


def test_a_plan_may_be_answered_at_once(cloud):
    """Some installations give the plan without a redirection."""
    seen = []

    def work(request):
        seen.append(ask("GET", request["plan_json_api_url"], token=request["access_token"]).body)
        passes(request)

    walked(cloud, work, behaviour=Behaviour(inline_plan=True))
    assert [PLAN] == seen


def test_a_redirection_elsewhere_is_noted(cloud):
    """Whoever follows it there has been seen, and whether with a token."""
    seen = []

    def work(request):
        where = ask("GET", request["plan_json_api_url"], token=request["access_token"]).headers["location"]
        seen.append(where)
        ask("GET", where, token=request["access_token"])
        passes(request)

    trouble = redirection(307, cloud.elsewhere_url + "/internal")
    walked(cloud, work, behaviour=Behaviour(troubles={Door.PLAN: (trouble,)}))
    assert ["GET /internal elsewhere, with a token"] == cloud.leaks


def test_a_token_is_for_its_result(cloud):
    """Callbacks take the token of their own result alone, not that of the stage before."""
    tokens, seen = [], []

    def work(request):
        tokens.append(request["access_token"])
        seen.append(callback(request, "running", token=tokens[0]).status)
        passes(request)

    walked(cloud, work, stages=dict.fromkeys((Stage.PRE_PLAN, Stage.POST_PLAN), Level.MANDATORY))
    assert [200, 401] == seen


def test_a_token_expires():
    """An expired token is 401 for callbacks and downloads; the result then errors by itself."""
    seen = []

    def work(request):
        threading.Event().wait(cloud.clock.real(61))
        seen.append(callback(request, "passed").status)
        seen.append(ask("GET", request["plan_json_api_url"], token=request["access_token"]).status)

    with TerraformCloud(speed=600) as cloud:
        done, _ = walked(cloud, work, behaviour=Behaviour(token_s=60))
    assert ([401, 401], Status.ERRORED) == (seen, done.result("post_plan").status)


def test_a_final_result_stays(cloud):
    """A second end is 409, whatever it says."""
    seen = []

    def work(request):
        seen.extend(callback(request, status).status for status in ("running", "failed", "passed", "running"))

    done, _ = walked(cloud, work)
    assert ([200, 200, 409, 409], Status.FAILED) == (seen, done.result("post_plan").status)


def test_an_unknown_callback_is_404(cloud):
    """Who guesses a callback's URL finds nothing."""
    seen = []

    def work(request):
        head, _, _ = request["task_result_callback_url"].rpartition("/task-results/")
        seen.append(callback(request, "passed", url=f"{head}/task-results/guess/callback").status)
        passes(request)

    walked(cloud, work)
    assert [404] == seen


def test_a_code_in_the_url_is_needed(cloud):
    """Where the callback's URL has a query, the URL without it is 404."""
    seen = []

    def work(request):
        bare = request["task_result_callback_url"].partition("?")[0]
        seen.extend([callback(request, "running", url=bare).status, callback(request, "passed").status])

    walked(cloud, work, behaviour=Behaviour(url_code=True))
    assert [404, 200] == seen


def test_an_answer_may_be_lost(cloud):
    """A callback that was taken though its answer was lost is 409 the second time."""
    seen = []

    def work(request):
        seen.extend(callback(request, "passed").status for _ in range(2))

    done, _ = walked(cloud, work, behaviour=Behaviour(troubles={Door.CALLBACK: (DONE_AND_DROPPED,)}))
    assert ([0, 409], Status.PASSED) == (seen, done.result("post_plan").status)


def test_a_retry_says_when(cloud):
    """A rate limit names the seconds to wait."""
    seen = []

    def work(request):
        seen.append(callback(request, "passed").headers["retry-after"])
        passes(request)

    walked(cloud, work, behaviour=Behaviour(troubles={Door.CALLBACK: (refusal(429, retry_after="2"),)}))
    assert ["2"] == seen


def test_callbacks_are_json_api(cloud):
    """Another content type is 415; a body that is no JSON is 422, with a pointer."""
    seen = []

    def work(request):
        url, token = request["task_result_callback_url"], request["access_token"]
        seen.append(ask("PATCH", url, token=token, body=b"{}", content_type="application/json").status)
        refused = ask("PATCH", url, token=token, body=b"{")
        seen.extend([refused.status, json.loads(refused.body)["errors"][0]["source"]["pointer"]])
        passes(request)

    walked(cloud, work)
    assert [415, 422, "/data"] == seen


def test_silence_ends_after_ten_minutes():
    """A task that says nothing errs after ten minutes of the clock, and a mandatory one holds the run."""
    with TerraformCloud(speed=3000) as cloud:
        done, _ = walked(cloud, lambda _: None)
    assert (State.ERRORED, "post_plan errored: no sign of life for 10 minutes") == (done.state, done.why)


def test_an_hour_is_all():
    """Signs of life prolong ten minutes, never an hour."""

    def work(request):
        while callback(request, "running").status == 200:
            threading.Event().wait(cloud.clock.real(200))

    with TerraformCloud(speed=3000) as cloud:
        done, _ = walked(cloud, work)
    result = done.result("post_plan")
    assert "post_plan errored: no end within 60 minutes" == done.why
    assert result.said("running") > 6


def test_a_delivery_is_tried_again(cloud):
    """Anything but 200 is posted again, the same bytes under the same id."""
    done, requests = walked(cloud, passes, statuses=[503, 202])
    assert (State.POST_APPLIED, 3, 1) == (done.state, len(requests), len({each["task_result_id"] for each in requests}))


def test_a_task_that_is_not_reached_holds(cloud):
    """When no delivery is answered 200 the result is unreachable."""
    done, _ = walked(cloud, passes, statuses=[500] * 3)
    assert "post_plan unreachable: no delivery was answered 200" == done.why


def test_deliveries_race_and_repeat(cloud):
    """One request may come several times at once, and again when all is over."""
    done, requests = walked(cloud, passes, behaviour=Behaviour(at_once=3, again=2))
    assert ([200] * 5, 5) == ([each.status for each in done.result("post_plan").deliveries], len(requests))
    assert [200, 409, 409, 409, 409] == sorted(call.answered for call in done.result("post_plan").calls)


@pytest.mark.parametrize("signature", ["", "0" * 128, None])
def test_a_signature_may_be_wrong_or_missing(cloud, signature):
    """What is not signed is refused by the task, and so unreachable."""
    done, requests = walked(cloud, passes, behaviour=Behaviour(signature=lambda _: signature))
    assert ([], Status.UNREACHABLE) == (requests, done.result("post_plan").status)


def test_an_apply_that_fails_ends_the_run(cloud):
    """Terraform's own trouble is not the task's."""

    def apply():
        raise StackError("no rights")

    done, _ = walked(cloud, passes, apply=apply)
    assert (State.ERRORED, "apply: no rights") == (done.state, done.why)


def test_leaving_ends_who_waits():
    """A run whose task says nothing is over as soon as Terraform Cloud is."""
    with ThreadPoolExecutor(1) as pool, small_task(lambda _: None) as (url, requests):
        with TerraformCloud() as cloud:
            cloud.register(url, key=KEY, stages=ONE_STAGE)
            walking = pool.submit(cloud.walk, cloud.queue(run()))
            while not requests:
                threading.Event().wait(0.01)
        assert "post_plan errored: Terraform Cloud is closed" == walking.result(10).why
