"""The Lambda package: the service, its locked dependencies and their bytecode, the same bytes whenever it is built.

Two layers are kept in `.clearance/package/`, each named by the digest of what it is made from: the dependencies, which
change with the lock, and the package, which is those (as hard links) and the service.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from stack.errors import StackError
from stack.folders import ROOT, locked
from stack.uv import run_uv

HANDLER = "service.app.handler"
PYTHON = "3.11"  # the Lambda runtime's, whose bytecode the package carries
# Amazon Linux 2 has glibc 2.26, so that wheels for 2.17 run there: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
PLATFORMS = {"x86_64": "x86_64-manylinux2014", "arm64": "aarch64-manylinux2014"}
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ZIPPED_LIMIT = 50 * 1024 * 1024
UNZIPPED_LIMIT = 250 * 1024 * 1024
# In the runtime already: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
PROVIDED = ("boto3", "botocore", "s3transfer")
# What an installer writes about itself, and what nobody imports.
LITTER_FILES = {"RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "uv_cache.json", ".lock", "py.typed"}
LITTER_FOLDERS = {"__pycache__", "tests", "test", "bin"}
LITTER_SUFFIXES = {".pyi", ".pyc", ".c", ".h", ".pyx", ".pxd"}
KEEP_S = 14 * 24 * 3600.0


def build(root: Path = ROOT, arch: str | None = None) -> Path:
    """The unpacked package of the project in `root`; made, unless the same one is there already.

    `arch` is a Lambda architecture, x86_64 or arm64; None is this machine's own platform. May be called by several
    processes at once. Raises StackError if uv fails.
    """
    target = PLATFORMS.get(arch or _own_arch() or "")
    pins = _pins(root, "service")
    dependencies = _layer(
        root, [], f"{target}\n{pins}", lambda folder: _install_dependencies(root, pins, target, folder)
    )
    sources = sorted(_service_files(root / "service"))
    return _layer(root, sources, dependencies.name, lambda folder: _add_service(root, sources, dependencies, folder))


def pack(root: Path, out: Path, arch: str = "x86_64") -> tuple[int, int]:
    """Write the zip that AWS takes, and return its size and that of its contents, in bytes.

    The bytes depend on the contents alone: names in order, one date, one mode. Raises StackError over AWS's limits.
    """
    if not sys.version.startswith(f"{PYTHON}."):
        raise StackError(
            f"The package carries bytecode of Python {PYTHON}, which Python {platform.python_version()} cannot write.",
            hint=f"Run it with {PYTHON}: `uv run --python {PYTHON} --group stack python -m stack package`.",
        )
    folder = build(root, arch)
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=str)
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes())
    zipped, unzipped = out.stat().st_size, sum(path.stat().st_size for path in files)
    require_size(zipped, unzipped)
    return zipped, unzipped


def require_size(zipped: int, unzipped: int) -> None:
    """StackError if AWS would refuse a package of that many bytes."""
    for size, limit, name in ((zipped, ZIPPED_LIMIT, "zipped"), (unzipped, UNZIPPED_LIMIT, "unzipped")):
        if size > limit:
            raise StackError(
                f"The package has {size} bytes {name}; AWS takes {limit}.",
                hint="Leave out a dependency of the group `service`, or trim it in stack/package.py.",
            )


def runtime_python(root: Path = ROOT) -> Path:
    """The interpreter of an environment that has nothing but awslambdaric, as the Lambda runtime; made when needed."""
    folder = root / ".clearance" / "envs" / f"runtime-{_digest([], sys.executable, _pins(root, 'runtime'))}"
    with locked(root / ".clearance" / "locks" / "runtime"):
        if not (folder / "complete").exists():
            run_uv(
                ["sync", "--locked", "--only-group", "runtime", "--python", sys.executable],
                root=root,
                environ={"UV_PROJECT_ENVIRONMENT": str(folder), "UV_COMPILE_BYTECODE": "1"},
            )
            _forget_old(folder.parent.glob("runtime-*"))
        (folder / "complete").touch()
        os.utime(folder)
    return folder / "bin" / "python"


def _pins(root: Path, group: str) -> str:
    """What the lock holds for one dependency group: a line a package, with digests."""
    without = [f"--no-emit-package={name}" for name in PROVIDED]
    return run_uv(
        ["export", "--quiet", "--locked", "--only-group", group, "--no-emit-project", "--no-header", *without],
        root=root,
    )


def _own_arch() -> str | None:
    """Name this machine as Lambda does, so that what runs here is what is shipped; None if it has no such one."""
    return {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine()) if sys.platform == "linux" else None


def _service_files(folder: Path) -> Iterator[Path]:
    return (
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    )


def _digest(files: list[Path], *words: str) -> str:
    digest = hashlib.sha256("\0".join((sys.version, *words)).encode())
    for path in (Path(__file__), *files):  # this file holds the steps
        digest.update(f"\0{path.name}\0{path.parent.name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]


def _layer(root: Path, inputs: list[Path], word: str, make: Callable[[Path], None]) -> Path:
    """The folder named by the digest of its inputs; filled by `make`, then put in its place as a whole."""
    folder = root / ".clearance" / "package" / _digest(inputs, word)
    with locked(root / ".clearance" / "locks" / "package"):
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(prefix=".fresh-", dir=folder.parent))
            try:
                make(fresh)
                fresh.chmod(0o755)
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
            _forget_old(folder.parent.iterdir())
    os.utime(folder)
    return folder


def _forget_old(folders: Iterable[Path]) -> None:
    """Remove what nobody has asked for lately; a stack that is up asked when it started."""
    for folder in folders:
        if time.time() - folder.stat().st_mtime > KEEP_S:
            shutil.rmtree(folder, ignore_errors=True)


def _install_dependencies(root: Path, pins: str, target: str | None, folder: Path) -> None:
    requirements = folder / "requirements.txt"
    requirements.write_text(pins)
    foreign = ["--python-platform", target, "--python-version", PYTHON] if target else []
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--python", sys.executable]
    run_uv(["pip", "install", *options, *foreign, "--target", folder, "--requirement", requirements], root=root)
    requirements.unlink()
    trim(folder)
    _compile(folder)


def trim(folder: Path) -> None:
    """Remove what an installer says about itself, other people's tests, type stubs and C sources."""
    for parent, folders, files in os.walk(folder):
        for name in LITTER_FOLDERS.intersection(folders):
            shutil.rmtree(Path(parent, name))
            folders.remove(name)
        for name in files:
            path = Path(parent, name)
            if path.suffix in LITTER_SUFFIXES or (
                name in LITTER_FILES and (name != "WHEEL" or path.parent.suffix == ".dist-info")
            ):
                path.unlink()


def _add_service(root: Path, sources: list[Path], dependencies: Path, folder: Path) -> None:
    own = folder / "service"
    for source in sources:
        copy = own / source.relative_to(root / "service")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    _compile(folder)
    shutil.copytree(dependencies, folder, copy_function=os.link, dirs_exist_ok=True)


def _compile(folder: Path) -> None:
    """Write bytecode that is never held against its source, so that a zip's dates cannot make it stale.

    One process, in order, with hashes fixed: what marshal writes depends on what was written before. The paths in
    tracebacks are those of AWS, not of the folder in which the package was built.
    """
    always = ("-q", "--invalidation-mode", "unchecked-hash")
    ran = subprocess.run(
        [sys.executable, "-s", "-m", "compileall", *always, "-s", folder, "-p", "/var/task", folder],
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise StackError(f"A module of the package does not compile: {ran.stdout}{ran.stderr}", hint="Mend the module.")
