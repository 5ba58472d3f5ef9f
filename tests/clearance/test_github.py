"""What GitHub is told and asked, at a server that behaves as GitHub does on its good and its bad days."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.github import approvals, comment, event, required, status
from clearance.github.annotations import annotate
from clearance.github.client import Client, GitHubError, Patience
from clearance.github.codeowners import owners
from clearance.model import ClearanceError, Decision, Finding, Ruling, Severity, Stage, Subject, Verdict
from tests.clearance.github_api import REPOSITORY, GitHub, Trouble

TOKEN = "token-of-a-workflow"
HEAD, MERGE, BASE, OTHER = "a" * 40, "b" * 40, "c" * 40, "d" * 40
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DIGEST = "sha256:" + "0" * 64


def finding(number=1, severity=Severity.HIGH, path="a.py"):
    return Finding(rule=f"R{number}", message="wrong", severity=severity, path=path, line=number)


def verdict(*findings, decision=Decision.FAIL, **more):
    ruling = Ruling(check="lint", decision=decision, reasons=("some findings",), blocking=findings)
    known = {
        "decision": decision,
        "complete": True,
        "missing": (),
        "stage": Stage.CHANGE,
        "subject": Subject(commit=MERGE, tree="e" * 40, dirty=False),
        "rulings": (ruling,),
        "idle_waivers": (),
        "expired_waivers": (),
        "policy_digest": DIGEST,
        "evidence": (),
        "judged_at": NOW,
        "now_overridden": False,
        "subject_overridden": False,
        "version": "1",
    }
    return Verdict(**{**known, **more})


@pytest.fixture
def github():
    with GitHub().serving() as serving:
        yield serving


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self):
        self.now, self.waits = 1_000_000.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(github, clock):
    return Client(REPOSITORY, TOKEN, api=github.url, sleep=clock.sleep, now=clock, patience=Patience(pause_s=0))


def said(of, name="gate"):
    return status.Status(verdict=of, digest=DIGEST, name=name, commit=MERGE, link="https://example.org/run")


# The client.


@pytest.mark.parametrize(
    ("instead", "headers", "body", "waits"),
    [
        (500, {}, None, [1.0]),
        (502, {}, b"<html>no JSON</html>", [1.0]),
        ("drop", {}, None, [1.0]),
        (200, {}, b"<html>a proxy's page</html>", [1.0]),
        (429, {"Retry-After": "7"}, None, [7.0]),
        (403, {"Retry-After": "9"}, None, [9.0]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000030"}, None, [31.0]),
        (403, {}, {"message": "You have exceeded a secondary rate limit"}, [60.0]),
    ],
)
def test_a_bad_moment_passes(github, clock, client, instead, headers, body, waits):
    """What is broken, silent or over a limit is asked again, after as long as GitHub says or longer each time."""
    github.branches["main"] = BASE
    github.troubles.append(Trouble("GET", "/branches/main", instead, headers, body))

    assert {"commit": {"sha": BASE}} == client.get("/branches/main")
    assert waits == clock.waits


def test_silence_ends(github, clock):
    """An answer that does not come is waited for as long as it was said, and asked for again."""
    github.branches["main"] = BASE
    github.troubles.append(Trouble("GET", "/branches/main", "hang"))
    client = Client(REPOSITORY, TOKEN, api=github.url, sleep=clock.sleep, now=clock, patience=Patience(answer_s=0.5))

    assert {"commit": {"sha": BASE}} == client.get("/branches/main")
    assert 1.0 == clock.waits[0]


@pytest.mark.parametrize("code", [401, 403, 404, 422])
def test_a_no_is_not_asked_again(github, client, code):
    """Each no of GitHub's is an error with its own words and a hint, at once."""
    github.troubles.append(Trouble("GET", "/branches/main", code, {}, {"message": "no", "errors": [{"field": "x"}]}))

    with pytest.raises(GitHubError, match=f"answers {code} to GET /repos/owner/repository/branches/main: no") as caught:
        client.get("/branches/main")
    assert (code, True, 1) == (caught.value.status, bool(caught.value.hint), len(github.asked))


