"""The parts of SARIF 2.1.0 that its reader looks at, as types to decode into; each names its section of the standard.

Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard, 27 March 2020. What is not
named here is skipped while decoding, which is most of a report. Every part may be absent or null, since tools differ.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from clearance.readers.decoding import Line

_Fraction = Annotated[float, msgspec.Meta(ge=-1, le=2**31 - 1)]  # JSON's integers may read 5.0


class Part(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Any object of the format; no part can refer back to its owner, so the collector need not look at it."""


class Text(Part, frozen=True):
    """3.12 multiformatMessageString, and the snippet's artifactContent, 3.3."""

    text: str | None = None


class Message(Part, frozen=True):
    """3.11 message."""

    text: str | None = None
    markdown: str | None = None
    id: str | None = None
    arguments: list[str] | None = None


class ArtifactLocation(Part, frozen=True):
    """3.4 artifactLocation."""

    uri: str | None = None
    uri_base_id: str | None = None
    index: int | None = None


class Region(Part, frozen=True):
    """3.30 region."""

    start_line: Line | _Fraction | None = None
    snippet: Text | None = None


class PhysicalLocation(Part, frozen=True):
    """3.29 physicalLocation."""

    artifact_location: ArtifactLocation | None = None
    region: Region | None = None


class LogicalLocation(Part, frozen=True):
    """3.33 logicalLocation."""

    fully_qualified_name: str | None = None
    name: str | None = None
    index: int | None = None


class Location(Part, frozen=True):
    """3.28 location."""

    physical_location: PhysicalLocation | None = None
    logical_locations: list[LogicalLocation] | None = None


class ComponentReference(Part, frozen=True):
    """3.54 toolComponentReference."""

    name: str | None = None
    index: int | None = None
    guid: str | None = None


class RuleReference(Part, frozen=True):
    """3.52 reportingDescriptorReference."""

    id: str | None = None
    index: int | None = None
    guid: str | None = None
    tool_component: ComponentReference | None = None


class Suppression(Part, frozen=True):
    """3.35 suppression."""

    status: str | None = None


class Provenance(Part, frozen=True):
    """3.48 resultProvenance."""

    invocation_index: int | None = None


class Result(Part, frozen=True):
    """3.27 result."""

    rule_id: str | None = None
    rule_index: int | None = None
    rule: RuleReference | None = None
    level: str | None = None
    kind: str | None = None
    message: Message | None = None
    locations: list[Location] | None = None
    suppressions: list[Suppression] | None = None
    baseline_state: str | None = None
    provenance: Provenance | None = None


class Configuration(Part, frozen=True):
    """3.50 reportingConfiguration."""

    level: str | None = None


class RuleProperties(Part, frozen=True):
    """3.8 property bag of a rule; `security-severity` is GitHub's, a number from 0 to 10 or a string that holds one."""

    security_severity: Any = msgspec.field(default=None, name="security-severity")


class Rule(Part, frozen=True):
    """3.49 reportingDescriptor."""

    id: str | None = None
    guid: str | None = None
    help_uri: str | None = None
    default_configuration: Configuration | None = None
    properties: RuleProperties | None = None
    message_strings: dict[str, Text] | None = None
    short_description: Text | None = None


class Component(Part, frozen=True):
    """3.19 toolComponent."""

    name: str | None = None
    version: str | None = None
    semantic_version: str | None = None
    guid: str | None = None
    rules: list[Rule] | None = None
    notifications: list[Rule] | None = None
    global_message_strings: dict[str, Text] | None = None


class Tool(Part, frozen=True):
    """3.18 tool."""

    driver: Component | None = None
    extensions: list[Component] | None = None


class Override(Part, frozen=True):
    """3.51 configurationOverride."""

    configuration: Configuration | None = None
    descriptor: RuleReference | None = None


class Notification(Part, frozen=True):
    """3.58 notification."""

    descriptor: RuleReference | None = None
    level: str | None = None
    message: Message | None = None
    locations: list[Location] | None = None


class Invocation(Part, frozen=True):
    """3.20 invocation."""

    execution_successful: bool | None = None
    start_time_utc: Any = None
    end_time_utc: Any = None
    exit_signal_name: str | None = None
    process_start_failure_message: str | None = None
    tool_execution_notifications: list[Notification] | None = None
    tool_configuration_notifications: list[Notification] | None = None
    rule_configuration_overrides: list[Override] | None = None


class Artifact(Part, frozen=True):
    """3.24 artifact."""

    location: ArtifactLocation | None = None
    roles: list[str] | None = None


class VersionControl(Part, frozen=True):
    """3.23 versionControlDetails."""

    mapped_to: ArtifactLocation | None = None


class ExternalFiles(Part, frozen=True):
    """3.15 externalPropertyFileReferences: those whose absence would change what is read."""

    results: list[Any] | None = None
    invocations: list[Any] | None = None
    driver: Any = None
    extensions: list[Any] | None = None
    artifacts: list[Any] | None = None


class Run(Part, frozen=True):
    """3.14 run."""

    tool: Tool | None = None
    invocations: list[Invocation] | None = None
    results: list[Result] | None = None
    artifacts: list[Artifact] | None = None
    logical_locations: list[LogicalLocation] | None = None
    original_uri_base_ids: dict[str, ArtifactLocation] | None = None
    version_control_provenance: list[VersionControl] | None = None
    external_property_file_references: ExternalFiles | None = None


class InlineProperties(Part, frozen=True):
    """4.3 externalProperties, as far as it can hold results."""

    results: list[Any] | None = None


class Log(Part, frozen=True):
    """3.13 sarifLog."""

    version: str | None = None
    runs: list[Run] | None = None
    inline_external_properties: list[InlineProperties] | None = None


class Header(Part, frozen=True):
    """What tells a SARIF log of any version from other JSON."""

    version: Any = None
