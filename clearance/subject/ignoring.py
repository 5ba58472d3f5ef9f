"""What `.terraformignore` leaves out of an upload; pure.

The language was read from HashiCorp's packer (https://github.com/hashicorp/go-slug, internal/ignorefiles) and its
documentation ("Excluding Files from Upload with .terraformignore"). It resembles `.gitignore`'s and differs: three
rules of its own come first, a later rule wins whatever it says, and `[...]` is a class of a regular expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from clearance.model import ClearanceError

FILE = ".terraformignore"
_ALWAYS = (".git/", ".terraform/", "!.terraform/modules/")
# Letters, ranges of them, and what means nothing more in a class: not `*` and `?`, which the packer replaces first.
_CLASS = re.compile(r"\[\^?(?:\w-\w|[\w .,:;=@%!#$/])+-?\]")
_UNCLEAR = "+(){}|^["  # the packer takes these for a regular expression's; nobody means them so


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: what it matches, whether it takes back (`!`), and whether a later line takes something back."""

    pattern: re.Pattern[str]
    negated: bool
    final: bool


class Rules:
    """The rules of a file, after those that always hold. `text` is the file's content; None where there is none."""

    def __init__(self, text: bytes | None = None) -> None:
        lines = [*_ALWAYS, *_lines(text or b"")]
        last = max(number for number, line in enumerate(lines) if line.startswith("!"))
        self._rules = [
            Rule(_translate(line.removeprefix("!")), line.startswith("!"), number >= last)
            for number, line in enumerate(lines)
        ]

    def excludes(self, path: str) -> bool:
        """Whether a file is left out. `path` is relative to the root of the upload, POSIX.

        By its own name, or because a folder above it is skipped as a whole: one that a rule without a later `!` names.
        """
        if self._matched(path)[0]:
            return True
        folders = [str(parent) for parent in PurePosixPath(path).parents][:-1]
        return any(not self._matched(folder)[0] and all(self._matched(folder + "/")) for folder in folders)

    def _matched(self, path: str) -> tuple[bool, bool]:
        """Whether a path is excluded, and whether for good."""
        for rule in reversed(self._rules):
            if rule.pattern.match(path):
                return not rule.negated, rule.final
        return False, False


def _lines(text: bytes) -> list[str]:
    try:
        lines = [line.strip() for line in text.decode().split("\n")]
    except UnicodeDecodeError as error:
        raise ClearanceError(f"{FILE} is not UTF-8", "save it as UTF-8") from error
    return [line for line in lines if line and not line.startswith("#")]


def _translate(line: str) -> re.Pattern[str]:
    """Compile a line without its `!`. Raises ClearanceError where the packer would read something unforeseen."""
    if not line:  # after a lone `!`, at which the packer breaks
        raise _unclear("!")
    anchored = line.startswith("/")
    rest = line[1:] if anchored else f"**/{line}"
    rest += "**" if line.endswith("/") else ""
    out = ""
    while rest:
        piece, meaning = _piece(rest, line)
        out, rest = out + meaning, rest[len(piece) :]
    try:
        return re.compile(out + r"\Z")
    except re.error as error:
        raise _unclear(line) from error


def _piece(rest: str, line: str) -> tuple[str, str]:
    """Take the first piece of a pattern, and what it stands for."""
    if rest.startswith("**"):
        piece = "**/" if rest.startswith("**/") else "**"
        return piece, ".*" if piece == rest else "(?:.*/)?"
    if rest[0] == "*":
        return "*", "[^/]*"
    if rest[0] == "?":
        return "?", "[^/]"
    if found := _CLASS.match(rest):
        return found[0], found[0]
    if rest[0] == "\\" and len(rest) > 1 and rest[1].isascii() and not rest[1].isalnum():
        return rest[:2], re.escape(rest[1])
    if rest[0] in _UNCLEAR or rest[0] == "\\":
        raise _unclear(line)
    return rest[0], re.escape(rest[0])


def _unclear(line: str) -> ClearanceError:
    return ClearanceError(
        f"{FILE}: Terraform reads the line {line!r} as a regular expression, and we do not guess which",
        "put a backslash before the character, or ? in its place",
    )
