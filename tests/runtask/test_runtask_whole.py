"""A run task as Terraform Cloud sees it: whole runs, held and let through, by way of HTTP."""

import io
import json
import logging
import tarfile
import threading
from datetime import timedelta

import pytest

from clearance.model import ClearanceError
from clearance.render.outcomes import Label, Outcome
from clearance.runtask.nouns import Decided, Hold, Kept, Limits, Waiting
from clearance.runtask.request import RunStage
from clearance.runtask.store import Ending
from clearance.subject import configuration
from stack.terraform_cloud import Behaviour, Door, Level, Stage, State, Status
from stack.terraform_cloud.behaviour import (
    DONE_AND_DROPPED,
    DROPPED,
    NOT_READY,
    OLD_TERRAFORM,
    Trouble,
    redirection,
    refusal,
)
from stack.terraform_cloud.payload import PROBES
from tests.runtask.rehearsing import KEY, PLAN, Eyes, archive, minutes, passing, rehearsing

POST_PLAN = {Stage.POST_PLAN: Level.MANDATORY}
PRE_PLAN = {Stage.PRE_PLAN: Level.MANDATORY}


@pytest.fixture
def one(tmp_path):
    """Walk one run, asked at some stages; what became of it and of the service."""

    def walk(decide=passing, *, stages=POST_PLAN, eyes=None, limits=None, speed=60.0, until="post_plan", **words):
        with rehearsing(tmp_path, decide, speed=speed, eyes=eyes, limits=limits, register=False) as there:
            there.cloud.register(there.service.url, key=KEY, stages=stages)
            run = there.walk(until=until, **words)
        assert [] == there.cloud.leaks
        return run, there

    return walk


def test_a_run_is_let_through(tmp_path):
    """All four stages are decided, once each, and answered."""
    with rehearsing(tmp_path) as there:
        run = there.walk()
    assert (State.POST_APPLIED, []) == (run.state, run.warnings), run.why
    assert ["pre_plan", "post_plan", "pre_apply", "post_apply"] == [str(one.stage) for one, _ in there.decided]
    assert {Status.PASSED} == {result.status for result in run.results}
    assert [] == there.cloud.leaks


def test_materials_are_those_of_the_stage(tmp_path):
    """Each stage has its configuration's digest; a plan is looked at where there is one, the API after an apply."""
    packed = archive({"main.tf": b"# this", "modules/a.tf": b"# that"})
    with rehearsing(tmp_path) as there:
        there.walk(configuration=packed)
    digest = configuration.of_archive(io.BytesIO(packed))
    assert {digest} == {materials.config_digest for _, materials in there.decided}
    assert [None, PLAN, PLAN, None] == [materials.plan for _, materials in there.decided]
    assert [False, True, True, False] == [materials.scan is not None for _, materials in there.decided]
    assert [False, False, False, True] == [materials.canary is not None for _, materials in there.decided]


def test_signed_verdicts_are_found_by_content(tmp_path):
    """Until it is applied, what was signed about this very configuration is at hand."""
    packed = archive({"main.tf": b"# this"})
    with rehearsing(tmp_path) as there:
        there.books.filed[configuration.of_archive(io.BytesIO(packed))] = (b"signed",)
        there.walk(configuration=packed)
        there.walk(configuration=archive({"main.tf": b"# something else"}))
    found = [materials.envelopes for _, materials in there.decided]
    assert [(b"signed",), (b"signed",), (b"signed",), ()] == found[:4]
    assert {()} == set(found[4:])


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_is_answered_and_nothing_is_done(tmp_path, probe):
    """A registration of every known shape succeeds, and leaves no task behind."""
    with rehearsing(tmp_path, register=False) as there:
        there.cloud.register(there.service.url, key=KEY, probe=probe)
        assert {} == there.store.endings()


