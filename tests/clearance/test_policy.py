"""The policy file: what it may say, and what is said back when it says something else."""

import json
import tomllib
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pytest

from clearance.model import Finding, Objective, PolicyError, RuleList, Severity, Stage
from clearance.policy import parse, schema

ROOT = Path(__file__).parents[2]
READERS = ("bandit", "junit", "sarif")
CHECK = '[check.bandit]\nrun = ["bandit", "-o", "{report}"]\nreport = "bandit.json"\nreader = "bandit"\n'
WAIVER = (
    '[[waiver]]\nchecks = ["bandit"]\nrule = "B101"\npath = "a.py"\nowner = "ann"\nreason = "known"\n'
    "expires = 2027-03-31\n"
)


PRINT = "0123456789abcdef" * 2


def read(text: str, files=None):
    return parse(text.encode(), readers=READERS, read=(files or {}).__getitem__)


def test_a_check_has_sensible_defaults():
    """A command, a report and a reader are enough: stage change, a reach of 1, low findings block."""
    policy = read(CHECK)
    requirement = policy.requirements[0]
    assert policy.checks["bandit"].run == ("bandit", "-o", "{report}")
    assert (requirement.stage, requirement.reach, requirement.block_at, requirement.at_most) == (
        Stage.CHANGE,
        1,
        Severity.LOW,
        0,
    )


def test_everything_that_can_be_said():
    """Every key of a check, a severity and a waiver arrive in the policy."""
    policy = read(
        CHECK
        + 'stage = ["change", "plan"]\ninputs = ["a/**"]\ncovers = "inputs"\nblock_at = "medium"\nat_most = 2\n'
        + 'max_age = "7d"\nobjectives = [{ measure = "coverage", at_least = 90 }]\nexclusive = true\n'
        + '[severity]\nB101 = "critical"\n'
        + WAIVER
    )
    change, plan = policy.requirements
    assert (change.stage, plan.stage) == (Stage.CHANGE, Stage.PLAN)
    assert (change.covers_inputs, change.max_age, change.exclusive) == (True, timedelta(days=7), True)
    assert change.objectives[0].at_least == 90
    assert policy.severities == {"B101": Severity.CRITICAL}
    assert policy.waivers[0].expires == date(2027, 3, 31)


def test_standard_output_may_be_a_report():
    """A check can say which of its reports its tool prints."""
    assert read(CHECK + 'stdout = "bandit.json"\n').checks["bandit"].stdout == "bandit.json"


