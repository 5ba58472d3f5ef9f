"""The environment that a tool is given: little of the caller's, the same on every machine, its own temporary folder."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from clearance.model import Check
from clearance.runner.status import VARIABLE

PASSED = ("HOME", "USER", "LOGNAME", "SYSTEMROOT")
# How this machine reaches the network and whom it trusts: where a tool looks, never what it finds, so undeclared.
TRANSPORT = (
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"),
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
    *("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_CACHE_DIR", "XDG_CACHE_HOME"),
)


def search_path(environ: Mapping[str, str], bin_folder: Path | None = None) -> str:
    """Where programs are looked for: the check's own environment, then beside Clearance, then the caller's PATH."""
    folders = [str(bin_folder)] if bin_folder else []
    return os.pathsep.join([*folders, str(Path(sys.executable).parent), environ.get("PATH") or os.defpath])


def path_of(check: Check, environ: Mapping[str, str], bin_folder: Path | None = None) -> str:
    """The PATH that the check's tool is found by and given: what the check declares, else `search_path`."""
    passed = environ.get("PATH") if "PATH" in check.env_from else None
    return check.env.get("PATH") or passed or search_path(environ, bin_folder)


def build(
    check: Check, *, root: Path, environ: Mapping[str, str], temporary: Path, bin_folder: Path | None
) -> dict[str, str]:
    """What the check declares, over a few variables that tools cannot do without."""
    return {
        "HOME": str(temporary),
        **{name: environ[name] for name in (*PASSED, *TRANSPORT) if environ.get(name)},
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(temporary),
        # so that no tool leaves __pycache__ in the tree that is being judged, or believes what lies there
        "PYTHONPYCACHEPREFIX": str(_bytecode(root)),
        **{name: environ[name] for name in check.env_from if name in environ},
        **check.env,
        VARIABLE: str(temporary / "clearance-progress"),
        "PATH": path_of(check, environ, bin_folder),
    }


def forget_bytecode(root: Path) -> None:
    """Delete what earlier runs compiled of the tree: Python takes a source of equal size and second for unchanged.

    What was compiled of installed packages stays: those folders do not change.
    """
    folder = _bytecode(root) / root.resolve().relative_to("/")
    if folder.is_dir():
        for inside in folder.iterdir():
            if inside.name not in {".clearance", ".venv"}:
                shutil.rmtree(inside) if inside.is_dir() else inside.unlink()


def _bytecode(root: Path) -> Path:
    return root.resolve() / ".clearance" / "pycache"
