"""The shape of `clearance.toml`: its tables, the errors that say where a key is wrong, and the JSON Schema."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from clearance.model import PolicyError, Severity, Stage

_Text = Annotated[str, Meta(min_length=1, pattern=r"\S")]
_Count = Annotated[int, Meta(ge=0)]
_Positive = Annotated[int, Meta(ge=1)]
_Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,5}(s|m|h|d)$", examples=["90s", "30m", "2h", "7d"])]
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MARK = "fp:"  # without it, each fingerprint looks like a secret to what searches for those
_Fingerprint = Annotated[str, Meta(pattern=rf"^({_MARK})?[0-9a-f]{{32}}$")]
_T = TypeVar("_T")
_ENUMERATIONS = "; ".join(
    f"{what} {', '.join(map(str, known))}"
    for what, known in (("severities are", Severity), ("stages are", Stage), ("new_rules is", ("block", "show")))
)


class ObjectiveTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A budget for a measure that the check's report states."""

    measure: _Text
    at_most: float | None = None
    at_least: float | None = None
    min_samples: _Positive = 1
    each: Annotated[bool, Meta(description="for whatever measures there are below, MEASURE/...")] = False


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
    slo: Annotated[_Text | None, Meta(description="OpenSLO file that the report is measured against")] = None
    hold_levels: Annotated[bool, Meta(description="whether the SLO file's levels are objectives")] = True
    rules: Annotated[_Text | None, Meta(description="file that lists the rules accepted so far")] = None
    new_rules: Annotated[
        Literal["block", "show"], Meta(description="what becomes of findings of a newer tool's further rules")
    ] = "block"
    max_age: _Duration | None = None
    timeout_s: Annotated[float, Meta(gt=0)] = 600.0
    exclusive: Annotated[bool, Meta(description="must run alone on the machine")] = False
    cache: bool = True


class WaiverTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`[[waiver]]`: findings that someone has accepted for a time."""

    checks: Annotated[list[_Text], Meta(min_length=1)]
    rule: Annotated[_Text | None, Meta(description="the rule or a pattern; may be left out beside fingerprints")] = None
    owner: _Text
    reason: _Text
    expires: date
    path: _Text | None = None
    resource: _Text | None = None
    at_most: Annotated[_Positive | None, Meta(description="how many findings it covers: 1, or one a fingerprint")] = (
        None
    )
    fingerprints: (
        Annotated[
            list[_Fingerprint],
            Meta(min_length=1, description="the very findings that it covers; `clearance baseline` writes them"),
        ]
        | None
    ) = None

    @property
    def prints(self) -> tuple[str, ...]:
        """The fingerprints as findings have them."""
        return tuple(each.removeprefix(_MARK) for each in self.fingerprints or ())

    @staticmethod
    def marked(fingerprint: str) -> str:
        """A finding's fingerprint as the file has it."""
        return _MARK + fingerprint


class RunTaskTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`[runtask]`: how a run of Terraform Cloud is held against this policy."""

    wait: Annotated[
        _Duration, Meta(description="how long a run waits for the evidence of its configuration, 45 minutes at most")
    ] = "30m"
    plan: Annotated[_Text | None, Meta(description="check of stage plan that the run's own plan is judged as")] = None
    checkov: Annotated[
        _Text | None, Meta(description="check of stage plan that Checkov's findings in it are judged as")
    ] = None
    stateful: Annotated[list[_Text], Meta(description="patterns of further resource types that keep data")] = []


class PolicyFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`clearance.toml`, the policy of Clearance."""

    check: dict[str, CheckTable] = {}
    severity: dict[str, Severity] = {}
    waiver: list[WaiverTable] = []
    runtask: RunTaskTable = RunTaskTable()


def schema() -> dict[str, Any]:
    """Make the JSON Schema (draft 2020-12) of `clearance.toml`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(PolicyFile)


def duration(text: str) -> timedelta:
    """Read a duration as the file has it: `90s`, `30m`, `2h`, `7d`."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def convert(raw: dict[str, Any]) -> PolicyFile:
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
    held = raw.get("runtask")
    if isinstance(held, dict):
        _know(held, RunTaskTable, "[runtask]")
        _typed(held, RunTaskTable, "[runtask]")
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
    names = shape.__struct_fields__
    for key in table:
        if key not in names:
            raise PolicyError(f"{where} has an unknown key: {key}", known(key, names))


def known(name: str, names: Collection[str]) -> str:
    """The next step for a name that is not there: the nearest one that is, and all of them."""
    near = difflib.get_close_matches(name, names, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(names) or 'none'}"


def _typed(raw: Any, shape: type[_T], where: str) -> _T:
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        message = str(error).replace(" - at `$.", " at `").replace("`$`", "the table")
        hint = _ENUMERATIONS if "enum" in message else "`clearance schema` describes every key"
        raise PolicyError(f"{where}: {message}", hint) from error