ERRORS = {
    "no TOML": ("[check", "no TOML", "toml.io"),
    "unknown table": ("[chek.a]\n", "unknown key: chek", "did you mean check?"),
    "unknown key in a check": (CHECK + "blockat = 'low'\n", "unknown key: blockat", "did you mean block_at?"),
    "unknown key in a waiver": (CHECK + WAIVER + 'rule_ids = "x"\n', "unknown key: rule_ids", "did you mean rule?"),
    "unknown key in an objective": (CHECK + "objectives = [{ measur = 'x' }]\n", "unknown key: measur", "measure"),
    "unknown reader": (CHECK.replace('reader = "bandit"', 'reader = "bandti"'), "no reader bandti", "mean bandit?"),
    "no reader": (CHECK.replace('reader = "bandit"\n', ""), "has no reader", "known readers are"),
    "two ways to name reports": (
        CHECK + 'reports = { "a" = "junit" }\n',
        "either report and reader, or reports",
        "name",
    ),
    "stdout that is no report": (CHECK + 'stdout = "bandit.jso"\n', "no report of this check", "mean bandit.json?"),
    "no report": ('[check.a]\nrun = ["x"]\n', "needs either", "name"),
    "empty command": (CHECK.replace('["bandit", "-o", "{report}"]', "[]"), "length >= 1 at `run`", "schema"),
    "severity": (CHECK + "block_at = 'bad'\n", "'bad'", "info, low, medium, high, critical"),
    "negative number": (CHECK + "at_most = -1\n", "at `at_most`", "schema"),
    "a boolean as a number": (CHECK + "reach = true\n", "at `reach`", "schema"),
    "duration": (CHECK + 'max_age = "a week"\n', "at `max_age`", "schema"),
    "input outside": (CHECK + 'inputs = ["../x"]\n', "leads outside", "relative"),
    "report outside": (CHECK.replace('"bandit.json"', '"/tmp/x"'), "leads outside", "relative"),
    "nox": ('[check.a]\nrun = ["nox"]\nreport = "r"\nreader = "junit"\n', "never starts itself", "own command"),
    "itself": (
        '[check.a]\nrun = ["python", "-m", "clearance"]\nreport = "r"\nreader = "junit"\n',
        "never starts itself",
        "own command",
    ),
    "name of a check": ('[check."a/b"]\nrun = ["x"]\nreport = "r"\nreader = "junit"\n', "letters, digits", "rename"),
    "objective without bound": (CHECK + "objectives = [{ measure = 'x' }]\n", "has no bound", "at_most"),
    "impossible objective": (
        CHECK + "objectives = [{ measure = 'x', at_least = 2, at_most = 1 }]\n",
        "at least 2.0 and at most 1.0",
        "no number",
    ),
    "missing file": (CHECK + 'config = ["gone.toml"]\n', "names the file gone.toml", "make the file"),
    "waiver without owner": (CHECK + WAIVER.replace('owner = "ann"\n', ""), "`owner`", "schema"),
    "waiver with a blank reason": (CHECK + WAIVER.replace('"known"', '" "'), "`reason`", "schema"),
    "waiver without a place": (CHECK + WAIVER.replace('path = "a.py"\n', ""), "names no place", 'path = "**"'),
    "waiver without an end": (CHECK + WAIVER.replace("expires = 2027-03-31\n", ""), "`expires`", "schema"),
    "waiver with a bad date": (CHECK + WAIVER.replace("2027-03-31", '"soon"'), "`expires`", "schema"),
    "waiver of an unknown check": (
        CHECK + WAIVER.replace('["bandit"]', '["bandti"]'),
        "no check bandti",
        "mean bandit?",
    ),
    "waiver that is no table": ("waiver = 3\n" + CHECK, "at `waiver`", "schema"),
    "objectives that are no list": (CHECK + "objectives = 3\n", "at `objectives`", "schema"),
    "objective that is no number": (CHECK + "objectives = [{ measure = 'x', at_most = nan }]\n", "is nan", "no number"),
    "nesting without end": ("a = " + "[" * 9999, "no TOML", "toml.io"),
    "digits without end": (CHECK + f"reach = {'9' * 5000}\n", "no TOML", "toml.io"),
    "an age of a million days": (CHECK + 'max_age = "1000000d"\n', "at `max_age`", "schema"),
    "a name too long for a file": (CHECK.replace("check.bandit", f"check.{'b' * 81}"), "up to 80 letters", "rename"),
    "input from here": (CHECK + 'inputs = ["./a/**"]\n', "matches nothing", "write 'a/**'"),
    "input that is a folder": (CHECK + 'inputs = ["a/"]\n', "matches nothing", "write 'a/**'"),
    "NUL in the command": (CHECK.replace('"-o"', '"\\u0000"'), "NUL", "take it out"),
    "NUL in a variable": (CHECK + 'env = { A = "\\u0000" }\n', "NUL", "take it out"),
    "variable without a name": (CHECK + 'env = { "" = "x" }\n', "no name of a variable", "no ="),
    "variable with a =": (CHECK + 'env_from = ["A=B"]\n', "no name of a variable", "no ="),
    "rules outside": (CHECK + 'rules = "../r.txt"\n', "leads outside", "relative"),
    "rules that are not there": (CHECK + 'rules = "r.txt"\n', "names the file r.txt", "clearance rules"),
    "new rules shown, and no list": (CHECK + 'new_rules = "show"\n', "names no list of rules", "--accept"),
    "new rules hidden": (CHECK + 'new_rules = "hide"\n', "at `new_rules`", "block, show"),
    "waiver without a rule": (CHECK + WAIVER.replace('rule = "B101"\n', ""), "has no rule", "fingerprints"),
    "waiver of no fingerprint": (CHECK + WAIVER + "fingerprints = []\n", "at `fingerprints`", "schema"),
    "waiver of half a fingerprint": (CHECK + WAIVER + 'fingerprints = ["abc"]\n', "at `fingerprints", "schema"),
    "waiver of a fingerprint twice": (
        CHECK + WAIVER + f"fingerprints = {[PRINT, 'fp:' + PRINT]}\n",
        "each of them once",
        "once",
    ),
    "waiver of more than its fingerprints": (
        CHECK + WAIVER + f"at_most = 2\nfingerprints = {[PRINT]}\n",
        "1 fingerprints cover as many",
        "leave at_most out",
    ),
    "waiver for nothing": (CHECK + WAIVER + "at_most = 0\n", "`at_most`", "schema"),
}


