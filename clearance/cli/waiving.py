"""`clearance waivers` and `clearance waive`: what is accepted for how long, and one more waiver in the policy."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath

from clearance.cli import project
from clearance.cli.accepting import editing, write
from clearance.cli.blame import Origin, origins
from clearance.model import ClearanceError, Policy, Waiver
from clearance.policy import waiver_entry
from clearance.policy.shape import known
from clearance.render import words
from clearance.render.words import clean

_REASON = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A waiver as the list has it; `added` is the day on which it came into the file, `earliest` if not before."""

    waiver: Waiver
    days_left: int
    committed: bool | None
    added: date | None = None
    earliest: bool = True


def add_verbs(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    *,
    day: Callable[[str], date],
    moment: Callable[[str], datetime],
) -> None:
    """Register both verbs; `day` and `moment` read what the options give."""
    listing = verbs.add_parser(
        "waivers",
        help="list what is waived: by whom, since when, for how long",
        description="List the policy's waivers, the next to expire first.",
        epilog="exit codes: 0 listed; 1 --expiring-in, and one expires by then or has expired; 2 usage or policy",
    )
    listing.add_argument(
        "--expiring-in", type=_span, metavar="30d", help="list those alone that have no more left, and fail on any"
    )
    listing.add_argument("--format", choices=["text", "json"], default="text", help="what goes to stdout")
    listing.add_argument("--now", type=moment, metavar="TIME", help="count from this date or time")
    listing.set_defaults(verb=waivers)

    waiving = verbs.add_parser(
        "waive",
        help="accept a rule's findings in one place, for a time",
        description="Write a waiver at the end of the policy, and leave the rest of the file as it is.",
        epilog="exit codes: 0 the policy has the waiver; 2 usage or policy",
    )
    waiving.add_argument("rule", metavar="RULE", help="the rule, or a pattern")
    waiving.add_argument(
        "--check",
        nargs="+",
        action="extend",
        required=True,
        metavar="CHECK",
        help="the checks whose findings it covers",
    )
    place = waiving.add_mutually_exclusive_group(required=True)
    place.add_argument("--path", metavar="GLOB", help="where: a path or pattern, relative to the repository")
    place.add_argument("--resource", metavar="GLOB", help="where: a resource's address, or a pattern")
    waiving.add_argument("--owner", required=True, help="who accepts them")
    waiving.add_argument("--reason", required=True, help="why")
    waiving.add_argument("--expires", type=day, required=True, metavar="DAY", help="the last day on which it counts")
    waiving.add_argument("--at-most", type=_number, default=1, metavar="N", help="how many findings it covers (1)")
    waiving.set_defaults(verb=waive)
    for verb in (listing, waiving):
        verb.add_argument("--policy", metavar="FILE", help="the policy (default: the nearest clearance.toml)")


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,4})([dw])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no span of days: write 30d or 4w")
    return timedelta(days=int(found[1]) * (7 if found[2] == "w" else 1))


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text} is no number of findings: give 1 or more")
    return int(text)


def waivers(options: argparse.Namespace) -> int:
    """List the waivers, the next to expire first; 1 where `--expiring-in` names a time in which one does."""
    home = project.find(options.policy)
    now: datetime = options.now or datetime.now(UTC)
    entries = sorted(_entries(home, now), key=lambda entry: entry.days_left)
    number = len(entries)
    within: timedelta | None = options.expiring_in
    if within is not None:
        entries = [entry for entry in entries if entry.days_left <= within.days]
    if options.format == "json":
        print(json.dumps([_document(entry, now) for entry in entries], indent=2, ensure_ascii=False))
    elif entries:
        print("\n".join(_table(entries, now)))
    expired = sum(entry.days_left < 0 for entry in entries)
    said = words.count(number, "waiver")
    if within is not None:
        said = f"{len(entries):,} of {said} expired or due within {words.count(within.days, 'day')}"
    print(f"clearance: {said}{f', {expired:,} expired' if expired else ''}", file=sys.stderr)
    return 1 if within is not None and entries else os.EX_OK


def waive(options: argparse.Namespace) -> int:
    """Write one more waiver at the end of the policy, whose every other letter stays as it is."""
    with editing(options.policy) as home:
        return _waive(options, home)