def test_patience_ends(github, clock, client):
    """A limit that outlasts our patience is an error that says how long GitHub asks to wait, and nothing waits."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1003599"}
    github.troubles.append(Trouble("GET", "/branches/main", 403, headers))
    with pytest.raises(GitHubError, match="asks to wait 3,600 s"):
        client.get("/branches/main")
    assert clock.waits == []


def test_breakage_that_lasts_is_an_error(github, clock, client):
    """After six tries, each after a longer wait, it is said that GitHub does not answer."""
    github.troubles += [Trouble("GET", "/branches/main", "drop")] * 6
    with pytest.raises(GitHubError, match=r"does not answer .* also when asked again"):
        client.get("/branches/main")
    assert clock.waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_the_token_is_in_no_message(github, client):
    """Also where GitHub's answer repeats it, an error does not."""
    github.troubles.append(Trouble("GET", "/branches/main", 401, {}, {"message": f"bad {TOKEN}"}))
    with pytest.raises(GitHubError) as caught:
        client.get("/branches/main")
    assert (False, f"Bearer {TOKEN}") == (
        TOKEN in str(caught.value) + caught.value.hint + repr(client),
        github.asked[0][2],
    )


@pytest.mark.parametrize("api", ["http://api.github.com", "ftp://127.0.0.2", "file:///etc", "https://", "https://[::1"])
def test_the_token_goes_to_no_other_place(api):
    """Over plain HTTP to another machine, or to what is no address, no token is sent."""
    with pytest.raises(ClearanceError, match=r"no place for a token|no address"):
        Client(REPOSITORY, TOKEN, api=api)


@pytest.mark.parametrize("token", [f"{TOKEN}\nX-Evil: 1", f"{TOKEN} ", f"{TOKEN} x", f"caf\xe9{TOKEN}", f"{TOKEN}\x1b"])
def test_a_token_that_is_none(github, token):
    """A line break at its end is taken off; what no token holds is refused, and not repeated."""
    if token.strip() == TOKEN:
        github.branches["main"] = HEAD
        assert Client(REPOSITORY, token, api=github.url).get("/branches/main") == {"commit": {"sha": HEAD}}
        return
    with pytest.raises(ClearanceError, match="what no token does") as caught:
        Client(REPOSITORY, token, api=github.url)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "repository", ["owner", "owner/name/more", "owner/na me", "owner/name?x=1", "../name/..", "/name"]
)
def test_a_repository_is_an_owner_and_a_name(repository):
    """Nothing else becomes a part of an address."""
    with pytest.raises(ClearanceError, match="is no repository"):
        Client(repository, TOKEN)


def test_every_page_is_read(github, client):
    """A list is followed to its end; where its next page is at another place, no part of it is taken for the whole."""
    github.page = 2
    github.reviews[1] = [{"id": number} for number in range(5)]
    assert [0, 1, 2, 3, 4] == [one["id"] for one in client.pages("/pulls/1/reviews")]

    link = {"Link": '<http://127.0.0.1:1/next>; rel="next"'}
    github.troubles.append(Trouble("GET", "/pulls/1/reviews", 200, link, [{"id": 9}]))
    with pytest.raises(GitHubError, match=r"the next page is said to be at http://127\.0\.0\.1:1/next"):
        list(client.pages("/pulls/1/reviews"))


# A verdict on its commit.