def missing(path: str) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", path)


@pytest.mark.parametrize(("text", "message", "hint"), ERRORS.values(), ids=ERRORS)
def test_errors_name_the_key_and_the_next_step(text, message, hint):
    """What the policy may not say is an error that names the key and what would have been right."""
    with pytest.raises(PolicyError) as caught:
        parse(text.encode(), readers=READERS, read=missing)
    assert message in str(caught.value)
    assert hint in caught.value.hint


LISTS = {
    "nothing to compare with": (b"B101\n", "names no tool"),
    "two tools": (b"tool: a 1\ntool: a 2\n", "names 2 tools"),
    "no text": (b"\xff\xff", "no UTF-8"),
}


@pytest.mark.parametrize(("rules", "message"), LISTS.values(), ids=LISTS)
def test_a_rule_list_that_cannot_tell_what_is_new(rules, message):
    """New rules are shown only beside a list that says which tool had no others."""
    with pytest.raises(PolicyError) as caught:
        read(CHECK + 'rules = "r.txt"\nnew_rules = "show"\n', {"r.txt": rules})
    assert message in str(caught.value)


def test_the_accepted_rules_are_part_of_the_policy():
    """The rules that a file lists arrive in the requirement, and another list is another policy."""
    text = CHECK + 'rules = "r.txt"\nnew_rules = "show"\n'
    policy = read(text, {"r.txt": b"# known\ntool: bandit 1.8\n\n B101\nB102 \n"})
    requirement = policy.requirements[0]
    assert (requirement.rules, requirement.show_new) == (
        RuleList(file="r.txt", rules=frozenset({"B101", "B102"}), tool="bandit 1.8"),
        True,
    )
    assert policy.digest != read(text, {"r.txt": b"tool: bandit 1.8\nB101\n"}).digest


LEVELS = (ROOT / "load/slo.yaml").read_bytes()


def test_the_levels_of_an_slo_file_become_objectives():
    """Each level is an objective as a whole and, where there are samples enough, for each route."""
    policy = read(
        CHECK + 'slo = "slo.yaml"\nobjectives = [{ measure = "p99 read", at_most = 2000 }]\n', {"slo.yaml": LEVELS}
    )
    wanted = policy.requirements[0].objectives
    assert policy.checks["bandit"].slo == "slo.yaml"
    assert [(o.measure, o.each, o.min_samples, round(o.at_most, 9)) for o in wanted] == [
        ("p99 read", False, 1, 2000),
        ("availability", False, 3688, 0.001),
        ("availability", True, 3688, 0.001),
        ("reads", False, 368, 0.01),
        ("reads", True, 368, 0.01),
        ("writes", False, 368, 0.01),
        ("writes", True, 368, 0.01),
    ]


def test_an_slo_file_may_say_how_a_report_is_read_and_no_more():
    """A report may be measured against an SLO file without being held to its levels; the file must still be good."""
    text = CHECK + 'slo = "slo.yaml"\nhold_levels = false\n'
    policy = read(text, {"slo.yaml": LEVELS})
    assert (policy.checks["bandit"].slo, policy.requirements[0].objectives) == ("slo.yaml", ())
    with pytest.raises(PolicyError, match="holds no SLO"):
        read(text, {"slo.yaml": b""})


def test_another_slo_file_is_another_policy():
    """The SLO file is part of the policy: its digest covers every byte of it."""
    text = CHECK + 'slo = "slo.yaml"\n'
    digests = {read(text, {"slo.yaml": data}).digest for data in (LEVELS, LEVELS + b"# a comment\n")}
    assert len(digests) == 2


def test_an_objective_may_hold_for_each_part():
    """An objective of the policy's own may be for whatever measures there are below one."""
    (wanted,) = read(CHECK + 'objectives = [{ measure = "m", at_most = 1, each = true }]\n').requirements[0].objectives
    assert wanted == Objective(measure="m", at_most=1, each=True)


