"""What is taken in: signature first, then JSON; probes; requests, once each; and with which imports."""

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.runtask.receive import receive
from clearance.runtask.request import Probe, Request, RequestError, RunStage, Secret, dumps, parse
from clearance.runtask.signature import KeyMissingError, Keys, sign, verify
from stack.terraform_cloud.payload import PROBES

OLD, NEW = b"the key until yesterday", b"the key from today"
KEYS = Keys(current=NEW, previous=OLD)
PAYLOAD = {
    "payload_version": 1,
    "stage": "post_plan",
    "access_token": "a-token",
    "capabilities": {"outcomes": True},
    "configuration_version_download_url": "https://app.terraform.io/api/v2/configuration-versions/cv-1/download",
    "configuration_version_id": "cv-1",
    "is_speculative": False,
    "organization_name": "acme",
    "plan_json_api_url": "https://app.terraform.io/api/v2/plans/plan-1/json-output",
    "run_app_url": "https://app.terraform.io/app/acme/flights/runs/run-1",
    "run_created_at": "2021-09-02T14:47:13.036Z",
    "run_created_by": "ann",
    "run_id": "run-1",
    "run_message": "Queued “manually”",
    "task_result_callback_url": "https://app.terraform.io/api/v2/task-results/5ea8d46c/callback?url_code=x",
    "task_result_enforcement_level": "mandatory",
    "task_result_id": "taskrs-1",
    "vcs_branch": None,
    "vcs_commit_hash": "0" * 40,
    "workspace_id": "ws-1",
    "workspace_name": "flights",
    "workspace_working_directory": None,
}


def body(**changes):
    return json.dumps({k: v for k, v in (PAYLOAD | changes).items() if v is not ...}, ensure_ascii=False).encode()


def take(raw, *, key=NEW, name="X-TFC-Task-Signature", keys=KEYS, is_base64=False, signature=None):
    """Deliver a body; the status, and the ids of the requests that were handed on."""
    accepted = []
    headers = {"Content-Type": "application/json", name: sign(raw, key) if signature is None else signature}
    sent = base64.b64encode(raw).decode() if is_base64 else raw
    answer = receive(headers, sent, is_base64=is_base64, keys=keys, accept=accepted.append)
    return answer.status, [request.task_result_id for request in accepted]


@pytest.mark.parametrize("name", ["X-TFC-Task-Signature", "x-tfc-task-signature", "X-Tfc-Task-Signature"])
@pytest.mark.parametrize("is_base64", [False, True])
@pytest.mark.parametrize("key", [NEW, OLD], ids=["new", "old"])
def test_a_signed_request_is_handed_on(name, is_base64, key):
    """A request is accepted by either key, whatever the case of the header and the coding of the body."""
    assert (200, ["taskrs-1"]) == take(body(), key=key, name=name, is_base64=is_base64)