@pytest.mark.parametrize(
    ("decision", "conclusion", "state"),
    [
        (Decision.PASS, "success", "success"),
        (Decision.FAIL, "failure", "failure"),
        (Decision.UNKNOWN, "failure", "error"),
    ],
)
def test_three_answers_are_two_conclusions(github, client, decision, conclusion, state):
    """Only PASS is a success; UNKNOWN blocks as FAIL does, and its title says which it is."""
    status.put_check_run(client, said(verdict(decision=decision)))
    status.put_commit_status(client, said(verdict(decision=decision)))

    (run,) = github.check_runs
    assert ("completed", conclusion, MERGE) == (run["status"], run["conclusion"], run["head_sha"])
    assert run["output"]["title"].startswith(f"{decision.name}: ")
    assert (state, "gate") == (github.statuses[0]["state"], github.statuses[0]["context"])


def test_annotations_come_worst_first_in_portions(github, client):
    """Of 130 findings with a limit of 120, the worst 120 stand there in three requests, and the rest is counted."""
    found = [finding(n, Severity.LOW if n > 10 else Severity.CRITICAL) for n in range(130, 0, -1)]
    done = status.put_check_run(client, said(verdict(*found)), limit=120)

    (run,) = github.check_runs
    assert 120 == len(run["annotations"])
    assert all("(critical)" in one["title"] for one in run["annotations"][:10])
    assert "and 10 more" in run["output"]["summary"]
    assert ("120 annotations, and 10 more: the rest stands in the verdict",) == done.notes
    assert [50, 50, 20] == [
        len(b["output"]["annotations"]) for m, p, _, b in github.asked if b and "annotations" in b.get("output", {})
    ]


def test_again_is_once(github, client):
    """Publishing the same verdict again changes nothing: one check run, each annotation once, one status."""
    for _ in range(2):
        status.put_check_run(client, said(verdict(*map(finding, range(1, 61)))))
        status.put_commit_status(client, said(verdict()))
    assert (1, 60, 1) == (len(github.check_runs), len(github.check_runs[0]["annotations"]), len(github.statuses))


@pytest.mark.parametrize("lost", [("POST", "/check-runs"), ("PATCH", "/check-runs/1")])
@pytest.mark.parametrize("instead", ["lost", "drop", 502])
def test_a_lost_answer_makes_no_twin(github, client, lost, instead):
    """Whether a request was done whose answer was lost is looked up before it is sent again."""
    github.troubles.append(Trouble(*lost, instead))
    status.put_check_run(client, said(verdict(*map(finding, range(1, 61)))))
    assert (1, 60) == (len(github.check_runs), len(github.check_runs[0]["annotations"]))


def test_refused_annotations_do_not_lose_the_status(github, client):
    """Where GitHub takes no annotations, the conclusion stands there all the same, and says so."""
    github.troubles.append(Trouble("PATCH", "/check-runs/1", 422))
    done = status.put_check_run(client, said(verdict(finding())))
    assert ("failure", True) == (
        github.check_runs[0]["conclusion"],
        "refused" in github.check_runs[0]["output"]["summary"],
    )
    assert done.notes[0].startswith("1 annotation refused: GitHub answers 422")


def test_what_is_cut_short_is_no_success(github, client):
    """A check run whose last request fails stays in progress, which lets nothing merge."""
    github.troubles.append(Trouble("PATCH", "/check-runs/1", 403))
    with pytest.raises(GitHubError):
        status.put_check_run(client, said(verdict(decision=Decision.PASS)))
    assert ("in_progress", None) == (github.check_runs[0]["status"], github.check_runs[0].get("conclusion"))


@pytest.mark.parametrize(
    "more",
    [
        {"complete": False},
        {"missing": ("unit",)},
        {"subject": Subject(commit=MERGE, dirty=True)},
        {"subject": Subject(commit=None, dirty=False)},
        {"now_overridden": True},
        {"subject_overridden": True},
    ],
)
def test_a_pass_for_oneself_is_not_published(more):
    """A PASS that is partial, of changed files or made with a flag is refused; such a FAIL may be seen."""
    with pytest.raises(ClearanceError, match="not for others to see"):
        status.fit(verdict(decision=Decision.PASS, **more))
    status.fit(verdict(**more))


