"""`clearance.toml` to a `Policy`: strict, and every error names the key and what would have been right.

The classes here are the file's shape and nothing else; `schema` makes the JSON Schema from them that editors use.
"""

from __future__ import annotations

import difflib
import hashlib
import math
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from clearance.model import (
    Check,
    Objective,
    Policy,
    PolicyError,
    Report,
    Requirement,
    Severity,
    Stage,
    Waiver,
)

_Text = Annotated[str, Meta(min_length=1, pattern=r"\S")]
_Count = Annotated[int, Meta(ge=0)]
_Positive = Annotated[int, Meta(ge=1)]
_Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,5}(s|m|h|d)$", examples=["90s", "30m", "2h", "7d"])]
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_T = TypeVar("_T")
_GATES = ("nox", "clearance")  # a gate that starts itself, or its own front door, would never end
_ENUMERATIONS = f"severities are {', '.join(map(str, Severity))}; stages are {', '.join(map(str, Stage))}"


class ObjectiveTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A budget for a measure that the check's report states."""

    measure: _Text
    at_most: float | None = None
    at_least: float | None = None
    min_samples: _Positive = 1


class CheckTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`[check.NAME]`: a command, its report, and what the stage requires of it."""

    run: Annotated[list[_Text], Meta(min_length=1, description="the tool's own argv; {report} is the report's path")]
    report: _Text | None = None
    reader: _Text | None = None
    reports: Annotated[dict[str, str], Meta(description="file = reader, where there is more than one report")] = {}
    stdout: Annotated[_Text | None, Meta(description="the report that the tool's standard output becomes")] = None
    group: Annotated[_Text | None, Meta(description="dependency group that the tool is installed from")] = None
    project: Annotated[bool, Meta(description="install the project itself beside the group")] = False
    inputs: list[_Text] = []
    config: Annotated[list[_Text], Meta(description="files that the tool reads as its configuration")] = []
    env: dict[str, str] = {}
    env_from: Annotated[list[_Text], Meta(description="variables passed through from the caller")] = []
    stage: Stage | Annotated[list[Stage], Meta(min_length=1)] = Stage.CHANGE
    reach: Annotated[_Count, Meta(description="how much must have been looked at")] = 1
    covers: Literal["inputs"] | None = None
    block_at: Severity = Severity.LOW
    at_most: Annotated[_Count, Meta(description="how many findings at or above block_at are allowed")] = 0
    objectives: list[ObjectiveTable] = []
    max_age: _Duration | None = None
    timeout_s: Annotated[float, Meta(gt=0)] = 600.0
    exclusive: Annotated[bool, Meta(description="must run alone on the machine")] = False
    cache: bool = True


class WaiverTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`[[waiver]]`: findings that someone has accepted for a time."""

    checks: Annotated[list[_Text], Meta(min_length=1)]
    rule: _Text
    owner: _Text
    reason: _Text
    expires: date
    path: _Text | None = None
    resource: _Text | None = None
    at_most: _Positive = 1


class PolicyFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`clearance.toml`, the policy of Clearance."""

    check: dict[str, CheckTable] = {}
    severity: dict[str, Severity] = {}
    waiver: list[WaiverTable] = []


def schema() -> dict[str, Any]:
    """Make the JSON Schema (draft 2020-12) of `clearance.toml`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(PolicyFile)


def parse(text: bytes, *, readers: Collection[str], read: Callable[[str], bytes]) -> Policy:
    """Parse a policy. `readers` are the known readers' names; `read` gives the bytes of a file that the policy names.

    Raises PolicyError, which names the key and the known alternatives.
    """
    try:
        raw = tomllib.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # not TOMLDecodeError alone: Python limits a number's digits
        raise PolicyError(f"the policy is no TOML: {error}", "see https://toml.io/en/v1.0.0") from error
    file = _convert(raw)
    checks = {name: _check(name, table, readers) for name, table in file.check.items()}
    return Policy(
        checks=checks,
        requirements=tuple(r for name, table in file.check.items() for r in _requirements(name, table)),
        waivers=tuple(_waiver(number, table, checks) for number, table in enumerate(file.waiver, 1)),
        severities=file.severity,
        digest=_digest(text, checks, read),
    )


def _convert(raw: dict[str, Any]) -> PolicyFile:
    """Check the keys table by table, so that an error can say in which one it is."""
    _know(raw, PolicyFile, "the policy")
    for name, table in _tables(raw, "check"):
        _know(table, CheckTable, f"[check.{name}]")
        for number, objective in _listed(table, "objectives"):
            _know(objective, ObjectiveTable, f"[check.{name}], objective {number}")
        _typed(table, CheckTable, f"[check.{name}]")
    for number, table in _listed(raw, "waiver"):
        _know(table, WaiverTable, f"[[waiver]] {number}")
        _typed(table, WaiverTable, f"[[waiver]] {number}")
    return _typed(raw, PolicyFile, "the policy")