SIGNATURES = {
    "of another key": sign(body(), b"another"),
    "in capitals": sign(body(), NEW).upper(),
    "with a prefix": f"sha512={sign(body(), NEW)}",
    "cut off": sign(body(), NEW)[:-1],
    "longer": sign(body(), NEW) + "0",
    "empty": "",
    "no ASCII": "é" * 128,
    "of another body": sign(body() + b" ", NEW),
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
@pytest.mark.parametrize("raw", [body(), b"no JSON", b"", *(json.dumps(probe).encode() for probe in PROBES.values())])
def test_what_is_not_signed(raw, signature):
    """Whatever is not signed is answered 401: a request, a probe, and what is no JSON at all."""
    assert (401, []) == take(raw, signature=signature)


def test_no_signature_and_two_of_them():
    """A request without the header, or with two of it, is not signed."""
    good = sign(body(), NEW)
    for headers in ({}, {"X-TFC-Task-Signature": good, "x-tfc-task-signature": good}):
        assert 401 == receive(headers, body(), is_base64=False, keys=KEYS, accept=print).status


def test_a_body_that_is_no_base64():
    """A body that can't be decoded can't have been signed."""
    headers = {"x-tfc-task-signature": sign(b"", NEW)}
    assert 401 == receive(headers, "no base64!", is_base64=True, keys=KEYS, accept=print).status


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("key", [NEW, OLD], ids=["new", "old"])
def test_a_probe(probe, key):
    """A registration's probe of every known shape is answered 200, and nothing is handed on."""
    assert (200, []) == take(json.dumps(PROBES[probe]).encode(), key=key)


@pytest.mark.parametrize(
    "raw",
    [b'{"access_token":"test-token"}', body(access_token="test-token"), body(task_result_enforcement_level="test")],
)
def test_other_probes(raw):
    """Either mark of a probe makes it one, though all else is missing or there."""
    assert (200, []) == take(raw)


NO_REQUEST = {
    "no JSON": b"hello",
    "nothing": b"",
    "not UTF-8": b"\xff\xfe{\x00}\x00",
    "a list": b"[]",
    "too deep": b"[" * 100_000,
    "a number too long": b'{"run_id": ' + b"9" * 5000 + b"}",
    "an empty object": b"{}",
    "no id": body(task_result_id=...),
    "an id that is a path": body(task_result_id="../x"),
    "an id that is a number": body(run_id=7),
    "no token": body(access_token=None),
    "an empty token": body(access_token=""),
    "a token with a line feed": body(access_token="a\r\nX-Evil: 1"),
    "no callback": body(task_result_callback_url=...),
    "a callback that is no text": body(task_result_callback_url=["https://app.terraform.io"]),
    "no stage": body(stage=...),
    "a stage of the future": body(stage="pre_destroy"),
    "another version": body(payload_version=2),
    "a token that is longer than any": body(access_token="x" * 8001),
}


@pytest.mark.parametrize("raw", NO_REQUEST.values(), ids=NO_REQUEST)
def test_signed_and_no_request(raw):
    """What is signed and no request of a run task is answered 400."""
    assert (400, []) == take(raw)


def test_an_answer_repeats_nothing():
    """No answer holds anything of what was sent."""
    raw = body(stage="SECRET", run_id="SECRET")
    headers = {"x-tfc-task-signature": sign(raw, NEW)}
    assert "SECRET" not in receive(headers, raw, is_base64=False, keys=KEYS, accept=print).body


def test_what_cannot_be_handed_on_is_sent_again():
    """Where the request can't be kept the answer is no 200, so that Terraform Cloud sends it again."""

    def full(_):
        raise OSError("no space left")

    headers = {"x-tfc-task-signature": sign(body(), NEW)}
    answer = receive(headers, body(), is_base64=False, keys=KEYS, accept=full)
    assert 503 == answer.status
    assert answer.fault.startswith("OSError in test_runtask_receive.py:")


@pytest.mark.parametrize("keys", [{"current": b""}, {"current": b"  \n"}, {"current": NEW, "previous": b""}])
def test_an_empty_key(keys):
    """An empty key is refused: everybody could sign with it."""
    with pytest.raises(KeyMissingError):
        Keys(**keys)


def test_a_payload_is_read():
    """All that we use of a payload is read from where it is documented to be."""
    assert parse(body()) == Request(
        task_result_id="taskrs-1",
        stage=RunStage.POST_PLAN,
        run_id="run-1",
        workspace_id="ws-1",
        access_token=Secret("a-token"),
        callback_url=Secret("https://app.terraform.io/api/v2/task-results/5ea8d46c/callback?url_code=x"),
        plan_url=Secret("https://app.terraform.io/api/v2/plans/plan-1/json-output"),
        configuration_url=Secret("https://app.terraform.io/api/v2/configuration-versions/cv-1/download"),
        outcomes=True,
        created_at=datetime(2021, 9, 2, 14, 47, 13, 36000, UTC),
        commit="0" * 40,
    )


VARIANTS = {
    "of an upload, in which no field speaks of a repository": {key: ... for key in PAYLOAD if key.startswith("vcs_")},
    "of Terraform Enterprise, which knows neither capabilities nor an archive": {
        **dict.fromkeys(("capabilities", "configuration_version_download_url", "configuration_version_id"), ...),
        "task_result_callback_url": "https://tfe.example:8443/api/v2/task-results/5ea8d46c/callback",
    },
    "with nulls where there is nothing": {
        **dict.fromkeys(("payload_version", "capabilities", "is_speculative", "run_message", "workspace_name"))
    },
    "with its version as text": {"payload_version": "1"},
    "with fields that nobody has heard of": {"project_id": "prj-1", "stack": {"id": 7}, "": []},
    "with other types where we don't look": {"workspace_name": ["a"], "run_message": 7, "vcs_branch": False},
    "with a commit that is none": {"vcs_commit_hash": "main"},
    "created nobody knows when": {"run_created_at": "yesterday"},
}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)
def test_a_payload_of_another_kind(changes):
    """What other versions and other projects leave out, null or add does not keep a request from being taken."""
    assert (200, ["taskrs-1"]) == take(body(**changes))


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"capabilities": ..., "capabilitites": {"outcomes": True}}, True),
        ({"capabilities": None, "capabilitites": {"outcomes": True}}, True),
        ({"capabilities": {"outcomes": False}, "capabilitites": {"outcomes": True}}, False),
        ({"capabilities": {"outcomes": "true"}}, False),
        ({"capabilities": ["outcomes"]}, False),
        ({"capabilities": ...}, False),
    ],
)
def test_outcomes_are_shown_where_it_is_said(changes, shown):
    """Also under the name as it was misspelt; whatever is not plainly true is not."""
    assert shown is parse(body(**changes)).outcomes


