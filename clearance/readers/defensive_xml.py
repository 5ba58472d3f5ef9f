"""XML from strangers, as a stream of events: nothing is resolved, nothing grows without bound, nothing recurses.

Only what every XML report shares may live here; what elements mean is the readers' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from clearance.model import UnreadableError

LARGEST_REPORT = 128 * 1024 * 1024
LARGEST_TAG = 8 * 1024 * 1024
DEEPEST = 500
MOST_ELEMENTS = 1_000_000

_CHUNK = 1024 * 1024
_DECLARED = re.compile(rb"""\A<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# Expat converts single-byte encodings itself; these it cannot, so they are converted before it sees them.
_MULTIBYTE = re.compile(r"big5|cp9(32|36|49|50)|euc-(jp|kr)|gb18030|gb2312|gbk|iso-2022-jp|s(hift[_-])?jis|windows-31j")
_CUT_OFF = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)


class Start(NamedTuple):
    """An element begins: its name without namespace prefix, its attributes, its line (from 1)."""

    name: str
    attributes: Mapping[str, str]
    line: int


class Text(NamedTuple):
    """A piece of character data; one run of text may come in several pieces."""

    text: str


class End(NamedTuple):
    """The innermost open element ends."""

    name: str


Event = Start | Text | End


def clip(text: str, limit: int = 2000) -> str:
    """Shorten a text to `limit` characters, saying how long it was."""
    return text if len(text) <= limit else f"{text[:limit]}… (cut; {len(text)} characters in all)"


def events(report: bytes, *, most: int = MOST_ELEMENTS) -> Iterator[Event]:
    """Read a report's elements in document order, in memory bounded by the largest single tag.

    Raises UnreadableError for what is no well-formed XML document, declares a DTD or an entity, is nested deeper than
    `DEEPEST`, has more than `most` elements, or is larger than `LARGEST_REPORT` bytes. Source: XML 1.0, fifth edition.
    """
    if not report.strip():
        raise UnreadableError(
            "the report is empty", "the tool wrote nothing: look at its output, and run the check again"
        )
    if len(report) > LARGEST_REPORT:
        raise UnreadableError(
            f"the report has {len(report)} bytes, more than the {LARGEST_REPORT} that are read",
            "let the tool write less captured output, or split the suite over several checks",
        )
    report, encoding = _without_multibyte(report)
    sink: list[Event] = []
    parser = _parser(sink, encoding)
    elements = 0
    for start in range(0, len(report), _CHUNK):
        _feed(parser, report[start : start + _CHUNK], final=False)
        if start + _CHUNK - parser.CurrentByteIndex > LARGEST_TAG + _CHUNK:
            raise UnreadableError(
                f"line {parser.CurrentLineNumber}: a single tag or comment is larger than {LARGEST_TAG} bytes",
                "no test tool writes such a report: look at what produced it",
            )
        elements += sum(isinstance(event, Start) for event in sink)
        if elements > most:
            raise UnreadableError(
                f"the report has more than {most} elements, which are not read",
                "split the suite over several checks",
            )
        yield from sink
        sink.clear()
    _feed(parser, b"", final=True)
    yield from sink


def _without_multibyte(report: bytes) -> tuple[bytes, str | None]:
    declared = _DECLARED.match(report)
    name = declared.group(1).decode("ascii").lower() if declared else ""
    if not _MULTIBYTE.fullmatch(name):
        return report, None
    try:
        return report.decode(name.replace("windows-31j", "cp932")).encode("utf-8"), "utf-8"
    except UnicodeError as error:
        raise UnreadableError(
            f"the report declares the encoding {name}, but its bytes are not: {error}",
            "let the tool write UTF-8",
        ) from error


def _feed(parser: expat.XMLParserType, chunk: bytes, *, final: bool) -> None:
    try:
        parser.Parse(chunk, final)
    except expat.ExpatError as error:
        cut = error.code in _CUT_OFF
        raise UnreadableError(
            f"the report is not well-formed XML: {expat.ErrorString(error.code)} (line {error.lineno})",
            "it ends too early: the tool was stopped while writing; run the check again"
            if cut
            else "check that the tool writes this report as XML, and that nothing else writes to the same file",
        ) from error
    except (LookupError, ValueError) as error:
        raise UnreadableError(
            f"the report's encoding cannot be read: {error} (line {parser.CurrentLineNumber})",
            "let the tool write UTF-8",
        ) from error


def _refuse_dtd(what: str) -> NoReturn:
    raise UnreadableError(
        f"the report {what}, which is refused: a test report needs no DTD, and entities can exhaust memory or name "
        "foreign files",
        "write the report without a DOCTYPE, by the test tool itself",
    )


def _parser(sink: list[Event], encoding: str | None) -> expat.XMLParserType:
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    parser.buffer_size = 64 * 1024
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise UnreadableError(
                f"line {parser.CurrentLineNumber}: elements are nested deeper than {DEEPEST}",
                "no test tool writes such a report: look at what produced it",
            )
        sink.append(Start(name.rpartition(":")[2], attributes, parser.CurrentLineNumber))

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        sink.append(End(name.rpartition(":")[2]))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: sink.append(Text(text))
    _forbid_dtd(parser)
    return parser


def _forbid_dtd(parser: expat.XMLParserType) -> None:
    def doctype(name: str, system: str | None, public: str | None, _subset: bool) -> None:
        if system or public:
            _refuse_dtd(f"names an external DTD ({clip(system or public or name, 200)!r})")

    def entity(name: str, _parameter: bool, value: str | None, *external: str | None) -> None:
        kind = "an external entity" if value is None and any(external) else "an entity"
        _refuse_dtd(f"declares {kind} ({clip(name, 200)!r})")

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = entity
    parser.ElementDeclHandler = lambda name, _model: _refuse_dtd(f"declares the element type {clip(name, 200)!r}")
    parser.AttlistDeclHandler = lambda name, *_: _refuse_dtd(f"declares attributes of {clip(name, 200)!r}")
    parser.ExternalEntityRefHandler = lambda context, *_: _refuse_dtd(f"refers to an external entity ({context!r})")
