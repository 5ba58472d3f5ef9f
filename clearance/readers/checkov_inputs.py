"""What a Checkov check's input files say: which own checks there are, and which Terraform files hold no resource.

The files are searched, never run or imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CHECKS = (".py", ".yaml", ".yml", ".json")
_NAMED = re.compile(rb"""^[^#\n]*?\bid["']?\s*[:=]\s*(["']?)(CKV\w*_\w+)\1""", re.MULTILINE)
_RESOURCE = re.compile(rb"""^\s*(?:resource|data)\s+"?[\w-]+"?\s+"?[\w-]+"?\s*\{""", re.MULTILINE)
_LARGEST = 1024 * 1024


def own_checks(files: Mapping[str, bytes]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Find the ids that own checks, Python or YAML, state as literals: id to path; and which files hold too much.

    An id begins with CKV, as Checkov wants it.
    """
    found: dict[str, str] = {}
    problems = []
    for path in files:
        if path.endswith(_CHECKS):
            source = files.get(path, b"")
            if len(source) > _LARGEST:
                problems.append(f"{path} is too large for a check of ours; take it out of the check's inputs")
                continue
            found |= {match[2].decode("ascii", "replace"): path for match in _NAMED.finditer(source)}
    return found, tuple(problems)


def without_resources(files: Mapping[str, bytes]) -> set[str]:
    """Find the Terraform files, source or values, in which no resource is declared, so that no check can answer for it.

    What is doubtful, such as a block in a comment, counts as declared.
    """
    return {path for path in files if path.endswith(".tfvars") or (path.endswith(".tf") and not _declares(files, path))}


def _declares(files: Mapping[str, bytes], path: str) -> bool:
    source = files.get(path)
    return source is None or _RESOURCE.search(source) is not None