def test_findings_without_a_file_are_counted():
    """What has no file cannot stand beside the code; it is counted, and nothing is lost in silence."""
    chosen = annotate(verdict(finding(path=None), finding()))
    assert "1 annotation, 1 finding without a file" == str(chosen)


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300), st.integers(-5, 2**40))
def test_annotations_fit(rule, message, line):
    """Whatever a tool says, an annotation is within GitHub's limits and holds no control character."""
    said_by_tool = Finding(rule=rule, message=message * 300, path="a\x1b[0m.py", line=line)
    (one,) = annotate(verdict(said_by_tool)).shown
    assert len(one["message"].encode()) <= 64 * 1024
    assert 0 < len(one["title"]) <= 255
    assert 1 <= one["start_line"] == one["end_line"] < 2**31
    assert one["path"].isprintable()


# Whether it is required.


RULE = {"type": "required_status_checks", "ruleset_id": 1, "ruleset_source": REPOSITORY}


def ruleset(context, app=None):
    check = {"context": context} if app is None else {"context": context, "integration_id": app}
    return {**RULE, "parameters": {"required_status_checks": [check], "strict_required_status_checks_policy": True}}


def classic(context, app):
    return 200, {"required_status_checks": {"strict": True, "checks": [{"context": context, "app_id": app}]}}


def test_administrators_that_are_not_included_are_remarked_on(github, client):
    """Classic protection may leave administrators out; a ruleset that demands the same does not."""
    code, said = classic("gate", required.ACTIONS)
    github.protection = code, {**said, "enforce_admins": {"enabled": False}}
    words = "administrators may merge without it: classic protection does not include them"
    assert words in required.remarks(required.look(client, "main"), "gate")
    github.rules = [ruleset("gate", required.ACTIONS)]
    assert words not in required.remarks(required.look(client, "main"), "gate")


@pytest.mark.parametrize(
    ("rules", "protection", "doubt"),
    [
        ([ruleset("gate", required.ACTIONS)], None, None),
        ([], classic("gate", required.ACTIONS), None),
        ([ruleset("gate")], classic("gate", required.ACTIONS), None),
        ([], None, "gate is not required; required is no check at all"),
        ([ruleset("other", required.ACTIONS)], None, "gate is not required; required is other"),
        ([ruleset("gate")], None, "gate is required of any app (ruleset 1 of owner/repository)"),
        ([], classic("gate", -1), "gate is required of any app (classic protection)"),
        ([ruleset("gate", 7)], None, "gate is required of app 7"),
        ([], (200, {"required_status_checks": {"contexts": ["gate"]}}), "gate is required of any app"),
    ],
)
def test_it_says_whether_a_check_is_required(github, client, rules, protection, doubt):
    """Rulesets and classic protection both count; a check that anyone could say is not truly required."""
    github.rules, github.protection = rules, protection
    found = required.doubts(required.look(client, "main"), "gate")
    assert [] == list(found) if doubt is None else found[0].startswith(doubt)


@pytest.mark.parametrize("answer", [(403, "Resource not accessible by integration"), (404, "Not Found")])
def test_what_it_may_not_see_it_says(github, client, answer):
    """A token that may not look at classic protection does not make it absent, though GitHub says "Not Found"."""
    github.troubles.append(Trouble("GET", "/protection", answer[0], {}, {"message": answer[1]}))
    found = required.look(client, "main")
    assert ("classic branch protection (it needs Administration: read)",) == found.unseen
    assert "no code owner need approve, not even of clearance.toml" in required.remarks(found, "gate")