SLO_ERRORS = {
    "no SLO file": ('slo = "gone.yaml"\n', "names the file gone.yaml", "make the file"),
    "an SLO file outside": ('slo = "../slo.yaml"\n', "leads outside", "relative"),
    "an SLO file that is none": ('slo = "bad.yaml"\n', "bad.yaml: document 1", "each has apiVersion"),
    "an objective beside the SLO file's": (
        'slo = "slo.yaml"\nobjectives = [{ measure = "reads", at_most = 0.5 }]\n',
        "two objectives for reads",
        "keep the one in slo.yaml",
    ),
    "levels of no SLO file": ("hold_levels = false\n", "has hold_levels and no slo", "leave it out"),
    "an objective twice": (
        "objectives = [{ measure = 'x', at_most = 1 }, { measure = 'x', at_least = 1 }]\n",
        "two objectives for x",
        "keep one of them",
    ),
}


@pytest.mark.parametrize(("text", "message", "hint"), SLO_ERRORS.values(), ids=SLO_ERRORS)
def test_what_is_wrong_with_objectives_is_said(text, message, hint):
    """An SLO file that cannot be used, or that the check contradicts, is an error of the policy."""
    files = {"slo.yaml": LEVELS, "bad.yaml": b"x"}
    with pytest.raises(PolicyError) as caught:
        parse((CHECK + text).encode(), readers=READERS, read=lambda path: files.get(path) or missing(path))
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_a_waiver_by_fingerprint_needs_neither_rule_nor_place():
    """Fingerprints say which findings a waiver covers, and how many."""
    text = '[[waiver]]\nchecks = ["bandit"]\nowner = "ann"\nreason = "r"\nexpires = 2027-03-31\n'
    waiver = read(f"{CHECK}{text}fingerprints = {['fp:' + PRINT]}\n").waivers[0]
    assert (waiver.rule, waiver.at_most, waiver.fingerprints) == ("**", 1, (PRINT,))
    assert waiver.matches("bandit", Finding(rule="py/sql-injection", message="", fingerprint=PRINT))


def test_the_digest_covers_the_file_and_what_it_names():
    """Changing the policy or a configuration file that it names changes its digest."""
    text = CHECK + 'config = ["ruff.toml"]\n'
    digests = {
        read(text, {"ruff.toml": b"a"}).digest,
        read(text, {"ruff.toml": b"b"}).digest,
        read(text + "# a comment\n", {"ruff.toml": b"a"}).digest,
    }
    assert len(digests) == 3
    assert read(text, {"ruff.toml": b"a"}).digest in digests


def test_the_shipped_schema_is_the_generated_one():
    """`clearance/policy.schema.json` is what `clearance schema` prints."""
    assert json.loads((ROOT / "clearance/policy.schema.json").read_text()) == schema()


def test_the_schema_accepts_this_projects_policy_and_refuses_a_misspelt_key():
    """An editor that uses the schema accepts `clearance.toml` and marks an unknown key."""
    raw = json.loads(json.dumps(tomllib.loads((ROOT / "clearance.toml").read_text()), default=str))
    jsonschema.validate(raw, schema())
    raw["check"]["bandit"]["blokat"] = "low"
    with pytest.raises(jsonschema.ValidationError, match="blokat"):
        jsonschema.validate(raw, schema())


PLANNED = CHECK.replace("[check.bandit]", "[check.plan]") + 'stage = "plan"\n'


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('wait = "46m"\n', "Terraform Cloud waits an hour"),
        ('plan = "plans"\n', "no check of stage plan"),
        ('plan = "plan"\n', "no reader terraform-plan reads"),
        ('stateful = ["*"]\n', "no pattern of a resource type"),
        ('stateful = ["google sql"]\n', "no pattern of a resource type"),
        ('waits = "5m"\n', "[runtask] has an unknown key: waits"),
        ("wait = 30\n", "[runtask]"),
    ],
)
def test_what_a_run_task_cannot_use_is_refused(table, said):
    """A wait beyond Terraform Cloud's own, checks that are no such checks, patterns that name everything or nothing."""
    with pytest.raises(PolicyError) as refused:
        read(f"{PLANNED}\n[runtask]\n{table}")
    assert said in str(refused.value)


def test_a_run_task_waits_half_an_hour_unless_told():
    """And judges no plan as any check that is not named."""
    one = read(PLANNED).runtask
    assert (timedelta(minutes=30), None, None) == (one.wait, one.plan, one.checkov)
