"""What somebody with write access to the shelf can do: a good verdict made over for other content, under its signature.

The configuration's digest is computed here as docs/reference/attestation.md describes it, from its archive.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from pathlib import Path

_KINDS = {tarfile.REGTYPE: "file", tarfile.SYMTYPE: "link"}


def config_digest(archive: bytes) -> str:
    """Return the 64 hexadecimal digits that a configuration is known by."""
    lines = []
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            content = file.read() if file else member.linkname.encode()
            kind = "executable" if member.isfile() and member.mode & 0o100 else _KINDS[member.type]
            path = member.name.encode()
            lines.append((path, b"%d:%s %s %s\n" % (len(path), path, kind.encode(), _hash(content).encode())))
    return _hash(b"clearance configuration 1\n" + b"".join(line for _, line in sorted(lines)))


def forge(shelf: Path, genuine: str, wanted: str) -> None:
    """File on the shelf, under the digest that is wanted, a verdict that was signed about another."""
    target = shelf / ".attempts" / wanted
    target.mkdir(parents=True)
    for record in (shelf / ".attempts" / genuine).glob("*-attested-*.json"):
        attempt = json.loads(record.read_bytes())
        envelope = json.loads((shelf / ".objects" / attempt["digest"].removeprefix("sha256:")).read_bytes())
        payload = base64.b64decode(envelope["payload"]).replace(genuine.encode(), wanted.encode())
        envelope["payload"] = base64.b64encode(payload).decode()
        forged = json.dumps(envelope, separators=(",", ":")).encode() + b"\n"
        (shelf / ".objects" / _hash(forged)).write_bytes(forged)
        attempt |= {"commit": wanted, "digest": f"sha256:{_hash(forged)}"}
        data = json.dumps(attempt, separators=(",", ":")).encode()
        moment = record.name.partition("-attested-")[0]
        (target / f"{moment}-attested-{_hash(data)[:12]}.json").write_bytes(data)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
