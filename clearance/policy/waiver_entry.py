"""A `[[waiver]]` table as text in `clearance.toml`: where each one stands, and one more at the end.

Whatever else stands in the file stays as it is, to the letter.
"""

from __future__ import annotations

import json
import re
import tomllib

from clearance.model import PolicyError, Waiver

_HEADER = re.compile(r"[ \t]*\[\[[ \t]*(?:waiver|\"waiver\"|'waiver')[ \t]*\]\][ \t\r]*(?:#.*)?")
_TABLE = re.compile(r"[ \t]*\[{1,2}[^\[\]]+\]{1,2}[ \t\r]*(?:#.*)?")


def places(text: str) -> list[range] | None:
    """Give the lines of each waiver's table, counted from 1; None where the file writes its waivers in another way."""
    text = text.replace(
        "\r\n", "\n"
    )  # or the end of a table, cut out, would be half of a line's end, which TOML refuses
    lines = text.split("\n")
    starts = [at for at, line in enumerate(lines) if _HEADER.fullmatch(line)]
    found = []
    for start in starts:
        end = next((at for at in range(start + 1, len(lines)) if _TABLE.fullmatch(lines[at])), len(lines))
        while lines[end - 1].strip() == "" or lines[end - 1].lstrip().startswith("#"):
            end -= 1
        found.append(range(start + 1, end + 1))
    try:
        tables = [tomllib.loads("\n".join(lines[each.start - 1 : each.stop - 1]))["waiver"] for each in found]
        whole = tomllib.loads(text).get("waiver", [])
    except tomllib.TOMLDecodeError:
        return None
    return found if [table for one in tables for table in one] == whole else None


def append(text: str, waiver: Waiver) -> str:
    """Give the file's text with one more waiver at its end.

    Raises PolicyError where the file has its waivers as one array, to which TOML lets no table be added.
    """
    if isinstance(tomllib.loads(text).get("waiver"), list) and not places(text):
        raise PolicyError(
            "the policy writes its waivers as `waiver = [...]`, and no table can be added to that; it is as it was",
            "write each of them as a [[waiver]] table of its own",
        )
    newline = "\r\n" if "\r\n" in text else "\n"
    entry = [
        "[[waiver]]",
        f"checks = [{', '.join(map(string, waiver.checks))}]",
        f"rule = {string(waiver.rule)}",
        *([f"path = {string(waiver.path)}"] if waiver.path is not None else []),
        *([f"resource = {string(waiver.resource)}"] if waiver.resource is not None else []),
        *([f"at_most = {waiver.at_most}"] if waiver.at_most != 1 else []),
        f"owner = {string(waiver.owner)}",
        f"reason = {string(waiver.reason)}",
        f"expires = {waiver.expires.isoformat()}",
        "",
    ]
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return text + gap + newline.join(entry)


def string(text: str) -> str:
    """Write a TOML string: a literal one where that needs no escapes, else a basic one, whose escapes are JSON's."""
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
