"""`clearance.toml` to a `Policy`: strict, and every error names the key and what would have been right."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePosixPath

from msgspec.structs import replace

from clearance.model import (
    POLICY_RULING,
    Check,
    Policy,
    PolicyError,
    Report,
    Requirement,
    RuleList,
    Waiver,
)
from clearance.policy import objectives, rule_list, run_task
from clearance.policy.shape import CheckTable, WaiverTable, convert, duration, known, schema

__all__ = ["parse", "schema"]

_GATES = ("nox", "clearance")  # a gate that starts itself, or its own front door, would never end


def parse(text: bytes, *, readers: Collection[str], read: Callable[[str], bytes], accepting: bool = False) -> Policy:
    """Parse a policy. `readers` are the known readers' names; `read` gives the bytes of a file that the policy names.

    `accepting` says that the lists of accepted rules are about to be written, so that they need not name their tool.
    Raises PolicyError, which names the key and the known alternatives.
    """
    try:
        raw = tomllib.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # not TOMLDecodeError alone: Python limits a number's digits
        raise PolicyError(f"the policy is no TOML: {error}", "see https://toml.io/en/v1.0.0") from error
    file = convert(raw)
    if accepting:
        file = replace(file, check={name: replace(table, new_rules="block") for name, table in file.check.items()})
    checks = {name: _check(name, table, readers) for name, table in file.check.items()}
    named = {path for table in file.check.values() for path in _files(table)}
    contents = {path: _content(path, read) for path in sorted(named)}
    return Policy(
        checks=checks,
        requirements=tuple(r for name, table in file.check.items() for r in _requirements(name, table, contents)),
        waivers=tuple(_waiver(number, table, checks) for number, table in enumerate(file.waiver, 1)),
        severities=file.severity,
        digest=_digest(text, contents),
        files={path: f"sha256:{hashlib.sha256(content).hexdigest()}" for path, content in contents.items()},
        runtask=run_task.make(file.runtask, file.check),
    )


def _check(name: str, table: CheckTable, readers: Collection[str]) -> Check:
    where = f"[check.{name}]"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", name):
        raise PolicyError(f"{where}: a check's name is up to 80 letters, digits, dots, - and _", "rename it")
    if name == POLICY_RULING:
        raise PolicyError(f"{where}: the name is taken by the ruling on the policy itself", "rename it")
    program = [PurePosixPath(word).name for word in table.run[:3]]
    if program[0] in _GATES or (program[1:2] == ["-m"] and program[2:3] and program[2] in _GATES):
        raise PolicyError(
            f"{where}: run starts {program[0]}, and the gate never starts itself or nox",
            "give the tool's own command",
        )
    for path in (*table.inputs, *_files(table)):
        _inside(path, where)
        if path != str(PurePosixPath(path)):
            raise PolicyError(
                f"{where}: {path!r} is not in its plain form, so it matches nothing", f"write {_plain(path)!r}"
            )
    for text in (*table.run, *table.env, *table.env.values(), *table.env_from):
        if "\0" in text:
            raise PolicyError(f"{where}: {text!r} holds a NUL byte, which no program can be given", "take it out")
    for variable in (*table.env, *table.env_from):
        if not variable or "=" in variable:
            raise PolicyError(f"{where}: {variable!r} is no name of a variable", "a name holds no =")
    reports = _reports(table, where, readers)
    return Check(
        name=name,
        run=tuple(table.run),
        reports=reports,
        stdout=_stdout(table, where, reports),
        group=table.group,
        project=table.project,
        inputs=tuple(table.inputs),
        config=tuple(table.config),
        env=table.env,
        env_from=tuple(table.env_from),
        timeout_s=table.timeout_s,
        exclusive=table.exclusive,
        cache=table.cache,
        slo=table.slo,
    )


def _files(table: CheckTable) -> tuple[str, ...]:
    """The files that a check names beside its inputs: they are part of the policy."""
    return (*table.config, *(file for file in (table.rules, table.slo) if file is not None))


def _reports(table: CheckTable, where: str, readers: Collection[str]) -> tuple[Report, ...]:
    pairs = dict(table.reports)
    if bool(pairs) == (table.report is not None or table.reader is not None):
        raise PolicyError(f"{where} needs either report and reader, or reports", "name the report that the tool writes")
    if not pairs:
        if table.report is None or table.reader is None:
            missing = "report" if table.report is None else "reader"
            raise PolicyError(f"{where} has no {missing}", f"known readers are {', '.join(sorted(readers))}")
        pairs = {table.report: table.reader}
    for file, reader in pairs.items():
        _inside(file, where)
        if reader not in readers:
            raise PolicyError(f"{where}: there is no reader {reader}", known(reader, sorted(readers)))
    return tuple(Report(file=file, reader=reader) for file, reader in pairs.items())


def _stdout(table: CheckTable, where: str, reports: Collection[Report]) -> str | None:
    files = [report.file for report in reports]
    if table.stdout is not None and table.stdout not in files:
        raise PolicyError(f"{where}: stdout is no report of this check: {table.stdout}", known(table.stdout, files))
    return table.stdout


def _plain(path: str) -> str:
    return str(PurePosixPath(path) / "**" if path.endswith("/") else PurePosixPath(path))


def _inside(path: str, where: str) -> None:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path or "\0" in path:
        raise PolicyError(f"{where}: {path!r} leads outside", "give a POSIX path relative to the repository")


def _requirements(name: str, table: CheckTable, contents: Mapping[str, bytes]) -> list[Requirement]:
    rules = _rules(name, table, contents)
    wanted = objectives.make(name, table, contents)
    return [
        Requirement(
            check=name,
            stage=stage,
            reach=table.reach,
            covers_inputs=table.covers == "inputs",
            block_at=table.block_at,
            at_most=table.at_most,
            rules=rules,
            show_new=table.new_rules == "show",
            objectives=wanted,
            max_age=duration(table.max_age) if table.max_age else None,
            exclusive=table.exclusive,
        )
        for stage in (table.stage if isinstance(table.stage, list) else [table.stage])
    ]


def _rules(name: str, table: CheckTable, contents: Mapping[str, bytes]) -> RuleList | None:
    """Read the accepted rules; to show the others and no more takes knowing which version of the tool lacked them."""
    rules = rule_list.loads(table.rules, contents[table.rules]) if table.rules else None
    if table.new_rules == "show" and (rules is None or not rules.tool):
        what = "names no list of rules" if rules is None else f"names the list {rules.file}, which names no tool"
        raise PolicyError(
            f"[check.{name}] shows new rules and {what}: any finding could call itself new",
            f'give rules = "FILE" and run `clearance rules {name} --accept`',
        )
    return rules


def _waiver(number: int, table: WaiverTable, checks: Collection[str]) -> Waiver:
    prints = table.prints
    where = f"[[waiver]] {number} ({table.rule or 'by fingerprint'})"
    for check in table.checks:
        if check not in checks:
            raise PolicyError(f"{where}: there is no check {check}", known(check, list(checks)))
    if table.rule is None and not prints:
        raise PolicyError(f"{where} has no rule", "every waiver names a rule, or fingerprints")
    if table.path is None and table.resource is None and not prints:
        raise PolicyError(f"{where} names no place", 'give path or resource (path = "**" for the whole repository)')
    if len(prints) != len(set(prints)) or (prints and table.at_most not in {None, len(prints)}):
        raise PolicyError(
            f"{where}: {len(set(prints))} fingerprints cover as many findings, each of them once",
            "leave at_most out, and name each fingerprint once",
        )
    return Waiver(
        checks=tuple(table.checks),
        rule=table.rule or "**",  # a rule's name may hold a slash, as those of CodeQL and of ESLint's plugins do
        owner=table.owner,
        reason=table.reason,
        expires=table.expires,
        path=table.path,
        resource=table.resource,
        at_most=len(prints) or table.at_most or 1,
        fingerprints=prints,
    )


def _content(path: str, read: Callable[[str], bytes]) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise PolicyError(
            f"the policy names the file {path}, which can't be read: {error.strerror or error}",
            "make the file, or take it out of the check (`clearance rules CHECK --accept` makes a list of `rules`)",
        ) from error


def _digest(text: bytes, contents: Mapping[str, bytes]) -> str:
    """Digest the policy and every file that it names: to change either is to change the policy."""
    total = hashlib.sha256(hashlib.sha256(text).digest())
    for path, content in sorted(contents.items()):
        total.update(hashlib.sha256(path.encode()).digest() + hashlib.sha256(content).digest())
    return f"sha256:{total.hexdigest()}"
