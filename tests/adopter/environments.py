"""An adopter's environment: Clearance and the tools that they have, at the versions of uv.lock, made by uv."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GROUPS = ("bandit", "migrations", "test", "workflows")
# What a gate around these tests tells its checks, and coverage its children: an adopter's shell has none of it.
FOREIGN = ("CLEARANCE_", "COV_CORE", "COVERAGE_", "PYTEST_", "VIRTUAL_ENV", "PYTHON", "UV_PROJECT", "LOCUST_", "GIT_")


def uv(*words):
    """Run uv, without the network where the cache has all that is wanted, and give what it prints."""
    program = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    done = None
    for offline in (["--offline"], []):
        command = [program, *words, *offline, "--quiet", "--no-config"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=clean(os.environ))
        if done.returncode == 0:
            return done.stdout
    raise AssertionError(done.stderr)


def clean(environ):
    return {name: text for name, text in environ.items() if not name.startswith(FOREIGN)}


def locked():
    """The versions of everything in uv.lock that an adopter could want, as constraints for an installer."""
    groups = [word for group in GROUPS for word in ("--group", group)]
    return uv(
        "export", "--frozen", "--no-default-groups", "--extra", "sign", *groups, "--no-emit-project", "--no-hashes"
    )


def make(folder, *wanted):
    """Make a virtual environment with Clearance and these packages, and give the folder of its programs."""
    constraints = folder / "constraints.txt"
    constraints.write_text(locked())
    uv("venv", "--python", sys.executable, str(folder / "venv"))
    python = str(folder / "venv/bin/python")
    uv("pip", "install", "--python", python, "--constraint", str(constraints), "--editable", f"{ROOT}[sign]", *wanted)
    return folder / "venv/bin"


def make_group(folder, group):
    """Make a virtual environment of a dependency group alone, as locked, and give the folder of its programs."""
    target = folder / group
    program = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    environ = clean(os.environ) | {"UV_PROJECT_ENVIRONMENT": str(target)}
    words = ["sync", "--frozen", "--only-group", group, "--quiet", "--python", sys.executable]
    subprocess.run([program, *words], cwd=ROOT, env=environ, check=True, capture_output=True)
    return target / "bin"


class Repository:
    """A folder of an adopter's, and the shell in which they work there."""

    def __init__(self, path, programs, temporary):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        places = [*map(str, programs), "/usr/local/bin", "/usr/bin", "/bin"]
        identity = {"GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "ann@example.org"}
        identity |= {name.replace("AUTHOR", "COMMITTER"): text for name, text in identity.items()}
        # the machine's lock lies in TMPDIR: nobody else's load run is to be waited for
        self.environ = clean(os.environ) | identity | {"PATH": os.pathsep.join(places), "TMPDIR": str(temporary)}
        self.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def write(self, files):
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)

    def shell(self, command, *, check=True):
        """Run a line of a shell; give what it printed, on whichever stream, and its exit code."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.path,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=120,
        )
        assert not check or done.returncode == 0, done.stdout
        return done.stdout, done.returncode

    @contextlib.contextmanager
    def server(self, script):
        """Serve for a while with the adopter's own Python; the script's first line of output is its port."""
        python = shutil.which("python", path=self.environ["PATH"])
        environ = self.environ | {"PYTHONPATH": "src"}
        with subprocess.Popen([python, "-c", script], cwd=self.path, env=environ, stdout=subprocess.PIPE) as process:
            try:
                yield int(process.stdout.readline())
            finally:
                process.kill()

    def clearance(self, *words, **environ):
        """Run the gate as a program; give what a person was told, what a program was told, and the exit code."""
        done = subprocess.run(
            ["clearance", *words],
            cwd=self.path,
            env=self.environ | environ,
            executable=shutil.which("clearance", path=self.environ["PATH"]),
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        return done.stderr, done.stdout, done.returncode
