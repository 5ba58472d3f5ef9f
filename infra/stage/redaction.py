"""Takes the values that Terraform calls sensitive out of a plan's JSON: pure, from a document to a document.

`terraform show -json` prints them in clear, and marks most of the places that they are in
(https://developer.hashicorp.com/terraform/internals/json-format). Masked is what a mark covers, what belongs to a
variable declared sensitive, and, since values are repeated without a mark, each value that is or holds one of those.
Addresses, types and actions are never touched: what a plan does cannot be hidden by calling it sensitive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

REDACTED = "(sensitive value)"
_SHORT = 4  # a shorter text is masked where it stands alone, not within others

# The members that hold values, each beside the member that marks them; a mark has the shape of the values, or is true.
_PAIRS = (("before", "before_sensitive"), ("after", "after_sensitive"), ("values", "sensitive_values"))
_VALUES = frozenset({"before", "after", "value", "default", "constant_value"})


def redact(plan: dict[str, Any]) -> dict[str, Any]:
    """Return the plan without its sensitive values; everything else is as it was."""
    hidden = _without_variables(plan)
    secrets = {text for text in (*_marked(plan), *_declared(plan)) if text}
    scrubbed = _scrubbed(_masked(hidden), secrets, inside=False)
    return scrubbed if isinstance(scrubbed, dict) else {}


def _sensitive(module: dict[str, Any]) -> set[str]:
    """Return the names of a module's variables that are declared sensitive."""
    return {name for name, variable in (module.get("variables") or {}).items() if variable.get("sensitive")}


def _root(plan: dict[str, Any]) -> dict[str, Any]:
    return (plan.get("configuration") or {}).get("root_module") or {}


def _declared(plan: dict[str, Any]) -> Iterator[str]:
    """Yield the texts that sensitive variables hold: the root's values, and all modules' defaults and arguments."""
    given = plan.get("variables") or {}
    for name in _sensitive(_root(plan)) & given.keys():
        yield from _texts(given[name])
    yield from _defaults(_root(plan))


def _defaults(module: dict[str, Any]) -> Iterator[str]:
    for name in _sensitive(module):
        yield from _texts(module["variables"][name].get("default"))
    for call in (module.get("module_calls") or {}).values():
        inner, arguments = call.get("module") or {}, call.get("expressions") or {}
        for name in _sensitive(inner) & arguments.keys():
            yield from _constants(arguments[name])
        yield from _defaults(inner)


def _constants(expression: Any) -> Iterator[str]:
    if isinstance(expression, dict):
        yield from _texts(expression.get("constant_value"))
        for each in expression.values():
            yield from _constants(each)
    elif isinstance(expression, list):
        for each in expression:
            yield from _constants(each)


def _without_variables(plan: dict[str, Any]) -> dict[str, Any]:
    """Put REDACTED for the sensitive variables of the root, whatever type they are, and for all modules' defaults."""
    names, given = _sensitive(_root(plan)), plan.get("variables") or {}
    out = dict(plan)
    if given:
        out["variables"] = {name: {"value": REDACTED} if name in names else each for name, each in given.items()}
    if isinstance(plan.get("configuration"), dict):
        out["configuration"] = {**plan["configuration"], "root_module": _without_defaults(_root(plan))}
    return out


def _without_defaults(module: dict[str, Any]) -> dict[str, Any]:
    out = dict(module)
    if "variables" in module:
        names = _sensitive(module)
        out["variables"] = {
            name: {**each, "default": REDACTED} if name in names and "default" in each else each
            for name, each in module["variables"].items()
        }
    if "module_calls" in module:
        out["module_calls"] = {name: _without_arguments(call) for name, call in module["module_calls"].items()}
    return out


def _without_arguments(call: dict[str, Any]) -> dict[str, Any]:
    inner = call.get("module") or {}
    names = _sensitive(inner)
    arguments = {
        name: {"constant_value": REDACTED} if name in names and "constant_value" in each else each
        for name, each in (call.get("expressions") or {}).items()
    }
    return {**call, "expressions": arguments, "module": _without_defaults(inner)}


def _marked(node: Any) -> Iterator[str]:
    """Yield each text that a mark covers, wherever in the document."""
    if isinstance(node, dict):
        for values, marks in _PAIRS:
            yield from _covered(node.get(values), node.get(marks))
        if node.get("sensitive") is True:  # an output
            yield from _texts(node.get("value"))
        for value in node.values():
            yield from _marked(value)
    elif isinstance(node, list):
        for value in node:
            yield from _marked(value)


def _covered(value: Any, mark: Any) -> Iterator[str]:
    if mark is True:
        yield from _texts(value)
    elif isinstance(mark, dict) and isinstance(value, dict):
        for key in mark.keys() & value.keys():
            yield from _covered(value[key], mark[key])
    elif isinstance(mark, list) and isinstance(value, list):
        for each, its_mark in zip(value, mark, strict=False):
            yield from _covered(each, its_mark)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _masked(node: Any) -> Any:
    """Put REDACTED where a mark is, of whatever type the value was; null stays, since it says that there is none."""
    if isinstance(node, list):
        return [_masked(each) for each in node]
    if not isinstance(node, dict):
        return node
    out = {key: _masked(value) for key, value in node.items()}
    for values, marks in _PAIRS:
        if values in out:
            out[values] = _hidden(out[values], node.get(marks))
    if node.get("sensitive") is True and "value" in out:
        out["value"] = _hidden(out["value"], mark=True)
    return out


def _hidden(value: Any, mark: Any) -> Any:
    if mark is True:
        return None if value is None else REDACTED
    if isinstance(mark, dict) and isinstance(value, dict):
        return {key: _hidden(each, mark.get(key)) for key, each in value.items()}
    if isinstance(mark, list) and isinstance(value, list):
        padded = [*mark, *[None] * (len(value) - len(mark))]
        return [_hidden(each, its_mark) for each, its_mark in zip(value, padded, strict=False)]
    return value


def _scrubbed(node: Any, secrets: set[str], *, inside: bool) -> Any:
    """Put REDACTED for the secrets in texts that are values; `inside` says that the node belongs to one."""
    if isinstance(node, str) and inside:
        return _cleaned(node, secrets)
    if isinstance(node, list):
        return [_scrubbed(each, secrets, inside=inside) for each in node]
    if isinstance(node, dict):
        of_resource = "address" in node
        return {
            key: _scrubbed(each, secrets, inside=inside or key in _VALUES or (key == "values" and of_resource))
            for key, each in node.items()
        }
    return node


def _cleaned(text: str, secrets: set[str]) -> str:
    if text in secrets:
        return REDACTED
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORT:
            text = text.replace(secret, REDACTED)
    return text
