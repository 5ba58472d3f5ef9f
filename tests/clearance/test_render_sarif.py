"""What code scanning is given: SARIF that its schema accepts, within GitHub's limits."""

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
from hypothesis import given

from clearance.model import Decision, Finding, Materials, Ruling, Severity, Waived
from clearance.readers import READERS
from clearance.render import RENDERERS, sarif
from tests.clearance.test_render import EXPIRED, IDLE, KINDS, MIXED, WAIVER, exhibit, ruling, verdict
from tests.clearance.test_render_hostile import TEXT, thorough, verdicts

SCHEMA = Path(__file__).parent / "formats/sarif-schema-2.1.0.json"
REPOSITORY = "https://github.com/example/flights"


@cache
def validator():
    return jsonschema.Draft4Validator(json.loads(SCHEMA.read_bytes()))


def runs(of, **options):
    """The runs of a verdict, once the schema has accepted them, by the category that GitHub files them under."""
    log = json.loads(sarif.render(of, **options))
    validator().validate(log)
    made = {run["automationDetails"]["id"]: run for run in log["runs"]}
    assert len(made) == len(log["runs"])
    return made


def notifications(run):
    return [each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]]


def test_each_check_is_a_run_of_its_tool():
    """A run a check, the worst first, after the gate's own: with the tool's name, and its own category."""
    made = runs(MIXED)

    assert list(made) == [f"clearance/change/{name}" for name in ("", "code/", "load/", "unit/", "iac/")]
    assert [run["tool"]["driver"]["name"] for run in made.values()] == ["Clearance", *["tool"] * 4]
    assert made["clearance/change/code/"]["tool"]["driver"]["version"] == "1.0"


def test_a_run_states_what_was_decided_and_of_what():
    """The decision and the digests stand in each run's properties, the commit in its provenance."""
    run = runs(MIXED, repository=REPOSITORY)["clearance/change/code/"]

    assert run["properties"]["clearance"] == {
        "decision": "fail",
        "complete": True,
        "stage": "change",
        "dirty": True,
        "judgedAt": "2026-11-24T10:05:00+00:00",
        "commit": MIXED.subject.commit,
        "tree": MIXED.subject.tree,
        "policyDigest": MIXED.policy_digest,
        "check": "code",
        "checkDecision": "fail",
        "reach": 14,
        "reused": False,
        "evidenceDigest": "sha256:e",
        "inputsDigest": "sha256:1",
        "unit": "files",
    }
    assert run["versionControlProvenance"] == [
        {"repositoryUri": REPOSITORY, "revisionId": MIXED.subject.commit, "properties": {"dirty": True}}
    ]
    assert "versionControlProvenance" not in runs(MIXED)["clearance/change/code/"]


def test_findings_become_results_that_keep_their_identity():
    """A finding keeps its rule, severity, place and fingerprint; one without a place is filed with the policy."""
    run = runs(verdict(ruling("code", Decision.FAIL, blocking=KINDS)))["clearance/change/code/"]
    results = {result["ruleId"]: result for result in run["results"]}
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}

    assert list(results) == [finding.rule for finding in KINDS]
    assert [results[f"K{n}"]["level"] for n in range(6)] == ["error", "note", "note", "warning", "error", "error"]
    assert [rules[f"K{n}"]["properties"].get("security-severity") for n in range(6)] == [
        *("8.0", None, "2.0", "5.5", "8.0", "9.5")
    ]
    assert results["K7"]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a/b.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 7},
            }
        }
    ]
    assert results["K8"]["message"]["text"] == "aws_db.main: with a resource"
    assert results["K8"]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "aws_db.main"
    assert results["K8"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "clearance.toml"
    assert rules["K8"]["helpUri"] == "https://example.org/k8"
    assert results["K9"]["partialFingerprints"] == {"clearance/v1": "f" * 64}
    assert results["K9"]["properties"]["clearance/silencedInTheCode"] is True
    assert all(
        rules[result["ruleId"]] is run["tool"]["driver"]["rules"][result["ruleIndex"]] for result in run["results"]
    )


def test_a_rule_is_as_severe_as_its_worst_finding():
    """Where findings of a rule differ in severity, the rule has the worst."""
    found = [Finding(rule="R", message="m", path="a", severity=s) for s in (Severity.LOW, Severity.CRITICAL)]
    run = runs(verdict(ruling("code", Decision.FAIL, blocking=found[:1], new=found[1:])))["clearance/change/code/"]

    assert [rule["properties"]["security-severity"] for rule in run["tool"]["driver"]["rules"]] == ["9.5"]
    assert [result["level"] for result in run["results"]] == ["note", "error"]


def test_a_waived_finding_is_suppressed_by_its_waiver():
    """A waived finding is there, suppressed by who accepted it, why and until when; the others are not suppressed."""
    made = runs(MIXED)

    assert made["clearance/change/iac/"]["results"][0]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "platform: One zone will do (expires 2027-03-31)"}
    ]
    assert [result["suppressions"] for result in made["clearance/change/code/"]["results"]] == [[], [], []]


