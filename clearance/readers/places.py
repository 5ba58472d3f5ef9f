"""Where findings lie: what reports hold as paths and URIs becomes paths relative to the repository, and lines text."""

from __future__ import annotations

import re
from collections.abc import Mapping

_DRIVE = re.compile(r"/?([A-Za-z]:)(?:/|$)")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):")  # two letters at least: one is a Windows drive
_DEEPEST = 32  # bases that rest on one another; a longer chain is a trap


def relative(path: str, root: str) -> str:
    """Return `path` tidied, and relative to `root` where it lies below it: `./a/../b` is `b`.

    Backslashes count as separators after a drive letter, and where no other separator is there.
    """
    if "\\" in path and ("/" not in path or _DRIVE.match(path.replace("\\", "/"))):
        path = path.replace("\\", "/")
    tidied = _tidied(path)
    return _below(tidied, root) or tidied


def path_of(uri: str) -> str | None:
    """Return the path that a `file:` URI or a relative reference names (RFC 3986, RFC 8089); None for other schemes."""
    uri = uri.replace("\\", "/")
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return _tidied(_unescaped(uri))
    if scheme[1].lower() != "file":
        return None
    rest = uri[scheme.end() :]
    if rest.startswith("//"):
        host, slash, inner = rest[2:].partition("/")
        rest = slash + inner if host in ("", "localhost") else host + slash + inner
        if host not in ("", "localhost") and not _DRIVE.match(rest):
            rest = "//" + rest
    return _tidied(_unescaped(rest))


def is_absolute(reference: str) -> bool:
    """Whether a URI reference or path stands by itself: it has a scheme, a drive, or begins at the root."""
    return reference.startswith(("/", "\\")) or bool(_SCHEME.match(reference) or re.match(r"[A-Za-z]:[/\\]", reference))


def _unescaped(uri: str) -> str:
    if "%" not in uri:
        return uri
    return _ESCAPES.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace"), uri)


def _tidied(path: str) -> str:
    drive = _DRIVE.match(path)
    if drive is not None:
        prefix, rest = f"{drive[1]}/", path[drive.end() :]
    else:
        prefix = "//" if path.startswith("//") else "/" if path.startswith("/") else ""
        rest = path
    parts: list[str] = []
    for part in rest.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            parts.append(part)
        elif parts and parts[-1] != "..":
            parts.pop()
        elif not prefix:
            parts.append(part)
    return prefix + "/".join(parts) or "."


def _below(path: str, root: str) -> str | None:
    """Return the part of a tidied path that lies below `root`, or None; drive letters know no case."""
    top = _tidied(root.replace("\\", "/") if re.match(r"[A-Za-z]:", root) else root).rstrip("/") + "/"
    if path.startswith(top) or (_DRIVE.match(top) and path.casefold().startswith(top.casefold())):
        return path[len(top) :] or None
    return None


class Bases:
    """Resolves a report's URI references against its base identifiers, each of which may rest on another.

    `bases` maps an identifier to (uri, identifier of its own base), either of which may be None. `homes` are the
    identifiers known to mean the repository's root, wherever it lay on the machine that made the report.
    """

    def __init__(
        self, root: str, bases: Mapping[str, tuple[str | None, str | None]], homes: frozenset[str] = frozenset()
    ) -> None:
        self._root = root
        self._bases = bases
        self._homes = homes

    def place(self, uri: str, base: str | None) -> tuple[str | None, str | None]:
        """Return (path, None), the path relative to the repository where that can be told, or (None, other URI).

        White space around a reference is none of it (RFC 3986, appendix C).
        """
        whole = self._joined(uri, base, frozenset())
        path = path_of(whole)
        inside = _below(path, self._root) if path is not None else None
        if inside is None and (path is None or is_absolute(path)):
            from_home = path_of(self._joined(uri, base, self._homes))
            inside = from_home if from_home is not None and not is_absolute(from_home) else None
        found = inside or path
        return (None, whole) if found is None else (found, None)

    def _joined(self, uri: str, base: str | None, stops: frozenset[str]) -> str:
        """Put the chain of bases before the reference, as far as it is known; an identifier in `stops` ends it."""
        passed = set(stops)
        uri = uri.strip()
        while base is not None and base not in passed and len(passed) < _DEEPEST and not is_absolute(uri):
            passed.add(base)
            parent, base = self._bases.get(base, (None, None))
            if parent:
                uri = parent.strip().rstrip("/\\") + "/" + uri
        return uri


class Lines:
    """The text of single lines of the files at hand; each file is split once, when it is first asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._split: dict[str, list[bytes]] = {}

    def text(self, path: str | None, line: int | None) -> str:
        """Return the text of a line, counted from 1; "" where there is no such file or line."""
        if path is None or line is None or line < 1:
            return ""
        if path not in self._split:
            self._split[path] = self._files.get(path, b"").splitlines()
        lines = self._split[path]
        return lines[line - 1].decode("utf-8", "replace") if line <= len(lines) else ""
