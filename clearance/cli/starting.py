"""`clearance init`: looks at what stands in a repository, and writes a first policy that explains itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from clearance import policy, slo
from clearance.cli import finding_checks
from clearance.cli.surveying import Tree, survey
from clearance.model import ClearanceError
from clearance.policy import starter, starter_checks
from clearance.policy.starter import Block, Facts, Load, Scan, Suite, Tool
from clearance.readers import READERS
from clearance.render.words import clean
from clearance.subject import POLICY

_NOTHING = "there is nothing here that `clearance init` knows a check for"
_KINDS = "it looks for pytest, pytest-bdd, Python, Terraform, SQL migrations, GitHub workflows and Locust"


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "init",
        help="look at this folder and write a first policy for it",
        description="Look at what stands in this folder and write a small clearance.toml that explains each line. "
        "Nothing is run, and nothing that is there is changed.",
        epilog="exit codes: 0 written; 2 there is a policy already, or nothing to check",
    )
    verb.add_argument("--dry-run", action="store_true", help="print the policy, and write nothing")
    verb.set_defaults(verb=init)


def init(options: argparse.Namespace) -> int:
    """Look, say what was found and what not, and write the policy, or print it."""
    root = Path.cwd()
    if (root / POLICY).exists() and not options.dry_run:
        raise ClearanceError(
            f"there is a {POLICY} here already, and init never overwrites one",
            "`clearance run` judges by it; `clearance init --dry-run` prints what init would write",
        )
    tree = survey(root, os.environ)
    facts = finding_checks.find(tree)
    blocks = starter_checks.blocks(facts)
    for line in (*_seen(facts), *_unasked(tree, facts.suites)):
        print(clean(line, 200), file=sys.stderr)
    if not blocks:
        raise ClearanceError(
            _NOTHING, f"{_KINDS}; a check of anything else is written by hand (docs/reference/policy.md)"
        )
    text = starter.write(blocks)
    beside = _beside(facts.load)
    _try(root, text, beside)
    if options.dry_run:
        print(text, end="")
        return os.EX_OK
    for name, content in {**beside, POLICY: text}.items():
        _create(root / name, content)
    for line in (*_written(blocks, facts), *_next(root, blocks, facts)):
        print(clean(line, 200), file=sys.stderr)
    return os.EX_OK


def _beside(load: Load | None) -> dict[str, str]:
    """The other files that the policy names and that are not there yet."""
    return {load.slo: starter.slo()} if load and load.tool.there and not load.slo_there else {}


def _try(root: Path, text: str, beside: dict[str, str]) -> None:
    """Read it as `clearance run` will: a policy that does not hold would be a fault of ours."""
    policy.parse(
        text.encode(),
        readers=READERS,
        read=lambda path: beside[path].encode() if path in beside else (root / path).read_bytes(),
    )
    slo.parse(starter.slo().encode(), "slo.yaml")


def _create(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except OSError as error:
        raise ClearanceError(f"{file} cannot be written: {error.strerror}", "nothing was overwritten") from error


def _seen(facts: Facts) -> Iterator[str]:
    """A line for each kind of thing that init looks for: what there is of it, and where its tool comes from."""
    for unit, name in (("tests", "pytest"), ("scenarios", "pytest-bdd")):
        suites = [suite for suite in facts.suites if suite.unit == unit]
        for suite in suites:
            where = ", ".join(suite.paths)
            yield _row(name, f"{_count(suite.count, unit)} in {where}", suite.tool)
        if not suites:
            yield _row(name, f"no {unit}")
    scans: tuple[tuple[str, str, Scan | None], ...] = (
        ("Bandit", "Python code", facts.code),
        ("Checkov", "Terraform", facts.terraform),
        ("squawk", "SQL migrations", facts.migrations),
        ("zizmor", "GitHub workflows", facts.workflows),
    )
    for name, what, scan in scans:
        if scan:
            yield _row(name, f"{what}: {_count(scan.count, 'files')} in {', '.join(scan.paths)}", scan.tool)
        else:
            yield _row(name, f"no {what}")
    if facts.load:
        yield _row("Locust", facts.load.file, facts.load.tool)
    else:
        yield _row("Locust", "no locustfile")


def _unasked(tree: Tree, suites: tuple[Suite, ...]) -> Iterator[str]:
    """Say what looks like tests and is in no check."""
    bound = {tree.project(path) for path in tree.tests if tree.modules[path].binds}
    features = [path for path in tree.named("*.feature") if tree.project(path) not in bound]
    if features:
        yield f"! {_first(features)}: scenarios that no pytest-bdd module binds (behave's, perhaps): no check runs them"
    elsewhere = [path for path in tree.named("test.py", "tests.py") if tree.modules[path].tests]
    if elsewhere := [path for path in elsewhere if path not in tree.tests]:
        yield f"! {_first(elsewhere)}: tests, but pytest looks for no module of this name: see its setting python_files"
    if tree.tests and not suites:
        yield f"! {_first(tree.tests)}: no test in it that is sure to run, so there is no check of it"


def _first(paths: list[str]) -> str:
    return paths[0] + (f" and {len(paths) - 1:,} more" if paths[1:] else "")


def _row(name: str, what: str, tool: Tool | None = None) -> str:
    mark = "-" if tool is None else "+" if tool.there else "!"
    source = f"; {tool.source}" if tool else ""
    return f"{mark} {name:<11}{what}{source}"


def _count(number: int, units: str) -> str:
    return f"{number:,} {units if number != 1 else units.removesuffix('s')}"


def _written(blocks: tuple[Block, ...], facts: Facts) -> Iterator[str]:
    live = [block.name for block in blocks if block.tool.there]
    idle = [block for block in blocks if not block.tool.there]
    yield ""
    yield f"wrote {POLICY}: {', '.join(live) or 'no check that could run yet'}"
    for block in idle:
        yield f"      {block.name} stands there as a comment, since its tool is not here: {block.tool.remedy}"
    if facts.load and facts.load.tool.there and not facts.load.slo_there:
        yield f"wrote {facts.load.slo}: put in there what the service promises"


def _next(root: Path, blocks: tuple[Block, ...], facts: Facts) -> Iterator[str]:
    lines = []
    if facts.load and not facts.load.imported:
        lines.append(f"add one line to {facts.load.file}:  import clearance.load")
    if facts.load and facts.load.tool.there:
        lines.append("clearance run --stage live      a load run; LOCUST_HOST says where the service is")
    if any(block.tool.there for block in blocks):
        scanners = [block.name for block in blocks if block.name not in {s.name for s in facts.suites} | {"load"}]
        lines.insert(0, "clearance run                   judge this tree")
        if scanners:
            lines.insert(
                1, f"clearance baseline {scanners[0]:<12} accept, for a time, what it found before the gate was there"
            )
    lacking = _unignored(root, facts)
    if lacking:
        lines.insert(0, f"put {' and '.join(lacking)} into .gitignore")
    yield ""
    yield "next"
    yield from (f"  {line}" for line in lines)


def _unignored(root: Path, facts: Facts) -> list[str]:
    """What a run leaves in the tree, that of setuptools included, which would change what is judged."""
    file = root / ".gitignore"
    ignored = file.read_text("utf-8", errors="replace") if file.is_file() else ""
    return [each for each in (".clearance/", "build/", *facts.leftovers) if each.strip("/") not in ignored]