def test_what_stopped_a_tool_from_seeing_is_a_notification():
    """An unknown check did not succeed, and says why; what concerns the whole, the gate's own run says."""
    made = runs(replace(MIXED, complete=False, missing=("secrets",), reasons=("the tree changed",)))

    assert {name: run["invocations"][0]["executionSuccessful"] for name, run in made.items()} == {
        "clearance/change/": True,
        "clearance/change/code/": True,
        "clearance/change/load/": False,
        "clearance/change/unit/": True,
        "clearance/change/iac/": True,
    }
    assert notifications(made["clearance/change/load/"]) == ["p95 291 ms, at most 300 asked for: run longer"]
    said = notifications(made["clearance/change/"])
    assert said[:2] == ["the tree changed", "not judged here, though the stage requires it: secrets"]
    assert any(EXPIRED.owner in text and text.startswith("expired waiver") for text in said)
    assert any(IDLE.owner in text and text.startswith("idle waiver") for text in said)


def test_a_check_that_fails_half_blind_did_not_succeed_either():
    """A finding blocks, and a file could not be read: the run failed to see, and only that notification is an error."""
    seen, blind = "1 finding at or above low, 0 allowed", "a.py could not be parsed"
    one = Ruling(check="code", decision=Decision.FAIL, reasons=(seen, blind), problems=(blind,))
    (invocation,) = runs(replace(MIXED, rulings=(one,)))["clearance/change/code/"]["invocations"]

    assert invocation["executionSuccessful"] is False
    assert [said["level"] for said in invocation["toolExecutionNotifications"]] == ["note", "error"]


def test_no_check_at_all_did_not_succeed():
    """A verdict over nothing has one run, which did not succeed."""
    (run,) = runs(verdict()).values()

    assert run["invocations"][0]["executionSuccessful"] is False


def many(number):
    severities = list(Severity)
    return [
        Finding(rule=f"R{n % 7}", message=f"finding {n}", path=f"a/{n}.py", severity=severities[n % 5])
        for n in range(number)
    ]


def test_thirty_thousand_results_are_cut_to_what_github_shows():
    """Of 30,000 findings the 5,000 that matter most are there, what blocks first, and the rest is counted."""
    found = many(30_000)
    waived = tuple(Waived(finding=one, waiver=WAIVER) for one in found[:29_000])
    made = runs(verdict(ruling("code", Decision.FAIL, blocking=tuple(found[29_000:]), waived=waived)))
    results = made["clearance/change/code/"]["results"]

    assert [len(results), sum(not result["suppressions"] for result in results[:1000])] == [5000, 1000]
    assert {result["properties"]["clearance/severity"] for result in results[1000:]} == {"critical"}
    assert notifications(made["clearance/change/"]) == [
        "code: 25,000 of 30,000 findings are left out here, those that matter least; verdict.json has them all"
    ]


def test_a_file_has_no_more_runs_than_github_takes():
    """Of 30 checks the 19 worst have a run beside the gate's own, and the others are named."""
    checks = [ruling(f"c{n}", Decision.FAIL if n == 29 else Decision.PASS) for n in range(30)]
    made = runs(verdict(*checks))

    assert list(made)[:3] == ["clearance/change/", "clearance/change/c29/", "clearance/change/c0/"]
    assert len(made) == 20
    assert notifications(made["clearance/change/"]) == [
        f"GitHub takes 20 runs a file, so these checks are left out here: {', '.join(f'c{n}' for n in range(18, 29))}"
    ]


