"""The source lines beside findings: read from the tree, near findings alone, and never where a secret may stand."""

import json
from dataclasses import replace

import pytest

from clearance.cli import sources
from clearance.model import Check, Decision, Finding, Report
from tests.clearance.test_cli_details import POLICY, clearance
from tests.clearance.test_render import ruling, verdict

CODE = Check(name="code", run=("true",), reports=(Report(file="r", reader="sarif"),))
SECRETS = Check(name="secrets", run=("true",), reports=(Report(file="r", reader="detect-secrets"),))
CHECKS = {"code": CODE, "secrets": SECRETS}
AT_9 = Finding(rule="R1", message="m", path="a/b.py", line=9)


@pytest.fixture
def root(tmp_path):
    """A tree with a file of twenty lines, beside one that does not belong to it."""
    home = tmp_path / "home"
    (home / "a").mkdir(parents=True)
    (home / "a/b.py").write_text("".join(f"line {n}\n" for n in range(1, 21)))
    (tmp_path / "outside.py").write_text("a secret\n" * 20)
    (home / "a/link.py").symlink_to(tmp_path / "outside.py")
    (home / "linked").symlink_to(tmp_path)
    (home / "a/bytes.py").write_bytes(b"\xff\xfe\n" * 20)
    (home / "a/large.py").write_text("x\n" * 600_000)
    return home


def near(root, *findings, **others):
    judged = [ruling(check, Decision.FAIL, blocking=found) for check, found in {"code": findings, **others}.items()]
    return {path: sorted(lines) for path, lines in sources.near(verdict(*judged), CHECKS, root).items()}


@pytest.mark.parametrize(
    ("line", "expected"), [(9, [7, 8, 9, 10, 11]), (1, [1, 2, 3]), (20, [18, 19, 20, 21]), (99, [])]
)
def test_two_lines_before_and_after_are_read(root, line, expected):
    """A finding has its line and up to two on either side; a line beyond the end has none."""
    assert ({"a/b.py": expected} if expected else {}) == near(root, replace(AT_9, line=line))


@pytest.mark.parametrize(
    "path",
    ["a/link.py", "linked/outside.py", "../outside.py", "a/bytes.py", "a/large.py", "a", "no.py", "a/\0", "a" * 5000],
)
def test_what_is_no_text_of_the_tree_is_not_read(root, path):
    """Links, files elsewhere, large ones, folders and what is no text have no lines, and stop nothing."""
    assert {"a/b.py": [7, 8, 9, 10, 11]} == near(root, AT_9, replace(AT_9, path=path))


def test_a_path_from_the_root_of_the_machine_is_not_read(root):
    """An absolute path outside of the tree has no lines."""
    assert {} == near(root, replace(AT_9, path=str(root.parent / "outside.py")))


@pytest.mark.parametrize("rule", ["B105", "B106", "hardcoded-password", "CKV_SECRET_6", "generic-api-token"])
def test_rules_about_secrets_keep_their_lines_to_themselves(root, rule):
    """Near a finding of a rule about secrets no line is shown, for no other finding either."""
    assert {"a/b.py": [7]} == near(root, replace(AT_9, rule=rule, line=10), AT_9)


def test_lines_near_what_the_secrets_check_found_are_never_shown(root):
    """What a scanner for secrets points at stays hidden, however many findings it has."""
    found = tuple(replace(AT_9, rule=f"S{n}", line=n) for n in (*[1] * 300, 20))

    assert {"a/b.py": [16, 17]} == near(root, replace(AT_9, line=18), secrets=found)


def test_the_line_stands_in_the_page(tmp_path):
    """A finding judged on the command line has its line of source in report.html, harmless."""
    results = [
        {
            "ruleId": "R1",
            "message": {"text": "m"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "x.py"}, "region": {"startLine": 2}}}],
        }
    ]
    report = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "tool"}}, "results": results}]}
    (tmp_path / "clearance.toml").write_text(POLICY)
    (tmp_path / "nothing.sarif").write_text(json.dumps(report))
    (tmp_path / "x.py").write_text("one\n    two = '<script>'\n")
    clearance(tmp_path, "run")
    page = (tmp_path / "build/clearance/report.html").read_text()

    assert '<span class="at">    2      two = &#39;&lt;script&gt;&#39;\n</span>' in page
