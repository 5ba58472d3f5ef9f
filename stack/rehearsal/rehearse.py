"""The whole rehearsal, from nothing to an account of it, in under three minutes."""

from __future__ import annotations

import signal
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

from stack.errors import StackError
from stack.folders import ROOT
from stack.rehearsal import acts, forgery, infrastructure, subject
from stack.rehearsal.deployment import CANARY, SCOPE, Deployment, deployed
from stack.rehearsal.gate import Gate, gate
from stack.rehearsal.infrastructure import Infrastructure, UnknownError
from stack.rehearsal.telling import Account, step, tell
from stack.terraform_cloud import Stage, TerraformCloud

FAILED: Final = 1
UNKNOWN: Final = 3
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def rehearse(root: Path = ROOT) -> int:
    """Rehearse, and return 0 if every run went as it must, 1 if one did not, 3 if that could not be seen.

    Raises KeyboardInterrupt once, for whichever signal comes first, when all that was started has ended.
    """
    account = Account()
    _interruptible(account)
    try:
        with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as scratch:
            _perform(root, Path(scratch), account)
    except (UnknownError, StackError) as error:
        sys.stdout.write(account.show() if account.acts else "")
        sys.stdout.write(f"UNKNOWN  the rehearsal could not be held to its end: {error}\n")
        sys.stdout.write(f"         next: {error.hint}\n" if error.hint else "")
        return UNKNOWN
    sys.stdout.write(account.show())
    return 0 if account.well else FAILED


def _interruptible(account: Account) -> None:
    """Have the first signal end everything in order; whoever is impatient must not disturb that."""

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        tell("interrupted: taking away what was made …")
        account.close()
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, end)


def _perform(root: Path, scratch: Path, account: Account) -> None:
    with ExitStack() as stack:
        with step("terraform init, of the root as it stands"):
            overlay = infrastructure.lay_over_public(root, scratch / "public")
            offline = stack.enter_context(infrastructure.ready(root, overlay, scratch / "kept"))
        pool = stack.enter_context(ThreadPoolExecutor(thread_name_prefix="rehearse"))
        cleared = pool.submit(_cleared, root, scratch)
        public = pool.submit(offline.plan)
        with step("PostgreSQL, the package, an issuer of tokens and an emulator of AWS"):
            deployment = stack.enter_context(deployed(root, scratch))
        overlay = infrastructure.lay_over(
            scratch / "overlay",
            emulator=deployment.emulator.url,
            issuer=deployment.issuer.url,
            audience=deployment.audience,
            package=deployment.package,
            dsn=deployment.dsn,
        )
        applied = stack.enter_context(infrastructure.ready(root, overlay, scratch / "kept"))
        subject_, verdict = cleared.result()
        said = (
            f"commit {verdict.commit[:12]}, by {len(verdict.checks)} checks of its policy: {', '.join(verdict.checks)}"
        )
        reused = f"; the evidence of {verdict.reused} lay on the shelf" if verdict.reused else ""
        account.add("content is cleared and signed", said + reused, well=True)
        play = _Play(stack, subject_, verdict, account)
        play.run(deployment, applied, public, pool)


def _cleared(root: Path, scratch: Path) -> tuple[subject.Subject, subject.Verdict]:
    with step("a clone of the last commit is judged and signed"):
        made = subject.make(scratch, root)
        return made, subject.judge(made, root)


class _Play:
    """Two gates, one with today's policy and one in whose policy every waiver has ended, and the acts."""

    def __init__(self, stack: ExitStack, cleared: subject.Subject, verdict: subject.Verdict, account: Account) -> None:
        self._stack, self._subject, self._verdict, self._account = stack, cleared, verdict, account
        self._archive = cleared.archive()
        digest = forgery.config_digest(self._archive)
        if verdict.config_digest != f"sha256:{digest}":
            raise StackError(f"The archive's digest is {digest}, the verdict's {verdict.config_digest}.")

    def run(
        self, deployment: Deployment, applied: Infrastructure, public: Future[bytes], pool: ThreadPoolExecutor
    ) -> None:
        """Let everything happen, side by side where that changes nothing."""
        scene, running = self._scene("worker", self._policy())
        unsigned = self._touched(b"\n# nobody has tested this\n")
        waiting = pool.submit(
            acts.held,
            scene,
            "unsigned content, held",
            scene.run("unsigned content", configuration=unsigned),
            Stage.PRE_PLAN,
            "nothing signed",
        )
        others = pool.submit(self._others, scene, public)

        def told(base_url: str) -> None:
            """Start the gate again, now that it can be told where the API is; it goes on where it was."""
            running.stop()
            token = deployment.issuer.issue(SCOPE)
            running.start({"CLEARANCE_RUNTASK_CANARY_URL": base_url + CANARY, "CLEARANCE_RUNTASK_CANARY_TOKEN": token})

        acts.cleared(scene, applied, deployment, told)
        destroyed = pool.submit(self._destroy, applied)
        if scene.plan:
            acts.changed_meanwhile(scene)
        for each in (waiting, others, destroyed):
            each.result()
        self._account.add(
            "tokens went nowhere else", "; ".join(scene.cloud.leaks) or "none", well=not scene.cloud.leaks
        )

    def _others(self, scene: acts.Scene, public: Future[bytes]) -> None:
        """Runs that are held at once."""
        forged = self._touched(b"\n# somebody with write access to the shelf\n")
        forgery.forge(self._subject.shelf, forgery.config_digest(self._archive), forgery.config_digest(forged))
        run = scene.run("a forged signature", configuration=forged)
        acts.held(scene, "a forged signature, held", run, Stage.PRE_PLAN, "forged")
        yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        later, _ = self._scene("later", subject.expired(self._policy(), yesterday))
        run = later.run("evidence whose waiver has expired")
        acts.held(later, "evidence whose waiver expired, held", run, Stage.PRE_PLAN, "evidence fail", "expired on")
        run = scene.run("a public database", plan=public.result)
        acts.held(scene, "a public database in the plan, held", run, Stage.POST_PLAN, "publicly_accessible")

    def _policy(self) -> str:
        return self._subject.policy.read_text(encoding="utf-8")

    def _scene(self, name: str, policy: str) -> tuple[acts.Scene, Gate]:
        """Have a gate with a policy of its own registered with a stand-in of its own."""
        cloud = self._stack.enter_context(TerraformCloud())
        running = self._stack.enter_context(gate(self._subject, self._subject.project(name, policy), cloud.origins))
        cloud.register(running.url, key=running.key)
        return acts.Scene(cloud=cloud, account=self._account, archive=self._archive), running

    def _touched(self, more: bytes) -> bytes:
        """Pack other content than was cleared."""
        return self._subject.archive({acts.TOUCHED: (self._subject.folder / acts.TOUCHED).read_bytes() + more})

    def _destroy(self, applied: Infrastructure) -> None:
        applied.destroy()
        left = applied.left()
        self._account.add("everything is destroyed", ", ".join(left) or "nothing is left", well=not left)
        tell("destroyed")