def test_a_file_is_small_enough_to_be_taken():
    """What would be more than 10 MB, gzipped, has fewer results of each run, and says how many it left out."""
    noise = [base64.b64encode(hashlib.shake_256(b"%d" % n).digest(1500)).decode() for n in range(4500)]
    found = tuple(replace(one, message=text) for one, text in zip(many(4500), noise, strict=True))
    data = sarif.render_bytes(verdict(*(ruling(name, Decision.FAIL, blocking=found) for name in ("a", "b"))))
    gate, *checks = json.loads(data)["runs"]

    assert len(zlib.compress(data, wbits=31)) <= 10_000_000
    assert [len(run["results"]) for run in checks] == [2500, 2500]
    assert [text[:43] for text in notifications(gate)] == [
        "a: 2,000 of 4,500 findings are left out her",
        "b: 2,000 of 4,500 findings are left out her",
    ]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b c.py", "a/b%20c.py"),
        ("ä.py", "%C3%A4.py"),
        ("caf\udce9.py", "caf%E9.py"),
        ("half\ud800.py", "half%ED%A0%80.py"),
        ("c:/x.py", "c%3A/x.py"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("//evil.test/x", "evil.test/x"),
        ("a\\b?c#d%20", "a%5Cb%3Fc%23d%2520"),
        ("/", "clearance.toml"),
    ],
)
def test_paths_are_relative_references(path, uri):
    """Whatever a file is called, its address is a relative one, percent-encoded byte by byte."""
    one = Finding(rule="R", message="m", path=path)
    run = runs(verdict(ruling("code", Decision.FAIL, blocking=(one,))))["clearance/change/code/"]

    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("see [here](https://evil.test)", "see [here] (https://evil.test)"),
        ("takes {0} of {x}", "takes {{0}} of {x}"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("", "no message"),
    ],
)
def test_a_message_is_text_and_no_markup(message, said):
    """What SARIF would take for a link or for an argument's place is taken for neither."""
    one = Finding(rule="R", message=message, path="a.py")
    run = runs(verdict(ruling("code", Decision.FAIL, blocking=(one,))))["clearance/change/code/"]

    assert run["results"][0]["message"]["text"] == said


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://exa mple.org", "https://a.test/%zz", "", "//x"])
def test_what_is_no_address_is_no_help(url):
    """A help address that is none is left out."""
    one = Finding(rule="R", message="m", path="a.py", help_url=url)
    run = runs(verdict(ruling("code", Decision.FAIL, blocking=(one,))))["clearance/change/code/"]

    assert "helpUri" not in run["tool"]["driver"]["rules"][0]


def test_it_is_one_of_the_formats():
    """`--format sarif` is what `render` makes."""
    assert RENDERERS["sarif"](MIXED, outputs={}) == sarif.render(MIXED)


def test_our_own_reader_reads_it():
    """What is written here, the gate's own reader of SARIF reads: each finding with its rule, place and severity."""
    found = [one for one in KINDS if one.path]
    of = verdict(ruling("code", Decision.FAIL, blocking=tuple(found), waived=MIXED.rulings[1].waived))
    reading = READERS["sarif"](sarif.render(of).encode(), Materials())

    assert [(one.rule, one.path, one.line, one.help_url) for one in reading.findings[:-1]] == [
        (one.rule, one.path, one.line, one.help_url) for one in found
    ]
    assert (reading.findings[-1].rule, reading.findings[-1].suppressed) == ("CKV_1", True)


@thorough
@given(verdict=verdicts(TEXT))
def test_sarif_is_always_valid(verdict):
    """Whatever the tools say, the schema accepts it, each finding is there, and each address is a legal one."""
    log = json.loads(sarif.render(verdict))
    validator().validate(log)
    found = sum(len(one.blocking) + len(one.new) + len(one.tolerated) + len(one.waived) for one in verdict.rulings)
    places = [
        location["physicalLocation"]["artifactLocation"]["uri"]
        for run in log["runs"]
        for result in run["results"]
        for location in result["locations"]
    ]

    assert sum(len(run["results"]) for run in log["runs"]) == found == len(places)
    assert [uri for uri in places if not re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)] == []
    assert {(urlsplit(uri).scheme, urlsplit(uri).netloc) for uri in places} <= {("", "")}


def test_tools_without_a_version_or_a_name_still_have_one():
    """A driver always has a name: the tool's, else the check's."""
    checks = [ruling(name, Decision.PASS) for name in ("a", "b", "c")]
    shown = (exhibit("a", 1, "files", tool="alone"), exhibit("b", 1, "files", tool=""))
    made = runs(verdict(*checks, evidence=shown))

    assert [run["tool"]["driver"]["name"] for run in made.values()] == ["Clearance", "alone", "b", "c"]