def _tables(raw: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    tables = raw.get(key, {})
    return [(name, t) for name, t in tables.items() if isinstance(t, dict)] if isinstance(tables, dict) else []


def _listed(raw: dict[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
    tables = raw.get(key, [])
    return (
        [(number, t) for number, t in enumerate(tables, 1) if isinstance(t, dict)] if isinstance(tables, list) else []
    )


def _know(table: Mapping[str, Any], shape: type[msgspec.Struct], where: str) -> None:
    known = shape.__struct_fields__
    for key in table:
        if key not in known:
            raise PolicyError(f"{where} has an unknown key: {key}", _known(key, known))


def _known(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(known) or 'none'}"


def _typed(raw: Any, shape: type[_T], where: str) -> _T:
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        message = str(error).replace(" - at `$.", " at `").replace("`$`", "the table")
        hint = _ENUMERATIONS if "enum" in message else "`clearance schema` describes every key"
        raise PolicyError(f"{where}: {message}", hint) from error


def _check(name: str, table: CheckTable, readers: Collection[str]) -> Check:
    where = f"[check.{name}]"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", name):
        raise PolicyError(f"{where}: a check's name is up to 80 letters, digits, dots, - and _", "rename it")
    program = [PurePosixPath(word).name for word in table.run[:3]]
    if program[0] in _GATES or (program[1:2] == ["-m"] and program[2:3] and program[2] in _GATES):
        raise PolicyError(
            f"{where}: run starts {program[0]}, and the gate never starts itself or nox",
            "give the tool's own command",
        )
    for path in (*table.inputs, *table.config):
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
    )


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
            raise PolicyError(f"{where}: there is no reader {reader}", _known(reader, sorted(readers)))
    return tuple(Report(file=file, reader=reader) for file, reader in pairs.items())


def _stdout(table: CheckTable, where: str, reports: Collection[Report]) -> str | None:
    files = [report.file for report in reports]
    if table.stdout is not None and table.stdout not in files:
        raise PolicyError(f"{where}: stdout is no report of this check: {table.stdout}", _known(table.stdout, files))
    return table.stdout


def _plain(path: str) -> str:
    return str(PurePosixPath(path) / "**" if path.endswith("/") else PurePosixPath(path))


def _inside(path: str, where: str) -> None:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path or "\0" in path:
        raise PolicyError(f"{where}: {path!r} leads outside", "give a POSIX path relative to the repository")


def _requirements(name: str, table: CheckTable) -> list[Requirement]:
    for objective in table.objectives:
        low, high = objective.at_least, objective.at_most
        if any(bound is not None and math.isnan(bound) for bound in (low, high)):
            raise PolicyError(f"[check.{name}]: the objective for {objective.measure} is nan", "no number can meet it")
        if low is None and high is None:
            raise PolicyError(
                f"[check.{name}]: the objective for {objective.measure} has no bound", "give at_most or at_least"
            )
        if low is not None and high is not None and low > high:
            raise PolicyError(
                f"[check.{name}]: the objective for {objective.measure} asks for at least {low} and at most {high}",
                "no number can meet it",
            )
    return [
        Requirement(
            check=name,
            stage=stage,
            reach=table.reach,
            covers_inputs=table.covers == "inputs",
            block_at=table.block_at,
            at_most=table.at_most,
            objectives=tuple(
                Objective(measure=o.measure, at_most=o.at_most, at_least=o.at_least, min_samples=o.min_samples)
                for o in table.objectives
            ),
            max_age=_duration(table.max_age),
            exclusive=table.exclusive,
        )
        for stage in (table.stage if isinstance(table.stage, list) else [table.stage])
    ]


def _duration(text: str | None) -> timedelta | None:
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])}) if text else None


def _waiver(number: int, table: WaiverTable, checks: Collection[str]) -> Waiver:
    where = f"[[waiver]] {number} ({table.rule})"
    for check in table.checks:
        if check not in checks:
            raise PolicyError(f"{where}: there is no check {check}", _known(check, list(checks)))
    if table.path is None and table.resource is None:
        raise PolicyError(f"{where} names no place", 'give path or resource (path = "**" for the whole repository)')
    return Waiver(
        checks=tuple(table.checks),
        rule=table.rule,
        owner=table.owner,
        reason=table.reason,
        expires=table.expires,
        path=table.path,
        resource=table.resource,
        at_most=table.at_most,
    )


def _digest(text: bytes, checks: Mapping[str, Check], read: Callable[[str], bytes]) -> str:
    """Digest the policy and every configuration file that it names: to change either is to change the policy."""
    total = hashlib.sha256(hashlib.sha256(text).digest())
    for path in sorted({path for check in checks.values() for path in check.config}):
        try:
            content = read(path)
        except OSError as error:
            raise PolicyError(
                f"the policy names the file {path}, which can't be read: {error.strerror or error}",
                "make the file, or take it out of `config`",
            ) from error
        total.update(hashlib.sha256(path.encode()).digest() + hashlib.sha256(content).digest())
    return f"sha256:{total.hexdigest()}"