def test_it_says_what_is_weaker_than_it_could_be(github, client):
    """A change that need not be up to date, or approved by an owner, is remarked on; a queue makes up for the first."""
    strict = ruleset("gate", required.ACTIONS)
    loose = {**strict, "parameters": {**strict["parameters"], "strict_required_status_checks_policy": False}}
    reviewed = {"type": "pull_request", "parameters": {"require_code_owner_review": True}}
    said = []
    for rules in ([strict, reviewed], [loose, reviewed], [loose, reviewed, {"type": "merge_queue"}], [strict]):
        github.rules = rules
        said.append([remark.split(":")[0] for remark in required.remarks(required.look(client, "main"), "gate")])
    owner = "no code owner need approve, not even of clearance.toml"
    assert [[], ["a change need not be up to date"], [], [owner]] == said


# Who approved.


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("* @all", "clearance.toml", ("@all",)),
        ("* @all\n/security/*/ @ann", "security/rules/ruff.txt", ("@ann",)),
        ("* @all\n/security/*/ @ann", "security/ruff.txt", ("@all",)),
        ("* @all\n*.toml @ann", "clearance.toml", ("@ann",)),
        ("* @all\n**/rules @ann", "security/rules/ruff.txt", ("@ann",)),
        ("* @all\r\n/security/ @ann\r\n", "security/rules/ruff.txt", ("@ann",)),
        ("* @all\nclearance.toml @ann", "clearance.toml", ("@ann",)),
        ("* @all\n/clearance.toml @ann # why\n", "clearance.toml", ("@ann",)),
        ("clearance.toml @ann\n* @all", "clearance.toml", ("@all",)),
        ("clearance.toml @ann\nclearance.toml", "clearance.toml", ()),
        ("security/ @ann", "security/rules/x.txt", ("@ann",)),
        ("security/* @ann", "security/rules/x.txt", ()),
        ("security/* @ann", "security/x.txt", ("@ann",)),
        ("**/rules @ann", "security/rules/x.txt", ("@ann",)),
        ("*.toml @ann @org/team ann@example.org", "a/clearance.toml", ("@ann", "@org/team", "ann@example.org")),
        ("a\\ b.txt @ann", "a b.txt", ("@ann",)),
        ("# clearance.toml @ann", "clearance.toml", ()),
        ("clearance.tom @ann", "clearance.toml", ()),
        ("", "clearance.toml", ()),
    ],
)
def test_the_owners_of_a_path(text, path, expected):
    """The last line of CODEOWNERS that matches a path names its owners."""
    assert expected == owners(text, path)


@pytest.fixture
def change(github):
    """A pull request that edits the policy, whose merge is judged, with one owner."""
    github.pull(1, HEAD)
    github.commits[MERGE] = [BASE, HEAD]
    github.files[1] = [{"filename": "clearance.toml"}]
    github.own("* @nobody\nclearance.toml @ann @org/owners\n")
    return event.Event(pull=1, head=HEAD)


def test_a_code_owner_accepts(github, client, change):
    """The approval of an owner, of this very head, is an acceptance of the commit that was judged."""
    github.review(1, "Ann", "APPROVED", HEAD)
    assert approvals.Approvals(commit=MERGE, accepted_by=("Ann (#1)",)) == approvals.ask(client, change, MERGE, ())


@pytest.mark.parametrize(
    "reviews",
    [
        [],
        [("ann", "APPROVED", OTHER)],
        [("ann", "COMMENTED", HEAD)],
        [("ann", "APPROVED", HEAD), ("ann", "CHANGES_REQUESTED", HEAD)],
        [("ann", "APPROVED", HEAD), ("ann", "DISMISSED", HEAD)],
        [("bob", "APPROVED", HEAD)],
        [("author", "APPROVED", HEAD)],
    ],
)
def test_less_than_an_approval_accepts_nothing(github, client, change, reviews):
    """An approval of another commit, a comment, a word taken back, a stranger's and the author's own do not count."""
    github.own("clearance.toml @ann @author")
    for review in reviews:
        github.review(1, *review)
    found = approvals.ask(client, change, MERGE, ())
    assert ((), True) == (
        found.accepted_by,
        found.doubts[0].startswith("pull request 1: no code owner of clearance.toml"),
    )