@pytest.mark.parametrize("said", [None, ..., "true", 1, False])
def test_a_run_is_speculative_only_where_that_is_plainly_said(said):
    """Otherwise it could apply, and is held to more."""
    assert parse(body(is_speculative=said)).speculative is False


def test_the_largest_request_fits_into_a_queue():
    """Whatever somebody wrote into a commit's message, it is sealed and sent as it came."""
    long = "https://app.terraform.io/".ljust(8000, "x")
    fields = ("access_token", "plan_json_api_url", "configuration_version_download_url", "task_result_callback_url")
    assert len(dumps(parse(body(**dict.fromkeys(fields, long), run_message="\U0001f680" * 50_000)))) < 10 * 4096


def test_secrets_are_not_shown():
    """Neither a request nor one of its secrets shows what opens a door."""
    request = parse(body())
    shown = f"{request} {request!r} {request.access_token} {request.callback_url!r} {KEYS} {KEYS!r}"
    assert [] == [secret for secret in ("a-token", "5ea8d46c", "plan-1", "the key") if secret in shown]


def test_only_the_standard_library_is_needed():
    """Whoever only receives imports nothing but the standard library and three modules of ours."""
    program = "import sys; import clearance.runtask.receive; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {program}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"clearance"} == loaded - sys.stdlib_module_names - {"__main__"}
    assert {"inspect", "dataclasses", "asyncio", "http", "email", "traceback", "pathlib"} & loaded <= {
        "inspect",
        "dataclasses",
    }


words = st.text(max_size=60)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", fullmatch=True)
secrets = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=80).map(Secret)
moments = st.integers(0, 2**42).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))
requests = st.builds(
    Request,
    task_result_id=ids,
    stage=st.sampled_from(RunStage),
    run_id=ids,
    workspace_id=ids,
    access_token=secrets.filter(lambda secret: secret.reveal() != "test-token"),
    callback_url=secrets,
    plan_url=st.none() | secrets,
    configuration_url=st.none() | secrets,
    speculative=st.booleans(),
    outcomes=st.booleans(),
    created_at=st.none() | moments,
    commit=st.none() | st.from_regex(r"[0-9a-f]{40}", fullmatch=True),
)


@given(requests)
def test_a_request_is_written_as_it_was(request):
    """What is written of a request is read as the same request."""
    assert request == parse(dumps(request))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(PAYLOAD)), values, max_size=4))
def test_whatever_a_payload_holds(changes):
    """A payload is a request, a probe, or refused, whatever its fields hold; and a request can be written down."""
    try:
        request = parse(json.dumps(PAYLOAD | changes).encode())
    except RequestError:
        return
    if isinstance(request, Request):
        assert request == parse(dumps(request))
    else:
        assert Probe() == request


@given(st.binary(max_size=200))
def test_whatever_a_body_is(raw):
    """Any signed bytes are a request, a probe, or refused."""
    assert take(raw)[0] in {200, 400}
    assert 401 == take(raw, key=b"another")[0]


@given(st.binary(max_size=64), st.binary(min_size=1, max_size=64).filter(bytes.strip), st.integers(0, 127))
def test_a_signature_holds_for_its_bytes_alone(raw, key, place):
    """A signature counts for exactly the bytes and the key that it was made of, and in no other form."""
    keys, signature = Keys(current=key), sign(raw, key)
    changed = signature[:place] + ("1" if signature[place] == "0" else "0") + signature[place + 1 :]
    assert verify(raw, signature, keys)
    assert [False] * 4 == [
        verify(raw + b"\0", signature, keys),
        verify(raw, changed, keys),
        verify(raw, None, keys),
        verify(raw, signature, Keys(current=key + b"x")),
    ]
