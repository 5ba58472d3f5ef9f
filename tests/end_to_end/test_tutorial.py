"""docs/tutorial.md, run in one shell from its first line to its last: what is shown there is what is said."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adopter import environments

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"(?:`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRESS = re.compile(r"[\w-]+: (running|reused|done|making|waiting)\b.*\n")
END = "that was all"
# What is another at each time: digests, moments and durations.
FLEETING = (
    (re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b"), "DIGEST"),
    (re.compile(r"\b\d{4}-\d\d-\d\d( \d\d:\d\d UTC)?"), "DAY"),
    (re.compile(r"\b[\d,.]+ (ms|s|min)\b( [\d.]+ s\b)?|\breused\b"), "DURATION"),
)


def steps():
    """Each file to write, with its name, and each command, with the output that is shown."""
    for name, language, text in BLOCK.findall(TUTORIAL.read_text("utf-8")):
        if language != "console":
            assert name, f"nothing says what to do with this:\n{text}"
            yield "write", name, text
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            count = 1 + next(i for i, line in enumerate(lines) if not line.endswith("\\"))
            command = "\n".join([lines[0], *(line.removeprefix("> ") for line in lines[1:count])])
            yield "run", command, "\n".join(lines[count:])


def settled(text):
    for pattern, name in FLEETING:
        text = pattern.sub(name, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def shown(expected):
    """A pattern of the output that is shown, where `...` stands for any lines, or for the rest of one."""
    lines = settled(expected).splitlines()
    parts = [r"(?:.*\n)*?" if line == "..." else _line(line) for line in lines]
    return re.compile("".join(parts) + (r"(?:.*\n)*" if lines[-1:] == ["..."] else ""))


def _line(line):
    return f"{re.escape(line.removesuffix('...'))}{'.*' if line.endswith('...') else ''}\n"


class Shell:
    """The one shell of the reader. Its pip takes the tools of uv.lock, and Clearance from here."""

    def __init__(self, folder, constraints):
        environ = environments.Repository(folder / "work", ["/usr/bin", "/bin"], folder).environ
        environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
        environ |= {"TZ": "UTC", "PYTHONUNBUFFERED": "1"}  # lines in the order that a terminal has them in
        command = ["bash", "--norc", "--noprofile"]
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(command, cwd=folder / "work", env=environ, text=True, **streams)
        self.folder = folder / "work" / "lateness"
        uv = shutil.which("uv", path=environ["PATH"])
        words = f"{uv} pip install -q --constraint {constraints} --editable {environments.ROOT}'[sign]' pytest bandit"
        self.run(f"pip() {{ {words} --offline 2>/dev/null || {words}; }}")

    def run(self, command):
        """Run a command to its end, and give what it printed; the next one finds its exit code in $?."""
        text = f"{command}\n__code=$?; echo; echo {shlex.quote(END)}; (exit $__code)\n"
        self.process.stdin.write(text)
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == f"{END}\n":
                break
            lines.append(line)
        else:
            pytest.fail(f"the shell ended at: {command}\n{''.join(lines)}")
        return PROGRESS.sub("", "".join(lines).removesuffix("\n"))


@pytest.fixture
def shell(tmp_path):
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(environments.locked())
    made = Shell(tmp_path, constraints)
    with made.process:
        yield made
        made.process.stdin.close()


def test_the_tutorial(shell):
    """Every file is written and every command run, in order; each says what is shown, and nothing where nothing is."""
    count = 0
    for kind, what, text in steps():
        if kind == "write":
            (shell.folder / what).write_text(text)
            continue
        said = shell.run(what)
        count += 1
        assert shown(text).fullmatch(f"{settled(said)}\n" if said.strip() else ""), f"$ {what}\n{said}"
    assert count > 40


@pytest.mark.parametrize(
    ("expected", "said", "same"),
    [
        ("PASS 0.3 s", "PASS 12 s", True),
        ("PASS", "FAIL", False),
        ("a\n...\nz", "a\nb\nc\nz", True),
        ("a\n...\nz", "a\nb\nc\nz\nmore", False),
        ("a\n...", "a\nb", True),
        ("tree afd06d8b160e, 2 tests", "tree 0fd06d8b1600, 3 tests", False),
        ("", "a word", False),
    ],
)
def test_what_counts_as_the_same(expected, said, same):
    """Digests, moments and durations may differ, and what `...` stands for; nothing else may."""
    assert bool(shown(expected).fullmatch(f"{settled(said)}\n")) == same
