"""An issuer of tokens over TLS, as an HTTP API wants it, with a certificate that is thrown away afterwards."""

from __future__ import annotations

import ipaddress
import json
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stack.serving import HOST
from stack.tokens import Issuer


@contextmanager
def issuing(scratch: Path) -> Iterator[tuple[Issuer, Path]]:
    """Serve an issuer while the context lasts: it, and the certificate to trust it by."""
    certificate, key = _certificate(scratch)
    documents: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def give(self) -> None:
            found = documents.get(self.path)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(found or b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    setattr(Handler, "do_" + "GET", Handler.give)
    server = ThreadingHTTPServer((HOST, 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    issuer = Issuer(f"https://{HOST}:{server.server_port}")
    documents["/.well-known/openid-configuration"] = json.dumps(issuer.discovery()).encode()
    documents["/.well-known/jwks.json"] = json.dumps(issuer.jwks()).encode()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield issuer, certificate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate(scratch: Path) -> tuple[Path, Path]:
    """Make a certificate for loopback that is its own authority, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = scratch / "issuer.pem", scratch / "issuer.key"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, content in zip(files, (made.public_bytes(serialization.Encoding.PEM), private), strict=True):
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(content)
    return files
