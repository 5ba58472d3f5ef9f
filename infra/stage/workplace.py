"""A private copy of a root with the offline override over it, gone at the end: no account, no state, no secrets."""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.stage.errors import StageError
from infra.stage.program import Outcome, Terraform, tell

MIRROR = "CLEARANCE_TERRAFORM_MIRROR"
# What Terraform needs of the caller's variables to reach a registry; no credentials, no TF_VAR_, no TF_CLI_ARGS.
PASSED = (
    *("PATH", "TMPDIR", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPYCACHEPREFIX"),
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
)
# What Terraform leaves in a root; and the values of a real account that somebody keeps beside it.
_LEFTOVERS = (".terraform", "*.tfstate", "*.tfstate.*", "*.tfplan", "crash.log", "crash.*.log")
_VALUES = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A Terraform root, the folder that is laid over a copy of it, and the gate's own folder for what is kept."""

    folder: Path
    override: Path
    kept: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """A copy that Terraform may work in, the variables that it is given, and a digest of all that it will see."""

    folder: Path
    env: Mapping[str, str]
    terraform: Terraform
    digest: str
    kept: Path

    def run(self, *words: str) -> Outcome:
        """Run one Terraform command in the copy."""
        return self.terraform.run(self.folder, self.env, *words)

    def initialise(self) -> Outcome:
        """Run `terraform init`: modules and providers, exactly those that the lock file has; one at a time.

        Providers that were downloaded are kept in a folder that all share, which Terraform's own documentation says
        must not be filled by two at once.
        """
        with alone(self.kept / "providers.lock"):
            return self.run("init", "-input=false", "-no-color", "-lockfile=readonly")


@contextlib.contextmanager
def workplace(root: Root, terraform: Terraform, environ: Mapping[str, str]) -> Iterator[Workplace]:
    """Make the copy, in a folder that nobody else can enter, and delete it afterwards.

    Raises StageError where the root, the override or the mirror is not there.
    """
    for folder in (root.folder, root.override):
        if not folder.is_dir():
            raise StageError(f"there is no folder {folder}", "name the root with --root, the override with --override")
    os.umask(0o077)
    own_folder(root.kept)
    with tempfile.TemporaryDirectory(prefix="terraform-", ignore_cleanup_errors=True) as temporary:
        home, copy = Path(temporary) / "home", Path(temporary) / "root"
        home.mkdir()
        shutil.copytree(root.folder, copy, ignore=partial(_left_out, root.folder))
        shutil.copytree(root.override, copy, dirs_exist_ok=True)
        env = _environment(home, root.kept, environ)
        yield Workplace(
            folder=copy,
            env=env,
            terraform=terraform,
            digest=f"{digest_of(copy)}-{terraform.digest[:16]}",
            kept=root.kept,
        )


def _left_out(root: Path, folder: str, names: list[str]) -> set[str]:
    """Return which names in a folder are not copied: values in the root alone, where Terraform would load them."""
    patterns = (*_LEFTOVERS, *_VALUES) if Path(folder) == root else _LEFTOVERS
    return {name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)}


def own_folder(folder: Path) -> None:
    """Make a folder for what is kept between runs, readable by its owner alone and ignored by git."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


@contextlib.contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock across processes; say so where another one has it, and wait."""
    with lock.open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"waiting for another process that holds {lock.name}")
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def digest_of(folder: Path) -> str:
    """Return 64 hexadecimal digits: a hash of every file's path, mode and bytes below a folder."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        runs = b"x" if file.stat().st_mode & stat.S_IXUSR else b"-"
        for part in (os.fsencode(file.relative_to(folder)), runs, file.read_bytes()):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


def _environment(home: Path, kept: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return Terraform's variables: the few that are passed, and a home in which there are no credentials."""
    rc = home / "terraform.tfrc"
    mirror = environ.get(MIRROR)
    if mirror and not Path(mirror).is_dir():
        raise StageError(
            f"{MIRROR} names {mirror}, which is no folder",
            "let it name a folder as `terraform providers mirror` makes it",
        )
    rc.write_text(_settings(Path(mirror).resolve() if mirror else None), encoding="utf-8")
    env = {name: environ[name] for name in PASSED if environ.get(name)}
    env |= {
        "HOME": str(home),
        "TF_CLI_CONFIG_FILE": str(rc),
        "TF_DATA_DIR": str(home / "data"),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    if not mirror:
        providers = kept / "providers"
        providers.mkdir(exist_ok=True)
        env["TF_PLUGIN_CACHE_DIR"] = str(providers.resolve())
    return env


def _settings(mirror: Path | None) -> str:
    """Write Terraform's CLI configuration: where a mirror has a provider it is taken from there, else the registry's.

    See https://developer.hashicorp.com/terraform/cli/config/config-file, "Provider Installation".
    """
    if mirror is None:
        return ""
    there = json.dumps(
        [f"{path.relative_to(mirror).as_posix()}" for path in sorted(mirror.glob("*/*/*")) if path.is_dir()]
    )
    return (
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = {there}\n  }}\n"
        f"  direct {{\n    exclude = {there}\n  }}\n"
        "}\n"
    )
