"""What a SARIF result means: its rule, its severity and its words, which the format spreads over a run.

Section numbers are those of SARIF Version 2.1.0, OASIS Standard, 27 March 2020.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from clearance.model import Severity
from clearance.readers.sarif_format import Component, ComponentReference, Message, Result, Rule, RuleReference, Run

LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW, "none": Severity.INFO}
_SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d{1,6})\}")
_LINK = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]\(\d+\)")
_NOTHING = RuleReference()
_DEEPEST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a result's rule: its identifier, where it is explained, and how bad its results are.

    `score` is what its `security-severity` makes of it, None without one; `level` its own default, "warning" without.
    """

    id: str
    rule: Rule | None = None
    component: Component | None = None
    help_url: str | None = None
    score: Severity | None = None
    level: str = "warning"


class Rules:
    """Finds the rules of one run, each once: by index, guid or id, in the driver or an extension (3.27.5 to 3.27.7).

    `listed` says which list of a component holds them: its rules, or what describes its notifications.
    """

    def __init__(self, run: Run, listed: Callable[[Component], list[Rule] | None] = attrgetter("rules")) -> None:
        self._listed = listed
        tool = run.tool
        driver = tool.driver if tool is not None else None
        self._extensions = (tool.extensions or []) if tool is not None else []
        self._components = [*([driver] if driver is not None else []), *self._extensions]
        self._driver = driver or Component()
        self._own = {id(component): _by_name(component, listed(component) or []) for component in self._components}
        self._all = {name: found for own in reversed(self._own.values()) for name, found in own.items()}
        self._cache: dict[tuple[str | None, int | None, RuleReference | None], Known] = {}
        self._overrides = [
            {
                self._known(override.descriptor, None, None).id: override.configuration.level
                for override in invocation.rule_configuration_overrides or ()
                if override.descriptor is not None and override.configuration is not None
            }
            for invocation in run.invocations or ()
        ]

    def of(self, result: Result) -> Known:
        """Return what is known of the result's rule; for a rule that the run does not describe, its identifier."""
        key = (result.rule_id, result.rule_index, result.rule)
        known = self._cache.get(key)
        if known is None:
            known = self._cache[key] = self._known(result.rule or _NOTHING, result.rule_id, result.rule_index)
        return known

    def described(self, reference: RuleReference | None) -> Known:
        """Return what is known of what a reference alone names, such as a notification's descriptor (3.58.2)."""
        return self._known(reference or _NOTHING, None, None)

    def severity(self, result: Result, known: Known) -> Severity | None:
        """Return how bad a result is; None for a level that the standard does not know, which the policy then decides.

        The rule's `security-severity` goes first, then the result's own level, then what its invocation configured,
        then the rule's default, then "warning" (3.27.10).
        """
        if known.score is not None:
            return known.score
        level = result.level
        if level is None and result.provenance is not None:
            index = result.provenance.invocation_index
            if index is not None and 0 <= index < len(self._overrides):
                level = self._overrides[index].get(known.id)
        return LEVELS.get(level or known.level)

    def _known(self, reference: RuleReference, rule_id: str | None, rule_index: int | None) -> Known:
        stated = reference.id or rule_id
        index = reference.index if _counts(reference.index) else rule_index
        rule, component = self._found(reference, stated, index)
        if rule is None:
            return Known(id=stated or reference.guid or "unnamed", component=component)
        configured = rule.default_configuration.level if rule.default_configuration is not None else None
        return Known(
            id=stated or rule.id or "unnamed",
            rule=rule,
            component=component,
            help_url=rule.help_uri or None,
            score=_score(rule.properties.security_severity) if rule.properties is not None else None,
            level=configured or "warning",
        )

    def _found(self, reference: RuleReference, stated: str | None, index: int | None) -> tuple[Rule | None, Component]:
        """Look at the index first, unless it contradicts the id; then for the guid, the id, the parents of the id."""
        component = self._component(reference.tool_component)
        rules = self._listed(component) or []
        pointed = rules[index] if index is not None and 0 <= index < len(rules) else None
        if pointed is not None and (stated is None or pointed.id in (None, *_ancestry(stated))):
            return pointed, component
        own = self._own.get(id(component), {}) if reference.tool_component is not None else {}
        names = [*([reference.guid.lower()] if reference.guid else []), *(_ancestry(stated) if stated else ())]
        for name in names:
            found = own.get(name) or self._all.get(name)
            if found is not None:
                return found
        return pointed, component

    def _component(self, reference: ComponentReference | None) -> Component:
        if reference is None:
            return self._driver
        if reference.index is not None and 0 <= reference.index < len(self._extensions):
            return self._extensions[reference.index]
        guid = (reference.guid or "").lower()
        for component in self._components:
            if (guid and (component.guid or "").lower() == guid) or (
                reference.name and component.name == reference.name
            ):
                return component
        return self._driver


def words(message: Message | None, known: Known) -> str:
    """Return a message as plain text: looked up where only its id is given, its arguments filled in (3.11)."""
    text = message.text if message is not None and message.text else _template(message, known)
    if message is not None and "{" in text and (message.arguments or message.text is None):
        text = _filled(text, message.arguments or [])
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    return text


def _template(message: Message | None, known: Known) -> str:
    if message is not None:
        if message.id is not None:
            strings = (known.rule.message_strings or {}) if known.rule is not None else {}
            shared = (known.component.global_message_strings or {}) if known.component is not None else {}
            found = strings.get(message.id) or shared.get(message.id)
            if found is not None and found.text:
                return found.text
        if message.markdown:
            return message.markdown
    described = known.rule.short_description if known.rule is not None else None
    return (described.text if described is not None else None) or known.id


def _filled(text: str, arguments: list[str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        index = int(found[1])
        return arguments[index] if index < len(arguments) else found[0]

    return _PLACEHOLDER.sub(value, text)


def _counts(index: int | None) -> bool:
    return index is not None and index >= 0


def _by_name(component: Component, rules: list[Rule]) -> dict[str, tuple[Rule, Component]]:
    """Index the rules of a component by id and guid; of two that share one, the first stands."""
    return {
        name: (rule, component)
        for rule in reversed(rules)
        for name in (rule.guid and rule.guid.lower(), rule.id)
        if name
    }


def _ancestry(identifier: str) -> Iterator[str]:
    """Yield a hierarchical identifier and those above it: `a/b/c`, `a/b`, `a` (3.27.5), as far as anyone nests them."""
    for _ in range(_DEEPEST):
        if not identifier:
            return
        yield identifier
        identifier = identifier.rpartition("/")[0]


def _score(stated: object) -> Severity | None:
    """Return what GitHub makes of a `security-severity`; None for what is not a number above 0."""
    if isinstance(stated, bool) or not isinstance(stated, str | int | float):
        return None
    try:
        score = float(stated)
    except (ValueError, OverflowError):
        return None
    if not score > 0:
        return None
    return next((severity for least, severity in _SCORES if score >= least), Severity.LOW)
