"""What the service needs around it to be applied and asked: a database, its package, an issuer, an emulator of AWS."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from stack import data, database, package, postgres
from stack.rehearsal.emulator import Emulator, emulator, environment
from stack.rehearsal.issuer import issuing
from stack.tokens import AUDIENCE, Issuer

CANARY: Final = "/v1/flights/1970-01-01/CY/1/CAN"
SCOPE: Final = "canary:read"
FLIGHTS: Final = 200
TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """All of it, running. `dsn` has no login in it."""

    emulator: Emulator
    issuer: Issuer
    package: Path
    dsn: str
    audience: str = AUDIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an API answered: a status, and the document if there is one."""

    status: int
    document: Any


@contextmanager
def deployed(root: Path, scratch: Path) -> Iterator[Deployment]:
    """Bring everything up side by side, for as long as the context lasts. Raises StackError."""
    zipped = scratch / "flights.zip"
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(thread_name_prefix="deploy"))
        programs = pool.submit(environment, root)
        packing = pool.submit(package.pack, root, zipped)
        server = stack.enter_context(postgres.start(durable=False))
        packing.result()
        flights = database.create(server.dsn(server.admin_user, server.admin_password))
        database.migrate(flights, package.build(root), package.runtime_python(root))
        with flights.connect_migrator() as connection:
            data.load(connection, FLIGHTS, data.fetch(), lambda _: None)
        issuer, certificate = stack.enter_context(issuing(scratch))
        functions = {**flights.environ("INGEST", "READER", "CANARY"), "SSL_CERT_FILE": str(certificate)}
        running = stack.enter_context(emulator(programs.result(), scratch, functions))
        yield Deployment(emulator=running, issuer=issuer, package=zipped, dsn=flights.dsn)


def ask(base_url: str, path: str, token: str | None = None) -> Answered:
    """Ask the deployed API, as a partner does; status 0 where there is no answer."""
    parts = urlsplit(base_url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", parts.path + path, headers={"Authorization": f"Bearer {token}"} if token else {})
        response = connection.getresponse()
        return Answered(status=response.status, document=json.loads(response.read() or b"null"))
    except (OSError, http.client.HTTPException, ValueError):
        return Answered(status=0, document=None)
    finally:
        connection.close()