@pytest.mark.parametrize(("state", "accepted"), [("active", ("bob (#1)",)), ("pending", ()), (None, ())])
def test_a_member_of_a_team_accepts(github, client, change, state, accepted):
    """Who is of the team that owns the policy may accept; who is invited only, or cannot be told, may not."""
    github.review(1, "bob", "APPROVED", HEAD)
    if state:
        github.members["org/owners", "bob"] = state
    found = approvals.ask(client, change, MERGE, ())
    assert accepted == found.accepted_by
    assert (state is None) == any("does not tell (404)" in doubt for doubt in found.doubts)


def test_the_head_must_be_what_was_judged(github, client, change):
    """After a further push, or for a commit that is no merge of the head, nobody's approval counts."""
    with pytest.raises(ClearanceError, match="has moved on"):
        approvals.ask(client, change, OTHER, ())
    github.pulls[1]["head"]["sha"] = OTHER
    with pytest.raises(ClearanceError, match="has moved on"):
        approvals.ask(client, change, MERGE, ())


def test_a_change_that_leaves_the_policy_alone_needs_no_acceptance(github, client, change):
    """Nothing is accepted where nothing is asked; a file that the policy names is of the policy."""
    github.review(1, "ann", "APPROVED", HEAD)
    github.files[1] = [{"filename": "security/rules/ruff.txt"}]
    assert ("nothing here touches the policy, so there is nothing to accept",) == approvals.ask(
        client, change, MERGE, ()
    ).doubts
    github.own("* @ann")
    assert ("ann (#1)",) == approvals.ask(client, change, MERGE, ("security/rules/ruff.txt",)).accepted_by


def group(number, base):
    return f"refs/heads/gh-readonly-queue/main/pr-{number}-{base}"


@pytest.mark.usefixtures("change")
def test_a_merge_group_needs_each_of_its_pull_requests(github, client):
    """Every pull request in the queue up to this one that edits the policy needs its own approval."""
    github.branches["main"] = BASE
    github.refs = {group(1, BASE): OTHER, group(2, OTHER): MERGE}
    github.pull(2, "f" * 40)
    github.files[2] = [{"filename": "new.toml", "previous_filename": "clearance.toml"}]
    github.review(1, "ann", "APPROVED", HEAD)
    place = {"head_sha": MERGE, "head_ref": group(2, OTHER), "base_sha": OTHER, "base_ref": "refs/heads/main"}
    queued = event.loads(json.dumps({"merge_group": place}).encode())

    assert () == approvals.ask(client, queued, MERGE, ()).accepted_by
    github.review(2, "ann", "APPROVED", "f" * 40)
    assert ("ann (#2)", "ann (#1)") == approvals.ask(client, queued, MERGE, ()).accepted_by
    github.refs.pop(group(1, BASE))
    with pytest.raises(ClearanceError, match="the queue does not say"):
        approvals.ask(client, queued, MERGE, ())


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"merge_group": {"head_sha": "x"}}', b'{"pull_request": {"number": "1"}}']
)
def test_a_strange_event_is_refused(data):
    """What is no event of GitHub is an error, and no pull request 0."""
    with pytest.raises(ClearanceError, match="no event of GitHub"):
        event.loads(data)


@pytest.mark.parametrize("places", [[], ["docs/CODEOWNERS"], ["CODEOWNERS", "docs/CODEOWNERS"]])
def test_the_first_codeowners_counts(github, client, change, places):
    """It may lie in three places, of which the first counts; where there is none, nobody owns the policy."""
    github.contents.clear()
    for owner, place in zip(["@ann", "@bob"], places, strict=False):
        github.own(f"* {owner}", place)
    for login in ("ann", "bob"):
        github.review(1, login, "APPROVED", HEAD)
    found = approvals.ask(client, change, MERGE, ())
    assert (
        (("ann (#1)",), ())
        if places
        else ((), ("pull request 1: nobody owns clearance.toml in the CODEOWNERS of main",))
    ) == (
        found.accepted_by,
        found.doubts,
    )


