"""What is being judged: the folder that holds a policy, its commit, and a digest of everything that belongs to it.

Git is asked through a copy of its index and an object folder of our own, so that nothing of the user's is written,
whoever else is using the repository. Facts about git: gitrepository-layout(5), git(1) "ENVIRONMENT VARIABLES".
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from clearance.model import ClearanceError, Subject
from clearance.subject import configuration

POLICY = "clearance.toml"

# What tools leave beside the sources. Untracked, it is no part of the subject, or running a check would change it.
LEFTOVER_FOLDERS = frozenset(
    {
        *(".git", ".hg", ".svn", ".clearance", ".venv", "node_modules", "__pycache__"),
        *(".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".nox", ".tox", ".terraform"),
    }
)
LEFTOVER_FILE = re.compile(r"\.coverage(\..*)?|.*\.pyc|\.DS_Store")

# Settings that could hide a change, start a program, or write beside the temporary index.
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.splitIndex": "false",
    "core.hooksPath": os.devnull,
    "core.ignoreStat": "false",
    "core.trustctime": "true",
    "core.checkStat": "default",
    "core.fsync": "none",
    "core.looseCompression": "0",
    "core.safecrlf": "false",
}
_KEPT_VARIABLES = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH")
_TIMEOUT_S = 300
_GITLINK = "160000"


def find_root(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that holds `clearance.toml`; ClearanceError if none does."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / POLICY).is_file():
            return folder
    raise ClearanceError(
        f"no {POLICY} in {start} or in any folder above it",
        f"go to the folder of the project, name the policy with --policy, or write a {POLICY} there",
    )


def identify(root: Path) -> Subject:
    """Say what `root` holds: the commit and tree of the repository around it, or else a digest of the folder itself.

    `tree` is what `git write-tree` gives for the working tree with its untracked, not ignored files; it equals the
    commit's own tree when nothing differs, and only then is `dirty` false. Where a submodule differs from its commit,
    a digest of its content stands in its place. Without git, outside a repository, or where the repository ignores
    `root`, `tree` is `sha256:` and a digest of the folder, and there is no commit.

    `config_digest` is of the Terraform configuration of the whole repository, None where it has none, or none that
    Terraform Cloud could unpack: `configured` says why.
    """
    root = root.resolve()
    if shutil.which("git") is None:
        return Subject(tree=_digest(root))
    with _scratch() as scratch:
        git = _Git.around(root, scratch)
        tree = git.tree(root) if git else None
        if git is None or tree is None:
            return Subject(tree=_digest(root))
        commit, committed_tree = git.head()
        try:
            config_digest = configuration.of_files(git.top, git.files())
        except ClearanceError:
            config_digest = None
    return Subject(commit=commit, tree=tree, dirty=tree != committed_tree, config_digest=config_digest)


def configured(root: Path) -> str | None:
    """Digest the configuration of the repository around `root`, as `identify` does; ClearanceError says why not."""
    with _scratch() as scratch:
        git = _Git.around(root.resolve(), scratch)
        if git is None or git.tree(git.top) is None:
            return None
        return configuration.of_files(git.top, git.files())


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Give a temporary folder, which is gone afterwards even if ^C comes while it is being deleted."""
    folder = tempfile.TemporaryDirectory(prefix="clearance-")
    try:
        yield Path(folder.name)
    finally:
        try:
            folder.cleanup()
        except BaseException:
            shutil.rmtree(folder.name, ignore_errors=True)
            raise


def past(root: Path, name: str) -> tuple[str, Callable[[str], bytes]]:
    """Resolve a commit's name, and give what reads a file of that commit by its path below `root`.

    Raises ClearanceError where there is no such commit here; the reading function raises FileNotFoundError.
    """
    with _scratch() as scratch:
        git = _Git.around(root.resolve(), scratch)
        found = git.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False) if git else None
        if found is None or found.returncode != 0:
            raise ClearanceError(
                f"there is no commit {name} here", f"fetch it (`git fetch origin {name}`; in CI: fetch-depth: 0)"
            )
        commit = os.fsdecode(found.stdout).strip()

    def read(path: str) -> bytes:
        with _scratch() as scratch:
            git = _Git.around(root.resolve(), scratch)
            if git is None:
                raise FileNotFoundError(2, "no git here any more", path)
            place = (root.resolve() / path).relative_to(git.top).as_posix()
            found = git.run("cat-file", "blob", f"{commit}:{place}", check=False)
            if found.returncode != 0:
                raise FileNotFoundError(2, f"not in commit {commit[:12]}", path)
            return found.stdout

    return commit, read