def _waive(options: argparse.Namespace, home: project.Project) -> int:
    waiver = Waiver(
        checks=tuple(dict.fromkeys(options.check)),
        rule=options.rule,
        owner=options.owner,
        reason=options.reason,
        expires=options.expires,
        path=options.path,
        resource=options.resource,
        at_most=options.at_most,
    )
    _refuse(waiver, home.policy, datetime.now(UTC))
    text = waiver_entry.append(home.file.read_bytes().decode(), waiver)
    data = text.encode("utf-8", "surrogateescape")
    made = home.parse(data)
    if replace(made, digest="") != replace(home.policy, digest="", waivers=(*home.policy.waivers, waiver)):
        raise ClearanceError(
            f"{home.file} could not be changed without changing more than this waiver; it is as it was",
            "write the [[waiver]] table by hand",
        )
    write(home.file, data)
    print(f"{words.waiver(waiver)}: waived until {waiver.expires}, {words.count(waiver.at_most, 'finding')} at most")
    return os.EX_OK


def _refuse(waiver: Waiver, policy: Policy, now: datetime) -> None:
    """Raise ClearanceError for a waiver that could cover nothing, or that is there already."""
    for check in waiver.checks:
        if check not in policy.checks:
            raise ClearanceError(f"the policy has no check {check}", known(check, list(policy.checks)))
    if waiver.expired(now):
        raise ClearanceError(f"a waiver until {waiver.expires} covers nothing: that day is over", "give a later day")
    path = PurePosixPath(waiver.path) if waiver.path else None
    if path is not None and (path.is_absolute() or ".." in path.parts or "\\" in str(path) or str(path) != waiver.path):
        raise ClearanceError(
            f"{waiver.path} matches no finding: their paths are relative to the repository, and in their plain form",
            "write folder/file.py, or folder/** for all below a folder",
        )
    for old in policy.waivers:
        shared = [check for check in waiver.checks if check in old.checks]
        if shared and (old.rule, old.path, old.resource) == (waiver.rule, waiver.path, waiver.resource):
            raise ClearanceError(
                f"there is a waiver of {words.waiver(old)} already, by {clean(old.owner, 60)} until {old.expires}",
                "change its at_most or its expires, with a reason that still holds",
            )


def _entries(home: project.Project, now: datetime) -> Iterator[_Entry]:
    """Look up when each waiver came into the file: its oldest line says so, for one that was renewed is not new."""
    everywhere = waiver_entry.places(home.file.read_bytes().decode())
    lines = origins(home.file.resolve())
    for number, waiver in enumerate(home.policy.waivers):
        place: Iterable[int] = everywhere[number] if everywhere is not None else ()
        found = [lines[line] for line in place if line in lines]
        yield _entry(waiver, found, now)


def _entry(waiver: Waiver, lines: list[Origin], now: datetime) -> _Entry:
    days_left = (waiver.expires - now.date()).days
    committed = [(line.at, line.earliest) for line in lines if line.at is not None]
    if not committed:
        return _Entry(waiver=waiver, days_left=days_left, committed=False if lines else None)
    at, earliest = min(committed)
    return _Entry(waiver=waiver, days_left=days_left, committed=True, added=at.date(), earliest=earliest)


def _table(entries: list[_Entry], now: datetime) -> Iterator[str]:
    rows = [("left", "expires", "age", "owner", "waiver")]
    rows += [
        (
            f"{entry.days_left:,} d",
            str(entry.waiver.expires),
            _age(entry, now),
            clean(entry.waiver.owner, 40),
            f"{words.waiver(entry.waiver)}: {clean(entry.waiver.reason, _REASON)}",
        )
        for entry in entries
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for left, expires, age, owner, what in rows:
        cells = (f"{left:>{widths[0]}}", f"{expires:<{widths[1]}}", f"{age:<{widths[2]}}", f"{owner:<{widths[3]}}")
        yield f"{'  '.join(cells)}  {what}"


def _age(entry: _Entry, now: datetime) -> str:
    if entry.added is None:
        return "unknown" if entry.committed is None else "uncommitted"
    return f"{'' if entry.earliest else 'over '}{max(0, (now.date() - entry.added).days):,} d"


def _document(entry: _Entry, now: datetime) -> dict[str, object]:
    waiver = entry.waiver
    return {
        "checks": list(waiver.checks),
        "rule": waiver.rule,
        "path": waiver.path,
        "resource": waiver.resource,
        "at_most": waiver.at_most,
        "by_fingerprint": bool(waiver.fingerprints),
        "owner": waiver.owner,
        "reason": waiver.reason,
        "expires": waiver.expires.isoformat(),
        "days_left": entry.days_left,
        "added": entry.added.isoformat() if entry.added else None,
        "age_days": max(0, (now.date() - entry.added).days) if entry.added else None,
        "age_is_exact": entry.earliest if entry.added else None,
        "committed": entry.committed,
    }
