"""Has Terraform check a root, side by side where it can: its format, its validity and its own tests."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.stage.errors import StageError
from infra.stage.program import Outcome, tell
from infra.stage.workplace import Workplace

_CASES = re.compile(r'(?m)^\s*run\s+"')
_FORMATTED = (".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl")  # what `terraform fmt` looks at, in folders without a dot
_SUITES = re.compile(rb"<testsuites[^>]*?(?:/>|>(.*)</testsuites>)", re.DOTALL)


def check(place: Workplace, folders: tuple[Path, Path], reports: Path) -> None:
    """Leave format.sarif, validate.json and tests.xml in `reports`; `folders` are the root and its override.

    A root that is no Terraform at all has a validate.json alone. Raises StageError where Terraform cannot be prepared.
    """
    with ThreadPoolExecutor(max_workers=2 + _cores()) as pool:
        unformatted = pool.submit(_format, place, folders)
        begun = place.initialise()
        valid = pool.submit(place.run, "validate", "-json")
        tests = [pool.submit(_test, place, share) for share in _shares(place.folder)] if begun.code == 0 else []
        _write(reports / "format.sarif", unformatted.result())
        said = valid.result()
        if begun.code != 0 and _is_about_init(said.out):
            raise StageError(*unprepared(begun))
        _write(reports / "validate.json", _placed(said.out, folders[0]))
        if tests:
            _write(reports / "tests.xml", _joined(test.result() for test in tests))


def unprepared(begun: Outcome) -> tuple[str, str]:
    """Say why `terraform init` failed, in its own words, and what may help."""
    words = " ".join(begun.err.decode("utf-8", "replace").split())
    hint = (
        "providers come from the registry, or from the folder that CLEARANCE_TERRAFORM_MIRROR names, laid out as "
        "`terraform providers mirror` does; modules must be where the root says, and the lock file as the providers are"
    )
    return f"terraform init failed: {words[:1000]}", hint


def _is_about_init(said: bytes) -> bool:
    """Whether all that `validate` objects to is that `init` has not done its work: it names no place, or a module."""
    try:
        errors = [each for each in json.loads(said)["diagnostics"] if each["severity"] == "error"]
        return all(not each.get("range") or each["summary"] == "Module not installed" for each in errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        return True


def _placed(said: bytes, root: Path) -> bytes:
    """Put the root's own path before the file names in a validation; what is no validation stays as it is."""
    try:
        document = json.loads(said)
        for each in document["diagnostics"]:
            if each.get("range"):
                each["range"]["filename"] = (root / each["range"]["filename"]).as_posix()
    except (ValueError, KeyError, TypeError, AttributeError):
        return said
    return json.dumps(document, indent=1).encode()


def _format(place: Workplace, folders: tuple[Path, Path]) -> bytes:
    """Return as SARIF which files `terraform fmt` looked at, where they lie in the repository, and which it lists."""
    said = place.terraform.run(Path(), place.env, "fmt", "-check", "-recursive", "-no-color", *map(str, folders))
    looked_at = sorted(
        file.as_posix()
        for folder in folders
        for file in folder.rglob("*")
        if file.name.endswith(_FORMATTED) and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    bad = [from_here(line) for line in said.out.decode("utf-8", "replace").splitlines() if line.strip()]
    sound = said.code in {0, 3}
    notes = (
        [] if sound else [{"level": "error", "message": {"text": f"terraform fmt ended with exit code {said.code}"}}]
    )
    run = {
        "tool": {"driver": {"name": "terraform-fmt", "rules": [{"id": "format"}]}},
        "invocations": [{"executionSuccessful": sound, "toolExecutionNotifications": notes}],
        "artifacts": [{"location": {"uri": path}} for path in looked_at],
        "results": [
            {
                "ruleId": "format",
                "level": "note",
                "message": {"text": "not in Terraform's canonical format; run `terraform fmt -recursive`"},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": path}}}],
            }
            for path in bad
        ],
    }
    return json.dumps({"version": "2.1.0", "runs": [run]}, indent=1).encode()


def from_here(said: str) -> str:
    """Return a path as `terraform fmt` states it, from the working folder on, where it lies below that, else whole."""
    whole = Path(os.path.normpath(Path.cwd() / said))
    return (whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole).as_posix()


def _shares(folder: Path) -> list[list[str]]:
    """Deal the test files out to the machine's cores, as many cases to each as to the others."""
    weighed = sorted(
        (
            (len(_CASES.findall(file.read_text("utf-8"))), file.relative_to(folder).as_posix())
            for file in _test_files(folder)
        ),
        reverse=True,
    )
    shares: list[tuple[int, list[str]]] = [(0, []) for _ in range(_cores())]
    for cases, name in weighed:
        shares.sort(key=lambda share: share[0])
        shares[0] = (shares[0][0] + cases, [*shares[0][1], name])
    return [names for _, names in shares if names] or [[]]


def _test_files(folder: Path) -> Iterable[Path]:
    return (file for pattern in ("*.tftest.hcl", "tests/*.tftest.hcl") for file in folder.glob(pattern))


def _test(place: Workplace, names: list[str]) -> bytes:
    """Run some test files and return Terraform's JUnit report; b"" where it left none."""
    file = place.folder.with_name(f"tests-{abs(hash(tuple(names)))}.xml")
    said = place.run("test", "-no-color", f"-junit-xml={file}", *(f"-filter={name}" for name in names))
    if not file.is_file():
        tell(said.err.decode("utf-8", "replace"))
        return b""
    return file.read_bytes()


def _joined(reports: Iterable[bytes]) -> bytes:
    """Put the suites of several reports into one; an absent one makes all absent, since nobody knows what it held."""
    inner = []
    for report in reports:
        suites = _SUITES.search(report)
        if suites is None:
            return b""
        inner.append(suites[1] or b"")
    return b'<?xml version="1.0" encoding="UTF-8"?><testsuites>' + b"".join(inner) + b"</testsuites>\n"


def _write(file: Path, content: bytes) -> None:
    if content:
        file.write_bytes(content)


def _cores() -> int:
    return max(1, min(4, os.cpu_count() or 1))