class _Git:
    """One repository's working tree, seen through a temporary index and object folder."""

    def __init__(self, top: Path, scratch: Path, id_length: int) -> None:
        self.top = top
        self.id_length = id_length
        self.scratch = scratch
        self.env = _environment()
        self.settings = dict(_SETTINGS)

    @classmethod
    def around(cls, root: Path, scratch: Path) -> _Git | None:
        """Open the repository whose working tree holds `root`, or None; ClearanceError where git refuses to look."""
        git = cls(root, scratch, 40)
        asked = git.run("rev-parse", "--is-inside-work-tree", "--show-object-format", "--show-cdup", check=False)
        said = os.fsdecode(asked.stderr)
        if asked.returncode != 0:
            if "not a git repository" in said or "must be run in a work tree" in said:
                return None
            raise _refusal(said)
        inside, object_format, up = os.fsdecode(asked.stdout).removesuffix("\n").split("\n", 2)
        if inside != "true":
            return None
        git.top = (root / up).resolve()
        git.id_length = 64 if object_format == "sha256" else 40
        git.borrow()
        return git

    def borrow(self) -> None:
        """Copy the index, keeping its time (git tells by it which entries to read again), and borrow the objects."""
        index, objects = (self.top / self.ask("rev-parse", "--git-path", name) for name in ("index", "objects"))
        copy, own_objects = self.scratch / "index", self.scratch / "objects"
        if index.is_file():
            shutil.copy2(index, copy)
        own_objects.mkdir()
        quoted = re.sub(r'([\\"])', r"\\\1", str(objects)).replace("\n", "\\n")
        self.env |= {
            "GIT_INDEX_FILE": str(copy),
            "GIT_OBJECT_DIRECTORY": str(own_objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"',
        }

    def run(self, *words: str, stdin: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
        settings = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        command = ["git", *settings, *words]
        try:
            done = subprocess.run(
                command, input=stdin, cwd=self.top, env=self.env, capture_output=True, timeout=_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ClearanceError(f"`git {words[0]}` took more than {_TIMEOUT_S} s in {self.top}") from error
        if check and done.returncode != 0:
            raise _refusal(os.fsdecode(done.stderr))
        return done

    def ask(self, *words: str) -> str:
        return os.fsdecode(self.run(*words).stdout).removesuffix("\n")

    def names(self, *words: str) -> list[str]:
        """Return the answer to a command that ends each name with a NUL byte."""
        return [name for name in os.fsdecode(self.run(*words).stdout).split("\0") if name]

    def head(self) -> tuple[str | None, str | None]:
        """Return the commit that is checked out and its tree; neither exists on a branch without commits."""
        asked = self.run("rev-parse", "HEAD^{commit}", "HEAD^{tree}", check=False)
        commit, _, tree = os.fsdecode(asked.stdout).strip().partition("\n")
        return (commit, tree) if asked.returncode == 0 else (None, None)

    def tree(self, root: Path) -> str | None:
        """Write the tree of what is there now; None where the repository holds nothing of `root`."""
        tracked = self.look_at_everything()
        untracked = [name for name in self.names("ls-files", "-o", "--exclude-standard", "-z") if not _leftover(name)]
        prefix = os.path.relpath(root, self.top) + "/"
        if root != self.top and not any(name.startswith(prefix) for name in (*tracked, *untracked)):
            return None
        self.filtered("add", "--update", "--", ":/")
        files = [name for name in untracked if not name.endswith("/")]
        self.filtered("update-index", "--add", "--replace", "-z", "--stdin", stdin=_lines(files))
        links = [name for name, mode in tracked.items() if mode == _GITLINK and (self.top / name / ".git").exists()]
        nested = [name.removesuffix("/") for name in untracked if name.endswith("/")]
        if links or nested:
            lines = [f"{_GITLINK} {self.link(name)}\t{name}" for name in (*links, *nested)]
            self.filtered("update-index", "--add", "--replace", "-z", "--index-info", stdin=_lines(lines))
        return self.filtered("write-tree", "--missing-ok")

    def files(self) -> Iterator[str]:
        """Yield each file that the tree written last holds, those of checked-out submodules too."""
        for line in self.names("ls-files", "-s", "-z"):
            facts, _, name = line.partition("\t")
            if not facts.startswith(_GITLINK):
                yield name
            elif (self.top / name / ".git").exists():
                yield from (f"{name}/{inner}" for inner in _files_of(self.top / name))

    def look_at_everything(self) -> dict[str, str]:
        """Return each tracked file with its mode, and make git look at those it was told to assume unchanged."""
        tracked: dict[str, str] = {}
        hidden: dict[str, list[str]] = {"--no-assume-unchanged": [], "--no-skip-worktree": []}
        for line in self.names("ls-files", "-v", "-s", "-z"):
            facts, _, name = line.partition("\t")
            tag, mode = facts.split()[:2]
            tracked[name] = mode
            if tag.islower():
                hidden["--no-assume-unchanged"].append(name)
            if tag in "sS" and os.path.lexists(self.top / name):
                hidden["--no-skip-worktree"].append(name)
        for option, names in hidden.items():
            if names:
                self.run("update-index", option, "-z", "--stdin", stdin=_lines(names))
        return tracked

    def filtered(self, *words: str, stdin: bytes = b"") -> str:
        """Run a command that reads files; if a content filter is broken, do without any filter from then on.

        Without its filter a touched file counts as changed, which is the safe side.
        """
        done = self.run(*words, stdin=stdin, check=False)
        if done.returncode != 0:
            listed = self.run("config", "--name-only", "-z", "--get-regexp", r"^filter\.", check=False).stdout
            for driver in {name.rpartition(".")[0] for name in os.fsdecode(listed).split("\0") if name}:
                self.settings |= {f"{driver}.clean": "", f"{driver}.process": "", f"{driver}.required": "false"}
            done = self.run(*words, stdin=stdin)
        return os.fsdecode(done.stdout).removesuffix("\n")

    def link(self, name: str) -> str:
        """Name what a nested repository holds: its commit when that says it all, else a digest of its content."""
        inner = identify(self.top / name)
        if inner.commit and not inner.dirty and len(inner.commit) == self.id_length:
            return inner.commit
        return hashlib.sha256(str(inner.tree).encode()).hexdigest()[: self.id_length]


def _files_of(root: Path) -> list[str]:
    """List the files of a nested repository as a clone of it would hold them."""
    with _scratch() as scratch:
        git = _Git.around(root, scratch)
        return [] if git is None or git.tree(git.top) is None else list(git.files())


def _environment() -> dict[str, str]:
    """Return our environment without what a git hook or a caller's git left in it, and with messages in English."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key in _KEPT_VARIABLES}
    return own | {"LC_ALL": "C", "LANGUAGE": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


def _refusal(said: str) -> ClearanceError:
    """Turn git's complaint into ours, with the command that git itself proposes as the hint."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    complaints = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines or ["git failed silently"]
    proposed = [line for line in lines if line.startswith("git ")]
    return ClearanceError(
        f"git cannot say what is being judged: {complaints[0].partition(': ')[2] or complaints[0]}",
        f"if the folder is yours: {proposed[0]}" if proposed else "`git status` there should run without an error",
    )


def _lines(names: list[str]) -> bytes:
    return b"".join(os.fsencode(name) + b"\0" for name in names)


def _leftover(name: str) -> bool:
    *folders, last = name.removesuffix("/").split("/")
    return bool({*folders, last} & LEFTOVER_FOLDERS) or LEFTOVER_FILE.fullmatch(last) is not None


def _digest(root: Path) -> str:
    """Digest (path, mode, bytes) of every file under `root`, sorted, each framed by its length."""
    total = hashlib.sha256()
    try:
        for path in sorted(_files(root), key=os.fsencode):
            mode, content = _content(path)
            name = os.fsencode(path.relative_to(root))
            total.update(b"%d:%s %s %s\n" % (len(name), name, mode, content))
    except OSError as error:
        raise ClearanceError(
            f"{error.filename} cannot be read: {error.strerror}", "everything that is judged must be readable"
        ) from error
    return f"sha256:{total.hexdigest()}"


def _files(root: Path) -> Iterator[Path]:
    """Walk `root` without links, without what tools leave behind, and without folders that ignore themselves."""

    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(root, onerror=refuse):
        here = Path(folder)
        linked = [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in linked and not _ignores_itself(here / name)]
        yield from (here / name for name in (*files, *linked) if not _leftover(name))


def _ignores_itself(folder: Path) -> bool:
    if folder.name in LEFTOVER_FOLDERS:
        return True
    own = folder / ".gitignore"
    lines = own.read_text("utf-8", "replace").splitlines() if own.is_file() else []
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")} == {"*"}


def _content(path: Path) -> tuple[bytes, bytes]:
    """Return a file's mode as git writes it and the digest of its bytes, or of where it points."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return b"120000", hashlib.sha256(os.fsencode(path.readlink())).hexdigest().encode()
    if not stat.S_ISREG(mode):
        return b"other", b""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest().encode()
    return (b"100755" if mode & stat.S_IXUSR else b"100644"), digest
