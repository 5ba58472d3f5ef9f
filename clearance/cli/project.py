"""The project at hand, as every verb needs it: its root, its policy, its lock file, and the inputs of its checks."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from clearance import policy
from clearance.model import Check, ClearanceError, Inputs, Policy, PolicyError, Stage
from clearance.readers import READERS
from clearance.runner.environment import own_folder
from clearance.runner.flock import Lock
from clearance.runner.inputs import gather, lock_text
from clearance.subject import POLICY, find_root, past


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder under a policy, which stands in `file`. `lock` is the text of its uv.lock, if it has one."""

    root: Path
    file: Path
    policy: Policy
    lock: str | None

    def selection(self, stage: Stage | None, only: Iterable[str] | None) -> tuple[Stage, tuple[Check, ...]]:
        """Choose the stage and its checks. Without a stage, checks named by `only` may say which one is meant."""
        stages = {name: {r.stage for r in self.policy.requirements if r.check == name} for name in self.policy.checks}
        names = list(dict.fromkeys(only)) if only is not None else None
        for name in names or ():
            if name not in stages:
                raise PolicyError(f"the policy has no check {name}", f"it has {', '.join(stages) or 'none'}")
        if stage is None:
            common = set.intersection(*(stages[name] for name in names)) if names else {Stage.CHANGE}
            stage = next((s for s in Stage if s in common), Stage.CHANGE)
        for name in names or ():
            if stage not in stages[name]:
                homes = ", ".join(sorted(str(s) for s in stages[name]))
                raise PolicyError(f"check {name} is not of stage {stage}", f"it is of {homes}: --stage {homes}")
        chosen = [name for name in stages if stage in stages[name] and (names is None or name in names)]
        return stage, tuple(self.policy.checks[name] for name in chosen)

    def parse(self, text: bytes) -> Policy:
        """Parse another text as the policy of this project."""
        return _parse(self.root, text)

    def past(self, name: str) -> tuple[str, Policy]:
        """Read the policy as another commit has it; PolicyError or ClearanceError where that cannot be done."""
        commit, read = past(self.root, name)
        path = os.path.relpath(self.file, self.root)
        try:
            text = read(path)
        except FileNotFoundError as error:
            raise PolicyError(
                f"commit {name} has no {path}, so nothing says what it asked for",
                "where the policy is new, leave --base out and let a code owner of it review it",
            ) from error
        try:
            return commit, policy.parse(text, readers=READERS, read=read)
        except PolicyError as error:
            raise PolicyError(f"{path} of commit {name} cannot be used: {error}", error.hint) from error

    def inputs(self, checks: Iterable[Check], arguments: tuple[str, ...] = ()) -> dict[str, Inputs]:
        """Digest what each check's evidence must be made from."""
        return {
            check.name: gather(check, root=self.root, lock=self.lock, environ=os.environ, arguments=arguments)
            for check in checks
        }


def find(named: str | None, *, accepting: bool = False) -> Project:
    """Open the project around the working folder, under its own policy or the one that is named.

    `accepting` says that lists of accepted rules are about to be written, so that they need not be there.
    """
    here = Path.cwd()
    if named is None:
        root = find_root(here)
        file = root / POLICY
    else:
        file = Path(named).resolve()
        try:
            root = find_root(here)
        except ClearanceError:
            root = here
    try:
        text = file.read_bytes()
    except OSError as error:
        raise PolicyError(f"the policy {named or file} can't be read: {error.strerror}", "check the path") from error
    return Project(
        root=root,
        file=file,
        policy=_parse(root, text, accepting=accepting),
        lock=lock_text(root),
    )


def _parse(root: Path, text: bytes, *, accepting: bool = False) -> Policy:
    def read(path: str) -> bytes:
        file = root / path
        return b"" if accepting and not file.exists() else file.read_bytes()

    return policy.parse(text, readers=READERS, read=read, accepting=accepting)


@contextmanager
def working_alone(root: Path) -> Iterator[Path]:
    """Hold the folder's lock, waiting for another run to end, and give the folder of the gate's own state."""

    def wait() -> None:
        print(f"clearance: another run works in {root}; waiting for it to end", file=sys.stderr)

    state = own_folder(root)
    try:
        lock = Lock(state / "lock", threading.Event(), on_wait=wait)
    except OSError as error:
        raise ClearanceError(
            f"{state / 'lock'} cannot be opened: {error.strerror}", f"delete {state}: it holds nothing but copies"
        ) from error
    with closing(lock):
        lock.hold()
        yield state
