"""`clearance explain`: what a rule is for and what to do when it is broken, from a file of our own, offline."""

from __future__ import annotations

import argparse
import difflib
import os
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from clearance.cli import project
from clearance.model import ClearanceError, Policy
from clearance.render import words
from clearance.render.words import clean

FILE = "explanations.toml"
_WIDTH = 100
_LABEL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a tool has a rule, and what to do; `url` is its makers' page, `source` the file of a rule of our own."""

    tool: str
    rule: str
    why: str
    remedy: str
    url: str = ""
    source: str = ""


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "explain",
        help="say what a rule is for, and what to do when it is broken",
        description="Say why a rule is there and what to do about a finding of it, without a network; without RULE, "
        "list the rules that are explained.",
        epilog="exit codes: 0 explained; 2 nobody has explained this rule",
    )
    verb.add_argument("rule", nargs="?", metavar="RULE", help="the rule, as a report names it")
    verb.add_argument("--policy", metavar="FILE", help="the policy (default: the nearest clearance.toml, if any)")
    verb.set_defaults(verb=explain)


def explain(options: argparse.Namespace) -> int:
    """Print what is known of a rule, beside what the policy at hand makes of it; or list the rules that are known."""
    if options.rule is None:
        for each in explanations():
            print(f"{each.rule} ({each.tool})")
        return os.EX_OK
    found = find(options.rule)
    if not found:
        raise ClearanceError(f"no rule {clean(options.rule, 100)} is explained here", _hint(options.rule))
    policy = _policy(options.policy)
    print("\n\n".join("\n".join(_lines(each, options.rule, policy)) for each in found))
    return os.EX_OK


@cache
def explanations() -> tuple[Explanation, ...]:
    """Read the file of explanations."""
    raw = tomllib.loads(files("clearance").joinpath(FILE).read_text("utf-8"))
    return tuple(
        Explanation(tool=tool, rule=rule, **fields) for tool, rules in raw.items() for rule, fields in rules.items()
    )


def find(rule: str) -> list[Explanation]:
    """Return what is known of a rule, by each tool that has it; letters' case and `tool/` before it do not matter."""
    for wanted in dict.fromkeys((rule.strip(), rule.strip().rpartition("/")[2])):
        exact = [each for each in explanations() if each.rule == wanted]
        found = exact or [each for each in explanations() if fnmatchcase(wanted.casefold(), each.rule.casefold())]
        if found:
            return found
    return []


def _hint(rule: str) -> str:
    names = {each.rule.casefold(): each.rule for each in explanations()}
    near = difflib.get_close_matches(rule.strip().casefold(), names, n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(names[name] for name in near)}?"
    return "`clearance explain` lists those that are; the finding's own help address may say more"


def _policy(named: str | None) -> Policy | None:
    """Read the policy at hand; that there is none, or a broken one, is no reason not to explain."""
    try:
        return project.find(named).policy
    except ClearanceError:
        if named is not None:
            raise
        return None


def _lines(one: Explanation, rule: str, policy: Policy | None) -> Iterator[str]:
    name = one.rule if "*" not in one.rule else clean(rule.strip(), 100)
    yield f"{name} ({one.tool}{f', a rule of our own: {one.source}' if one.source else ''})"
    yield from _paragraph("why", one.why)
    yield from _paragraph("do", one.remedy)
    if policy is not None:
        if severity := policy.severities.get(name):
            yield from _paragraph("here", f"rated {severity} by the policy")
        for waiver in policy.waivers:
            if waiver.rule == name:
                yield from _paragraph(
                    "waived", f"{words.waiver(waiver)}, until {waiver.expires} by {clean(waiver.owner, 60)}"
                )
    if one.url:
        yield f"  {'more':<{_LABEL - 2}}{one.url}"


def _paragraph(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"  {label:<{_LABEL - 2}}",
        subsequent_indent=" " * _LABEL,
        break_long_words=False,
        break_on_hyphens=False,
    )
