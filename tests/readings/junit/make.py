"""Make pytest's and Jest's reports of this folder anew: `python tests/readings/junit/make.py`; Jest needs npm."""

import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent

OUTCOMES = """
import pytest


def test_passes():
    pass


def test_fails():
    assert 1 == 2, "one is not <two> & more"


@pytest.fixture
def broken():
    raise RuntimeError("no fixture")


def test_errors(broken):
    pass


@pytest.fixture
def dirty():
    yield
    raise RuntimeError("not cleaned")


def test_passes_then_errors(dirty):
    pass


def test_fails_then_errors(dirty):
    assert False


def test_skips():
    pytest.skip("not today")


@pytest.mark.parametrize("word", ["plain", "é", "a.b"])
def test_words(word):
    pass
"""
SILENCED = """
import pytest


def test_passes():
    pass


@pytest.mark.xfail(reason="known")
def test_expected_to_fail():
    assert False


@pytest.mark.xfail(strict=True)
def test_passes_against_expectation():
    pass
"""
SKIPPED = "import pytest\n\npytestmark = pytest.mark.skip(reason='environment down')\n\n\ndef test_a():\n    pass\n"
SUBTESTS = """
def test_several(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number != 1
"""
PASSING = "def test_one():\n    pass\n\n\ndef test_two():\n    pass\n"
PYTEST = {
    "pytest-passing": (PASSING, ()),
    "pytest-outcomes": (OUTCOMES, ()),
    "pytest-outcomes-xunit1": (OUTCOMES, ("-o", "junit_family=xunit1")),
    "pytest-silenced": (SILENCED, ()),
    "pytest-all-skipped": (SKIPPED, ()),
    "pytest-nothing-collected": (PASSING, ("-k", "no_such_test")),
    "pytest-not-importable": ("import no_such_module\n", ()),
    "pytest-subtests": (SUBTESTS, ()),
}
JEST_TEST = """
describe('sums', () => {
  test('adds', () => { expect(1 + 1).toBe(2); });
  test('is wrong', () => { expect(1 + 1).toBe(3); });
  test.skip('waits', () => {});
  test.todo('is to come');
});
"""
JEST = {
    "jest-outcomes": ({"sums.test.js": JEST_TEST}, {}),
    "jest-broken-suite": ({"sums.test.js": JEST_TEST, "broken.test.js": "syntax error here\n"}, {}),
    "jest-broken-suite-told": (
        {"broken.test.js": "syntax error here\n"},
        {"JEST_JUNIT_REPORT_TEST_SUITE_ERRORS": "true"},
    ),
    "jest-only": ({"sums.test.js": JEST_TEST.replace("test('adds'", "test.only('adds'")}, {}),
}
PACKAGES = ("jest@30.5.2", "jest-junit@17.0.0")


def keep(name: str, place: str, report: Path) -> None:
    """Keep a report without what tells of the machine that made it."""
    text = report.read_text(encoding="utf-8").replace(place, "/tmp/readings/junit")
    text = re.sub(r"[\w./-]*site-packages/", "site-packages/", text)
    text = re.sub(r"/[\w./-]*/lib/python3", "/usr/lib/python3", text)
    text = re.sub(r'hostname="[^"]*"', 'hostname="host"', text)
    (HERE / f"{name}.xml").write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def run_pytest(name: str, source: str, arguments: tuple[str, ...]) -> int:
    with tempfile.TemporaryDirectory() as place:
        Path(place, "checks.py").write_text(source, encoding="utf-8")
        Path(place, "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
        command += ["--junitxml=report.xml", *arguments, "checks.py"]
        code = subprocess.run(command, cwd=place, check=False, capture_output=True).returncode
        keep(name, place, Path(place, "report.xml"))
    return code


def run_jest(name: str, place: str, files: dict[str, str], env: dict[str, str]) -> int:
    for old in Path(place).glob("*.test.js"):
        old.unlink()
    for path, text in files.items():
        Path(place, path).write_text(text, encoding="utf-8")
    setting = [f"{key}={value}" for key, value in env.items()]
    command = ["env", *setting, "npx", "--no-install", "jest", "--ci", "--reporters=jest-junit"]
    code = subprocess.run(command, cwd=place, check=False, capture_output=True).returncode
    keep(name, place, Path(place, "junit.xml"))
    return code


def main() -> None:
    lines = [
        "# JUnit reports",
        "",
        f"Made by `make.py` with pytest {version('pytest')} and {', '.join(PACKAGES)}. The reports in `written/` were",
        "written by hand after the formats' descriptions, for tools that need more than Python and node to run.",
        "",
        "| report | command | exit code |",
        "|---|---|---|",
    ]
    for name, (source, arguments) in PYTEST.items():
        code = run_pytest(name, source, arguments)
        lines.append(f"| `{name}.xml` | `{' '.join(('pytest', '--junitxml=report.xml', *arguments))}` | {code} |")
    if shutil.which("npm"):
        with tempfile.TemporaryDirectory() as place:
            Path(place, "package.json").write_text('{"name": "readings", "private": true}\n', encoding="utf-8")
            install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
            subprocess.run(install, cwd=place, check=True, capture_output=True)
            for name, (files, env) in JEST.items():
                code = run_jest(name, place, files, env)
                said = " ".join([*(f"{key}={value}" for key, value in env.items()), "jest --reporters=jest-junit"])
                lines.append(f"| `{name}.xml` | `{said}` | {code} |")
    (HERE / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
