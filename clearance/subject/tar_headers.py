"""Headers of a tar archive that every program reads alike: whatever could be read in two ways is refused.

Terraform Cloud unpacks with Go's archive/tar, we read with Python's tarfile, and each is lenient in its own way: about
numbers, prefixes of old formats, a header that does not sum up, extensions that contradict each other. Who could make
them disagree would have one configuration cleared and another one applied. Formats: POSIX.1-2017, pax,
"ustar Interchange Format" and "pax Header Block"; GNU tar's manual, "Basic Tar Format".
"""

from __future__ import annotations

import re
import tarfile

from clearance.model import ClearanceError

_HINT = "upload the configuration by terraform, by its API, or as git archive packs it"
_NUMBER = re.compile(rb" *[0-7]+[ \0]*|[ \0]*")
_NUMBERS = {"mode": slice(100, 108), "size": slice(124, 136), "checksum": slice(148, 156)}
_TYPE, _MAGIC, _PREFIX, _END = slice(156, 157), slice(257, 265), slice(345, 500), slice(500, 512)
_USTAR = b"ustar\x0000"
_NAMES = frozenset({tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_EXTENSIONS = _NAMES | {tarfile.XHDTYPE, tarfile.XGLTYPE}
_MEMBERS = frozenset({tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE})
_EXTENSION_MOST = 1 << 20  # bytes: it is held in memory, whole, before anybody counts it
_GLOBAL, _CONTRADICTING = frozenset({"comment"}), re.compile(r"size|GNU\.sparse\..*")


def one_way() -> type[tarfile.TarInfo]:
    """Make the class of one archive's headers, for `tarfile.open(tarinfo=...)`: it raises ClearanceError."""

    class Header(tarfile.TarInfo):
        before: frozenset[bytes] = frozenset()  # the extensions that stand before the member which they are of

        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Header:
            try:
                made = super().frombuf(buf, encoding, errors)
            except tarfile.HeaderError as error:
                if not any(buf):
                    raise  # the end; tarfile would take whatever else this is for the end too
                raise ClearanceError(f"the configuration's archive is damaged: {error}", _HINT) from error
            _look(bytes(buf), made)
            if made.type not in _EXTENSIONS:
                cls.before = frozenset()
            elif made.type != tarfile.XGLTYPE:
                before, cls.before = cls.before, cls.before | {made.type}
                if made.type in before or (tarfile.XHDTYPE in cls.before and _NAMES & cls.before):
                    raise _refused("a member that is described twice")
            return made

    return Header


def check(archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    """Look at what the extensions say, of all members and of one. Raises ClearanceError."""
    if set(archive.pax_headers) - _GLOBAL:
        raise _refused("something that is said of all its members")
    if any(map(_CONTRADICTING.fullmatch, member.pax_headers.keys() - archive.pax_headers.keys())):
        raise _refused("a member whose size is told twice")


def _look(buf: bytes, made: tarfile.TarInfo) -> None:
    if any(buf[_END]) or not buf[_MAGIC].startswith(b"ustar") or (any(buf[_PREFIX]) and buf[_MAGIC] != _USTAR):
        raise _refused("a header of a format that is not POSIX's")
    if buf[_TYPE] not in _EXTENSIONS | _MEMBERS:
        raise _refused(f"{made.name!r}, which is neither file nor link")
    if buf[_TYPE] in _EXTENSIONS and made.size > _EXTENSION_MOST:
        raise _refused(f"an extension of {made.size:,} bytes")
    for name, place in _NUMBERS.items():
        if not _NUMBER.fullmatch(buf[place]):
            raise _refused(f"a {name} that is no plain number")


def _refused(what: str) -> ClearanceError:
    return ClearanceError(f"the configuration's archive holds {what}", _HINT)