WELL = Behaviour()
TROUBLES = {
    "the plan is not ready": (Door.PLAN, [NOT_READY, NOT_READY, NOT_READY]),
    "plan: too many requests, in seconds": (Door.PLAN, [refusal(429, retry_after="7")]),
    "plan: too many requests, until a moment": (Door.PLAN, [refusal(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")]),
    "plan: the server fails": (Door.PLAN, [refusal(500), refusal(502), refusal(503)]),
    "plan: nobody answers": (Door.PLAN, [DROPPED, DROPPED]),
    "configuration: the server fails": (Door.CONFIGURATION, [refusal(503), DROPPED]),
    "the link has expired": (Door.OBJECT, [refusal(403), refusal(404), refusal(410)]),
    "the archive fails": (Door.OBJECT, [refusal(500), DROPPED]),
    "callback: too many requests": (Door.CALLBACK, [refusal(429, retry_after="3"), refusal(429, retry_after="soon")]),
    "callback: the server fails": (Door.CALLBACK, [refusal(500), refusal(503, retry_after="1")]),
    "callback: nobody answers": (Door.CALLBACK, [DROPPED]),
    "callback: taken, and nobody said so": (Door.CALLBACK, [DONE_AND_DROPPED]),
}


@pytest.mark.parametrize(("door", "troubles"), TROUBLES.values(), ids=TROUBLES)
def test_trouble_that_passes(one, door, troubles):
    """What is better a moment later is tried again, and the run goes on."""
    run, there = one(behaviour=Behaviour(troubles={door: tuple(troubles)}))
    assert State.POST_PLANNED is run.state, run.why
    assert (1, 1) == (run.result("post_plan").said("passed"), len(there.decided))


BAD = {
    "an old Terraform": (Door.PLAN, [OLD_TERRAFORM], "older than 0.12"),
    "plan: not for us": (Door.PLAN, [refusal(404)], "404"),
    "plan: the token is refused": (Door.PLAN, [refusal(401)], "401"),
    "plan: never answered": (Door.PLAN, [DROPPED] * 6, "asked 6 times"),
    "plan: never well": (Door.PLAN, [refusal(503)] * 6, "said at last: 503"),
    "configuration: not uploaded": (Door.CONFIGURATION, [refusal(404)], "404"),
    "the link never works": (Door.OBJECT, [refusal(404)] * 12, "asked 6 times"),
    "plan: no redirection": (Door.PLAN, [Trouble(status=307)], "redirected"),
}


def strict(_, materials):
    """Fail where anything could not be fetched."""
    return Decided(status="failed" if materials.problems else "passed", message="; ".join(materials.problems))


@pytest.mark.parametrize(("door", "troubles", "said"), BAD.values(), ids=BAD)
def test_trouble_that_stays(one, door, troubles, said):
    """What can't be fetched is a problem that the decision is told of, in words, and the answer says so."""
    run, _ = one(strict, behaviour=Behaviour(troubles={door: tuple(troubles)}))
    assert (State.ERRORED, Status.FAILED) == (run.state, run.result("post_plan").status)
    assert said in run.why


@pytest.mark.parametrize("door", [Door.PLAN, Door.CONFIGURATION])
@pytest.mark.parametrize("status", [301, 302, 307])
def test_nobody_is_followed_to_just_anywhere(tmp_path, door, status):
    """A redirection to a host that is not listed is not followed, with a token or without."""
    with rehearsing(tmp_path, strict, register=False) as there:
        there.cloud.register(there.service.url, key=KEY, stages=POST_PLAN)
        astray = redirection(status, f"{there.cloud.elsewhere_url}/v1/object/x")
        run = there.walk(behaviour=Behaviour(troubles={door: (astray,)}))
        assert "redirected to where we do not go" in run.why
        assert [] == there.cloud.leaks


@pytest.mark.parametrize("key", ["plan_json_api_url", "configuration_version_download_url", "task_result_callback_url"])
def test_a_payload_leads_nowhere_else(tmp_path, key):
    """A URL at a host that is not listed is never asked, though the payload is signed."""
    with rehearsing(tmp_path, strict, speed=600, register=False) as there:
        there.cloud.register(there.service.url, key=KEY, stages=POST_PLAN)
        elsewhere = there.cloud.elsewhere_url
        run = there.walk(behaviour=Behaviour(payload=lambda document: document | {key: f"{elsewhere}/x"}))
        assert run.result("post_plan").status in {Status.FAILED, Status.ERRORED}
        assert [] == there.cloud.leaks


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(inline_plan=True),
        Behaviour(url_code=True),
        Behaviour(payload=lambda document: document | {"something_new": {"a": [1]}, "vcs_commit_hash": None}),
        Behaviour(payload=lambda document: {k: v for k, v in document.items() if k != "project_id"}),
    ],
    ids=["the plan without a redirection", "a code in the callback", "a new field", "an old payload"],
)
def test_what_may_be_otherwise(one, behaviour):
    """Variants that the documentation leaves open are as good."""
    run, _ = one(behaviour=behaviour)
    assert State.POST_PLANNED is run.state, run.why


def telling(*_):
    """Pass, with an outcome."""
    outcome = Outcome(id="A1", description="one line", body="# more", tags={"Status": (Label(label="Passed"),)})
    return Decided(status="passed", message="fine", outcomes=(outcome,), url="https://example.com/verdict")


CAPABILITIES = {
    "as documented": ({"capabilities": {"outcomes": True}}, 1),
    "misspelt": ({"capabilities": None, "capabilitites": {"outcomes": True}}, 1),
    "not capable": ({"capabilities": {"outcomes": False}}, 0),
    "not said": ({"capabilities": None}, 0),
    "in other words": ({"capabilities": {"outcomes": "yes"}}, 0),
}


@pytest.mark.parametrize(("said", "shown"), CAPABILITIES.values(), ids=CAPABILITIES)
def test_outcomes_are_sent_to_who_shows_them(one, said, shown):
    """Outcomes go along only where the request says that they are shown; the message goes always."""

    def change(document):
        return {key: value for key, value in (document | said).items() if value is not None}

    run, _ = one(telling, behaviour=Behaviour(payload=change))
    result = run.result("post_plan")
    assert (shown, "fine", "https://example.com/verdict") == (len(result.outcomes), result.message, result.url)


def test_an_answer_that_is_not_taken(one):
    """Where the details are not accepted, the answer is given without them."""
    run, _ = one(telling, behaviour=Behaviour(troubles={Door.CALLBACK: (refusal(422),)}))
    result = run.result("post_plan")
    assert (Status.PASSED, ()) == (result.status, result.outcomes)
    assert "not accepted" in result.message


@pytest.mark.parametrize(
    ("status", "ending"), [(401, Ending.UNDELIVERABLE), (404, Ending.UNDELIVERABLE), (409, Ending.ANSWERED_BEFORE)]
)
def test_an_answer_that_nobody_wants(one, status, ending):
    """A refused token, a lost result and one that is final already end the task; it is not tried again."""
    run, there = one(speed=600, behaviour=Behaviour(troubles={Door.CALLBACK: (refusal(status),)}))
    assert {ending.value} == set(there.endings.values())
    assert (Status.ERRORED, []) == (run.result("post_plan").status, run.result("post_plan").calls)


def broken(*_):
    raise LookupError("https://app.terraform.io/secret?token=abc")


def refusing(*_):
    raise ClearanceError("the policy is not the pinned one", "pin it again")


class Blind(Eyes):
    def scan(self, plan):
        raise RuntimeError(plan.decode())


def test_a_fault_of_ours(one):
    """An exception that nobody thought of is `failed`, with what kind it was and where, and never its text."""
    run, _ = one(broken)
    assert Status.FAILED is run.result("post_plan").status
    assert "a fault of Clearance" in run.why
    assert "LookupError" in run.why
    assert "secret" not in run.why


def test_an_error_with_a_hint(one):
    """An error that people can put right is `failed`, with the message and the hint."""
    run, _ = one(refusing)
    assert "the policy is not the pinned one; pin it again" in run.why


def test_a_scanner_that_fails(one):
    """A scanner that ends with an exception holds the run, and what it choked on is not told."""
    run, _ = one(eyes=Blind())
    assert "RuntimeError" in run.why
    assert "resource" not in run.why


def hostile_archive(**fields):
    """Pack one member that nobody may unpack."""
    with io.BytesIO() as packed:
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo(fields.pop("name", "a"))
            for name, value in fields.items():
                setattr(info, name, value)
            tar.addfile(info)
        return packed.getvalue()


ARCHIVES = {
    "a path that leads out": hostile_archive(name="../out.tf"),
    "an absolute path": hostile_archive(name="/etc/passwd"),
    "a link that leads out": hostile_archive(type=tarfile.SYMTYPE, linkname="../../etc/passwd"),
    "a hard link": hostile_archive(type=tarfile.LNKTYPE, linkname="b"),
    "a device": hostile_archive(type=tarfile.CHRTYPE),
    "no archive": b"nothing of the kind",
    "one that is cut off": archive({"main.tf": bytes(range(256)) * 40})[:-30],
    "an enormous one": hostile_archive(size=1 << 40),
}


@pytest.mark.parametrize("packed", ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_that_nobody_may_unpack(one, packed):
    """Such a configuration has no digest, and the decision is told why."""
    run, there = one(strict, stages=PRE_PLAN, until="pre_plan", configuration=packed)
    ((_, materials),) = there.decided
    assert (Status.FAILED, None) == (run.result("pre_plan").status, materials.config_digest)
    assert "configuration" in run.why


def test_a_configuration_that_cannot_be_had(one):
    """A run without a configuration to download is decided upon all the same, with that as a problem."""
    _, there = one(strict, stages=PRE_PLAN, until="pre_plan", configuration=None)
    ((_, materials),) = there.decided
    assert ("the configuration cannot be had: the request names no place for it",) == materials.problems


def test_evidence_that_comes_late(one):
    """A run waits for its evidence, says so every two minutes, and goes on once it is there."""

    def decide(_, materials):
        return passing(_, materials) if len(there) > 3 else Waiting(message="no evidence yet")

    there = []

    def counting(request, materials):
        there.append(materials.waited)
        return decide(request, materials)

    run, _ = one(counting, stages=PRE_PLAN, until="pre_plan", speed=240)
    result = run.result("pre_plan")
    assert (State.PRE_PLANNED, [False] * 4) == (run.state, there), run.why
    assert (3, 1) == (result.said("running"), result.said("passed"))
    gaps = [later.at - earlier.at for earlier, later in zip(result.calls, result.calls[1:], strict=False)]
    assert max(gaps) < Limits().silence


def test_evidence_that_never_comes(one):
    """After as long as the policy has patience the decision is told that there is no more of it."""

    def decide(_, materials):
        return Decided(status="failed", message="no evidence") if materials.waited else Waiting(message="wait")

    limits = Limits(evidence=minutes(7))
    run, there = one(decide, stages=PRE_PLAN, until="pre_plan", speed=240, limits=limits)
    assert (State.ERRORED, "pre_plan failed: no evidence") == (run.state, run.why)
    assert [True] == [materials.waited for _, materials in there.decided if materials.waited]


def test_the_time_is_over(one):
    """A decision that waits although there is no more time is answered `failed` before Terraform Cloud gives up."""
    limits = Limits(total=minutes(5))
    run, _ = one(lambda *_: Waiting(message="wait"), stages=PRE_PLAN, until="pre_plan", speed=240, limits=limits)
    assert Status.FAILED is run.result("pre_plan").status
    assert "it took longer than 5 minutes" in run.why


class Slow(Eyes):
    """Looks at a plan until Terraform Cloud has heard from us three times."""

    def __init__(self):
        self.enough = threading.Event()

    def scan(self, plan):
        self.enough.wait(30)
        return super().scan(plan)


def test_a_long_look_is_no_silence(tmp_path):
    """While something takes long, Terraform Cloud hears `running` at least every two minutes."""
    eyes = Slow()
    with rehearsing(tmp_path, speed=240, eyes=eyes, register=False) as there:
        there.cloud.register(there.service.url, key=KEY, stages=POST_PLAN)
        walking = threading.Thread(target=there.walk)
        walking.start()
        while not any(run.results and run.results[0].said("running") >= 12 for run in list(there.cloud.doors.runs)):
            threading.Event().wait(0.02)
        eyes.enough.set()
        walking.join()
        result = there.cloud.doors.runs[0].result("post_plan")
    assert Status.PASSED is result.status  # twelve minutes or more after the request: the silence was broken


def test_delivered_200_times_at_once(one):
    """However often and however fast a request is delivered, it is answered 200 each time and decided once."""
    run, there = one(behaviour=Behaviour(at_once=200, again=20))
    result = run.result("post_plan")
    assert {200} == {delivery.status for delivery in result.deliveries}
    assert (220, 1, 1) == (len(result.deliveries), len(there.decided), result.said("passed"))


def test_200_requests_at_once(tmp_path):
    """Two hundred runs at the same time are each decided exactly once."""
    with rehearsing(tmp_path, workers=8, register=False, speed=10) as there:
        there.cloud.register(there.service.url, key=KEY, stages=PRE_PLAN)
        threads = [threading.Thread(target=there.walk, kwargs={"until": "pre_plan"}) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results = [run.result("pre_plan") for run in there.cloud.doors.runs]
    assert [(Status.PASSED, 1)] * 200 == [(result.status, result.said("passed")) for result in results]
    assert 200 == len(there.decided) == len({request.task_result_id for request, _ in there.decided})


def test_what_is_kept_from_stage_to_stage(tmp_path):
    """What a decision keeps of its run, and the hold that it puts on the workspace, is there at the next stage."""

    def decide(request, materials):
        hold = Hold(workspace_id=request.workspace_id, reason="the canary is silent", config_digest=None,
                    run_id=request.run_id, since=materials.now)  # fmt: skip
        return {
            "post_plan": Decided(status="passed", message="ok", kept=Kept(plan_digest="hmac:1")),
            "post_apply": Decided(status="failed", message="no", hold=hold),
        }.get(str(request.stage), Decided(status="passed", message="ok"))

    with rehearsing(tmp_path, decide) as there:
        first = there.walk()
        there.walk(workspace=first.workspace)
    kept = [materials.kept.plan_digest for _, materials in there.decided]
    assert [None, None, "hmac:1", "hmac:1", None, None, "hmac:1", "hmac:1"] == kept
    held = [materials.hold is not None for _, materials in there.decided]
    assert [False] * 4 + [True] * 4 == held
    assert [0] * 8 == [len(materials.applied) for _, materials in there.decided]


def test_what_was_applied_and_works_is_what_a_workspace_can_go_back_to(tmp_path):
    """A configuration that left the API broken is none of those, however often it was applied."""
    broken = archive({"main.tf": b"# broken"})

    def decide(request, materials):
        bad = request.stage is RunStage.POST_APPLY and materials.config_digest != good
        hold = Hold(workspace_id=request.workspace_id, reason="silent", config_digest=materials.config_digest,
                    run_id=request.run_id, since=materials.now)  # fmt: skip
        return Decided(status="failed" if bad else "passed", message="m", hold=hold if bad else None)

    good = configuration.of_archive(io.BytesIO(archive({"main.tf": b"# nothing"})))
    with rehearsing(tmp_path, decide) as there:
        first = there.walk()
        for config in (broken, broken):
            there.walk(workspace=first.workspace, configuration=config)
        assert (good,) == there.store.applied(first.workspace.id)


def test_a_run_of_long_ago_is_not_taken_up_again(tmp_path):
    """A store knows for 90 days what it has answered: a request that is replayed later than that changes nothing."""
    with rehearsing(tmp_path, limits=Limits(oldest=timedelta(0))) as there:
        run = there.walk()
        assert (Status.FAILED, []) == (run.result("pre_plan").status, there.decided)
        assert "queue it anew" in run.result("pre_plan").message


def test_nothing_secret_is_told(tmp_path, caplog):
    """No token, callback URL or place of the archive is in a log, an answer, or the file of the store."""
    caplog.set_level(logging.DEBUG)
    secret, said = set(), []

    def remember(document):
        secret.update((document["access_token"], document["task_result_callback_url"].rsplit("/", 2)[-2]))
        return document

    for number, troubles in enumerate(
        [
            {},
            {Door.PLAN: (refusal(500), DROPPED, refusal(404))},
            {Door.OBJECT: (refusal(404),) * 12},
            {Door.CALLBACK: (refusal(401),)},
            {Door.CONFIGURATION: (redirection(302, "http://[broken/v1/object/hidden"),)},
        ]
    ):
        folder = tmp_path / str(number)
        decide = broken if number == 0 else strict
        with rehearsing(folder, decide, speed=600) as there:
            run = there.walk(behaviour=Behaviour(payload=remember, troubles=troubles))
            secret.update(there.cloud.doors._objects)
            said += [json.dumps(call.document) for result in run.results for call in result.calls]
            said += [path.read_bytes().decode("latin-1") for path in folder.iterdir()]
    said += [caplog.text, *(str(record.__dict__) for record in caplog.records)]
    assert len(secret) > 10
    assert [] == [one for one in secret for text in said if one in text]
    assert [] == [word for word in ("hidden", "token=abc") if word in "".join(said)]


def test_the_same_as_before_is_sent_after_a_restart(tmp_path):
    """What was settled and not delivered is sent by whoever comes next, and not decided again."""
    with rehearsing(tmp_path, speed=600, register=False) as there:
        there.cloud.register(there.service.url, key=KEY, stages=POST_PLAN)
        run = there.walk(behaviour=Behaviour(troubles={Door.CALLBACK: (refusal(503),) * 7}))
    assert (Status.PASSED, 1) == (run.result("post_plan").status, len(there.decided))


def test_a_forged_signature(one):
    """A request with another signature is answered 401, and the run is held since nobody was reached."""
    run, there = one(behaviour=Behaviour(signature=lambda signature: signature[::-1]))
    assert ({401}, 0) == ({delivery.status for delivery in run.result("post_plan").deliveries}, len(there.decided))
    assert Status.UNREACHABLE is run.result("post_plan").status


def test_time_limits_are_terraform_clouds():
    """A claim whose worker is dead is taken over before Terraform Cloud finds the silence too long."""
    limits = Limits()
    assert limits.heartbeat + limits.lease + limits.heartbeat < limits.silence
    assert limits.evidence + timedelta(minutes=5) < limits.total
