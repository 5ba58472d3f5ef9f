"""The accepted rules of a check as a text file, one a line, for people to review: text to `RuleList` and back.

A line that begins with `#` is a comment. `tool: NAME VERSION` says which tool had no other rules; without it, the list
cannot tell a rule that is new from one that was never broken before.
"""

from __future__ import annotations

from clearance.model import PolicyError, RuleList

_TOOL = "tool:"
_HEAD = """\
# The rules that this project has accepted, and the version of the tool that had no others. A finding of another rule,
# made by another version, is new; clearance.toml says whether that blocks. Written by `clearance rules CHECK --accept`.
"""


def loads(file: str, data: bytes) -> RuleList:
    """Read a list. Raises PolicyError for what is no text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"the rule list {file} is no UTF-8: {error}", "write it anew, a rule a line") from error
    lines = [line.strip() for line in text.splitlines()]
    tools = [line.removeprefix(_TOOL).strip() for line in lines if line.startswith(_TOOL)]
    if len(tools) > 1:
        raise PolicyError(f"the rule list {file} names {len(tools)} tools", f"keep one line `{_TOOL} NAME VERSION`")
    rules = frozenset(line for line in lines if line and not line.startswith(("#", _TOOL)))
    return RuleList(file=file, rules=rules, tool=tools[0] if tools else "")


def dumps(rules: RuleList) -> bytes:
    """Write a list, sorted, so that a review shows what came and went.

    Raises PolicyError for a rule's name that would read as something else.
    """
    odd = sorted(r for r in rules.rules if not r.isprintable() or r != r.strip() or not r or r.startswith(("#", _TOOL)))
    if odd:
        raise PolicyError(f"the rule {odd[0]!r} cannot stand in a list", "no tool has such a rule: look at its report")
    lines = [*([f"{_TOOL} {rules.tool}"] if rules.tool else []), *sorted(rules.rules)]
    return (_HEAD + "\n".join(lines) + "\n").encode()
