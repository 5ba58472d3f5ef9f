"""The owners of a path, as a CODEOWNERS file names them; pure.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re

from clearance.model import glob

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")  # the first that is there counts
_SPACE = re.compile(r"(?<!\\)\s+")


def owners(text: str, path: str) -> tuple[str, ...]:
    """Return who owns a path: `@user`, `@org/team` or an address. The last matching line counts, also an empty one."""
    found: tuple[str, ...] = ()
    for line in text.splitlines():
        said = re.split(r"(?:^|(?<=\s))#", line, maxsplit=1)[0].strip()
        pattern, *names = _SPACE.split(said) if said else [""]
        if pattern and _matches(pattern.replace("\\ ", " "), path):
            found = tuple(names)
    return found


def _matches(pattern: str, path: str) -> bool:
    """Match as .gitignore does, where a folder stands for all that is in it; `!` and `[...]` mean nothing here."""
    anchored = "/" in pattern.rstrip("/")
    plain = pattern.strip("/").replace("[", "\\[")
    if plain in {"*", "**"}:
        return True
    start = "" if anchored else "**/"
    forms = [f"{start}{plain}/**"]
    if not pattern.endswith("/"):
        forms.append(f"{start}{plain}")
    folder_of_stars = pattern.endswith("/*")  # the files of a folder, and not those further down
    return any(glob(form).match(path) for form in (forms[1:] if folder_of_stars else forms))
