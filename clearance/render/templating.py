"""The template engine that pages are made with, and the files of the package that go into them as they stand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from clearance.render.words import clean

if TYPE_CHECKING:
    import jinja2


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A piece of a page, already escaped, found at `anchor`, with the texts of the styles and scripts it needs.

    `title` is what links to it say; it is not escaped yet.
    """

    anchor: str
    title: str
    html: str
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()


def shown(value: object) -> object:
    """Every expression of a template passes here: text is made harmless, before it is escaped.

    What a macro of the template made (Markup, a subclass of str) has been through it already.
    """
    return clean(value, 2000) if type(value) is str else "" if value is None else value


@cache
def environment() -> jinja2.Environment:
    """Return the engine: whatever a template says is cleaned and escaped, and a name that nobody gave is an error."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("clearance.render"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def resource(name: str) -> str:
    """Return the text of a file of this package, named from its folder."""
    return files("clearance.render").joinpath(name).read_text("utf-8")


def embed(data: object) -> str:
    """Return JSON that is safe inside a script element: nothing in it can end that or begin another.

    Source: HTML Standard, "Restrictions for contents of script elements".
    """
    said = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return said.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def sources(blocks: Iterable[str]) -> str:
    """Return the sources that a content security policy allows inline blocks by: the hash of each, or 'none'.

    Source: Content Security Policy Level 3, "hash-source".
    """
    digests = (base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() for block in blocks)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