@pytest.mark.parametrize(
    "path", ["/contents/.github/CODEOWNERS", "/memberships/bob", "/pulls/1/reviews", "/pulls/1/files"]
)
def test_what_github_does_not_tell_nobody_accepts(github, client, change, path):
    """An answer that fails for good is an error, and no approval."""
    github.review(1, "bob", "APPROVED", HEAD)
    github.troubles += [Trouble("GET", path, 503)] * 6
    with pytest.raises(GitHubError, match="answers 503"):
        approvals.ask(client, change, MERGE, ())


def test_a_pull_request_too_large_to_list_touches_the_policy(github, client, change):
    """GitHub lists 3,000 files at most; of a larger change it is taken that the policy is among them."""
    github.files[1] = [{"filename": f"{number}.txt"} for number in range(3000)]
    found = approvals.ask(client, change, MERGE, ())
    assert ((), True) == (found.accepted_by, found.doubts[0].startswith("pull request 1: no code owner"))


@pytest.mark.parametrize("ref", ["refs/heads/main", group(1, "short"), group(1, OTHER)])
def test_a_queue_that_is_named_otherwise_accepts_nothing(ref):
    """A merge group whose branch does not say what it is built on, or something else, is refused."""
    place = {"head_sha": MERGE, "head_ref": ref, "base_sha": BASE, "base_ref": "refs/heads/main"}
    with pytest.raises(ClearanceError, match="no place in a merge queue"):
        event.loads(json.dumps({"merge_group": place}).encode())


# The comment.


def run_of(commit=HEAD, owner="stranger"):
    return event.Run(id=5, commit=commit, owner=owner, branch="topic", url="https://github.com/o/r/actions/runs/5")


def test_the_pull_request_is_the_one_of_the_run(github, client):
    """It is found by the fork, branch and commit that the event names; an older commit's run has none."""
    github.pull(3, HEAD, owner="stranger")
    github.pull(4, HEAD, owner="another")
    assert (3, None, None) == tuple(
        comment.find_pull(client, run) for run in (run_of(), run_of(OTHER), run_of(owner="owner"))
    )


def test_there_is_one_comment(github, client):
    """The next verdict replaces the last one's comment; somebody else's that looks like it is left alone."""
    github.comments[3].append({"id": 1, "user": {"login": "stranger"}, "body": f"{comment.MARK}\nPASS"})
    for one in (verdict(), verdict(), verdict(decision=Decision.PASS)):
        comment.put(client, 3, one, link="https://example.org")
    assert ["stranger", "github-actions[bot]"] == [one["user"]["login"] for one in github.comments[3]]
    assert ("PASS", True) == (github.comments[3][0]["body"][-4:], "✅ PASS" in github.comments[3][1]["body"])


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=60))
def test_a_comment_is_harmless_and_fits(words, link):
    """Whatever a fork's verdict says, its comment is within GitHub's limit, links nowhere it chose and calls nobody."""
    hostile = replace(finding(), message=f"@everyone <img src=x> [a](https://evil) {words}" * 9, rule=words or "r")
    text = comment.write(verdict(*[hostile] * 30), link)
    assert len(text) <= 65_536
    assert not any(bad in text.replace(comment.MARK, "") for bad in ("@everyone", "<img", "](https://evil", "<!--"))


def test_the_pause_between_writes_is_kept(github, clock):
    """GitHub asks for a second between two requests that write."""
    client = Client(REPOSITORY, TOKEN, api=github.url, sleep=clock.sleep, now=clock)
    status.put_check_run(client, said(verdict(decision=Decision.PASS)))
    assert clock.waits == [1.0]
    assert time.time() > clock.now
