"""Every noun of the gate, frozen. Knows the standard library alone, and does no I/O.

Evidence says what one check saw; only `judge` turns it into decisions. Shapes are described at each class; digests are
`sha256:` followed by 64 hexadecimal digits; moments are aware datetimes in UTC; paths are POSIX, relative to the
repository.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

Json = dict[str, Any]
POLICY_RULING = "policy"  # the ruling on a change's own policy; no check has this name


class ClearanceError(Exception):
    """Something that the person at the terminal can put right: a message and, as `hint`, the next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class PolicyError(ClearanceError):
    """The policy cannot be used as it is written."""


class UnreadableError(ClearanceError):
    """A report cannot be read at all: it is absent, broken, too large, or of another tool."""


@functools.total_ordering
class _Ordered(Enum):
    """An enumeration in which a member declared later is the greater one."""

    def __lt__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        members = list(type(self))
        return members.index(self) < members.index(other)

    def __str__(self) -> str:
        return str(self.value)


class Severity(_Ordered):
    """How bad a finding is."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Decision(_Ordered):
    """The three answers; the worst one wins, and UNKNOWN never passes."""

    PASS = "pass"
    UNKNOWN = "unknown"
    FAIL = "fail"


class Stage(Enum):
    """The moment at which a verdict is asked for."""

    CHANGE = "change"
    PLAN = "plan"
    LIVE = "live"

    def __str__(self) -> str:
        return self.value


@functools.lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """Compile a path pattern: `*` and `?` stop at `/`, `**/` spans any number of folders, `[...]` is a character class.

    The dialect is the one of `.gitignore` without negation (gitignore(5), "PATTERN FORMAT").
    """
    out, i = "", 0
    while i < len(pattern):
        rest = pattern[i:]
        if rest.startswith("**/"):
            out, i = out + "(?:[^/]+/)*", i + 3
        elif rest == "**":
            out, i = out + ".*", i + 2
        elif rest[0] == "*":
            out, i = out + "[^/]*", i + 1
        elif rest[0] == "?":
            out, i = out + "[^/]", i + 1
        elif one_of := _character_class(rest):
            out, i = out + one_of[0], i + one_of[1]
        else:
            out, i = out + re.escape(rest[0]), i + 1
    return re.compile(out + r"\Z", re.DOTALL)


def _character_class(pattern: str) -> tuple[str, int] | None:
    """Translate the `[...]` that a pattern begins with, and say how long it is; None where it is none.

    So a bracket that is never closed, or holds a range that runs downwards, stands for itself.
    """
    found = re.match(r"\[([!^]?)(.[^\]]*)\]", pattern, re.DOTALL)
    if found is None:
        return None
    parts = re.finditer(r"(.)-(.)|(.)", found[2], re.DOTALL)
    inner = (f"{re.escape(p[1])}-{re.escape(p[2])}" if p[1] else re.escape(p[3]) for p in parts)
    translated = f"(?!/)[{'^' if found[1] else ''}{''.join(inner)}]"
    try:
        re.compile(translated)
    except re.error:
        return None
    return translated, found.end()


def _named(pattern: str, text: str | None) -> bool:
    """Whether a text is named by a pattern, or letter by letter: a Terraform address may hold `[0]`."""
    return text is not None and (pattern == text or glob(pattern).match(text) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a tool objects to.

    `severity` is None where the tool states none; the policy then decides (unknown counts as high). `line` counts
    from 1. `fingerprint` stays the same when lines move or the tool is upgraded: see `readers.fingerprint`.
    `suppressed` is the tool's own word that someone silenced it (a comment, a baseline); the gate shows and counts it
    all the same.
    """

    rule: str
    message: str
    severity: Severity | None = None
    path: str | None = None
    line: int | None = None
    resource: str | None = None
    help_url: str | None = None
    fingerprint: str = ""
    suppressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number with its 95 % interval [low, high]; where it is exact, both equal `value`.

    `seconds` is how long the samples took to gather, where gathering for longer would narrow the interval.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    samples: int = 1
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one report says.

    `reach` is how much the tool looked at, counted in `unit`; `covered` the paths that it says it read, where it lists
    them. `problems` is what stopped it from seeing, in words that tell the reader what to do. `made_at` is the
    report's own moment, where the format states an unambiguous one. `tool` is "name version" as the report has it.
    `details` is what a renderer may draw beside the verdict, in the reader's own shape under a `kind`; nobody judges
    it.
    """

    reach: int
    unit: str = "items"
    covered: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    measures: tuple[Measure, ...] = ()
    problems: tuple[str, ...] = ()
    tool: str = ""
    made_at: datetime | None = None
    details: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is being judged. `tree` digests every file that belongs to it; `dirty` says that no commit holds them."""

    commit: str | None = None
    tree: str | None = None
    dirty: bool = True
    config_digest: str | None = None
    plan_digest: str | None = None
    run_id: str | None = None
    workspace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a check's evidence must have been made from: see DESIGN "Evidence and the cache"."""

    digest: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Reading):
    """A reading with its provenance: which check, of what, when. `alone` says that no other check ran beside it."""

    check: str
    subject: Subject
    inputs_digest: str
    started: datetime
    seconds: float
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What a reader may look at beside the report, handed in by the shell so that readers do no I/O.

    `files` maps each input's path to its bytes (read only when asked for); `root` is the absolute path of the
    repository, for reports that name files absolutely; `narrowed` says that the person at the terminal ran the check
    with further arguments, so that what did not run was left out on purpose. `slo` is the check's SLO file.
    """

    root: str = "/"
    files: Mapping[str, bytes] = field(default_factory=dict)
    narrowed: bool = False
    slo: bytes | None = None


Reader = Callable[[bytes, Materials], Reading]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A file that a check's command leaves in its report folder, and the name of the reader that understands it."""

    file: str
    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A command and its reports. The first report states the reach; further ones add findings, measures, problems.

    `run` is the tool's own argv, in which `{report}` stands for the first report's path and `{reports}` for the folder
    of all. `group` names the locked environment that it runs in (None: what PATH offers), `project` whether the
    project itself is installed there too. `config` are files that the tool reads as its configuration. `env` are set,
    `env_from` passed through from the caller. `stdout` names the report that the tool's standard output becomes. `slo`
    is the file of service level objectives that the report is measured against.
    """

    name: str
    run: tuple[str, ...]
    reports: tuple[Report, ...]
    stdout: str | None = None
    group: str | None = None
    project: bool = False
    inputs: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    env_from: tuple[str, ...] = ()
    timeout_s: float = 600.0
    exclusive: bool = False
    cache: bool = True
    slo: str | None = None

    def is_bound(self, paths: Collection[str]) -> bool:
        """Whether the input files say what its evidence holds for: it has patterns, and each of them matches one.

        A pattern without a match may be misspelt, and then what it was to name changes unseen.
        """
        return bool(self.inputs) and all(any(map(glob(pattern).match, paths)) for pattern in self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A budget for a measure: its whole interval must lie at or below `at_most`, at or above `at_least`.

    With `each` it holds for whatever measures there are below `measure` (`MEASURE/...`), if any; those with too few
    samples to tell are shown and not judged.
    """

    measure: str
    at_most: float | None = None
    at_least: float | None = None
    min_samples: int = 1
    each: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleList:
    """The rules that someone has accepted, as `file` lists them; `tool` is the "name version" that had no others."""

    file: str
    rules: frozenset[str]
    tool: str = ""

    def is_outdated(self, tool: str) -> bool:
        """Whether this is another version of the tool that the list was made for; a list without a tool always is."""
        name, _, version = self.tool.rpartition(" ")
        said, _, now = tool.rpartition(" ")
        return not self.tool or (name.lower() == said.lower() != "" and version != now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a stage asks of one check: enough reach, the inputs covered, few enough findings, the objectives met.

    `show_new` says that findings of rules which `rules` does not list, made by a newer tool, are shown and not counted.
    """

    check: str
    stage: Stage
    reach: int = 1
    covers_inputs: bool = False
    block_at: Severity = Severity.LOW
    at_most: int = 0
    rules: RuleList | None = None
    show_new: bool = False
    objectives: tuple[Objective, ...] = ()
    max_age: timedelta | None = None
    exclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Findings that someone has accepted, for a reason, until the end of the day `expires` (UTC).

    With `fingerprints` it covers those findings alone, each of them once; one without names a `path` or a `resource`.
    """

    checks: tuple[str, ...]
    rule: str
    owner: str
    reason: str
    expires: date
    path: str | None = None
    resource: str | None = None
    at_most: int = 1
    fingerprints: tuple[str, ...] = ()

    def matches(self, check: str, finding: Finding) -> bool:
        """Whether it covers this finding of this check, if it is not spent."""
        return self.names(check, finding) and (not self.fingerprints or finding.fingerprint in self.fingerprints)

    def names(self, check: str, finding: Finding) -> bool:
        """Whether it names this check, this rule and this place; rule, path and resource may be patterns."""
        return (
            check in self.checks
            and _named(self.rule, finding.rule)
            and (self.path is None or _named(self.path, finding.path))
            and (self.resource is None or _named(self.resource, finding.resource))
        )

    def expired(self, now: datetime) -> bool:
        """Whether its last day, which still counts, is over."""
        return now.date() > self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTask:
    """What holds a Terraform run: `plan` and `checkov` are the checks of stage plan that its own plan is judged as.

    `stateful` are patterns of further resource types that keep data; `wait` is how long a run waits for evidence.
    """

    wait: timedelta = timedelta(minutes=30)
    plan: str | None = None
    checkov: str | None = None
    stateful: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole of `clearance.toml`. `digest` covers it and every file that it names, whose digests are `files`."""

    checks: Mapping[str, Check]
    requirements: tuple[Requirement, ...]
    waivers: tuple[Waiver, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    digest: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    runtask: RunTask = RunTask()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A finding beside the waiver that covers it, whose fingerprints are left out: the finding has its own."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The decision on one check, with its arithmetic in `reasons` and every finding in one of four places.

    `problems` are those of the reasons that say what kept the tool from seeing.
    `new` are those that are shown and not counted because the tool's last accepted version did not have their rules;
    `new_rules` names all such rules, also of findings that block.
    """

    check: str
    decision: Decision
    reasons: tuple[str, ...]
    blocking: tuple[Finding, ...] = ()
    tolerated: tuple[Finding, ...] = ()
    new: tuple[Finding, ...] = ()
    new_rules: tuple[str, ...] = ()
    waived: tuple[Waived, ...] = ()
    measures: tuple[Measure, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A piece of evidence as a verdict names it: by digest, with what a reader wants to know at a glance."""

    check: str
    digest: str
    inputs_digest: str
    tool: str
    reach: int
    unit: str
    reused: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Two people's signed word that a commit may go on without a PASS, for a reason, from a moment to another."""

    commit: str
    people: tuple[str, ...]
    reason: str
    begins: datetime
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided, of what, by which policy, on which evidence; `base_policy_digest` is that of a second policy.

    `reasons` speak of the verdict as a whole (of one check: see its ruling); `missing` are the stage's required checks
    that have no evidence here. An `override` stands beside the decision and does not change it.
    """

    decision: Decision
    reasons: tuple[str, ...] = ()
    complete: bool
    missing: tuple[str, ...]
    stage: Stage
    subject: Subject
    rulings: tuple[Ruling, ...]
    idle_waivers: tuple[Waiver, ...]
    expired_waivers: tuple[Waiver, ...]
    policy_digest: str
    evidence: tuple[Exhibit, ...]
    judged_at: datetime
    now_overridden: bool
    subject_overridden: bool
    version: str
    override: Override | None = None
    base_policy_digest: str | None = None
