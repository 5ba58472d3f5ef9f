"""What a check's evidence depends on: everything that is declared, and nothing else."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clearance.model import Check, ClearanceError, PolicyError, Report, glob
from clearance.runner import Files, gather, tree

LOCK = """
version = 1

[[package]]
name = "guarded"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "web" }]

[package.dev-dependencies]
scan = [{ name = "scanner", extra = ["fast"] }]
other = [{ name = "other" }]

[[package]]
name = "scanner"
version = "1.0"
dependencies = [{ name = "parser" }]

[package.optional-dependencies]
fast = [{ name = "native", marker = "sys_platform == 'win32'" }]

[[package]]
name = "parser"
version = "2.0"

[[package]]
name = "native"
version = "3.0"

[[package]]
name = "other"
version = "4.0"

[[package]]
name = "web"
version = "5.0"
dependencies = [{ name = "guarded" }]
"""
CHECK = Check(
    name="scan",
    run=("scanner", "{report}"),
    reports=(Report(file="scan.json", reader="scan"),),
    group="scan",
    inputs=("service/**/*.py", "top.py"),
    config=("scan.toml",),
    env={"MODE": "strict"},
    env_from=("TARGET",),
)
NAMES = st.sampled_from(["service/a.py", "service/b.py", "service/deep/er/a.py", "service/sp ace.py", "top.py"])
TREES = st.dictionaries(NAMES, st.binary(max_size=20), min_size=1)


def plant(root, files):
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def digest(root, check=CHECK, *, lock=LOCK, environ=None, arguments=()):
    return gather(check, root=root, lock=lock, environ=environ or {}, arguments=arguments).digest


def edit(name, change):
    """Change one input's bytes: flip, cut or add one."""
    return lambda root: (root / name).write_bytes(change((root / name).read_bytes()))


def executable(root, name):
    (root / name).chmod(0o755)


CHANGES = {
    "the command": {"check": replace(CHECK, run=("scanner", "{report}", "-v"))},
    "a word of the command moved": {"check": replace(CHECK, run=("scanner{report}",))},
    "an argument": {"arguments": ("-x",)},
    "a declared variable": {"check": replace(CHECK, env={"MODE": "lax"})},
    "a further variable": {"check": replace(CHECK, env={"MODE": "strict", "MORE": ""})},
    "a variable that is passed through": {"environ": {"TARGET": "live"}},
    "one that is empty rather than absent": {"environ": {"TARGET": ""}},
    "the tool's version": {"lock": LOCK.replace('"1.0"', '"1.1"')},
    "the version of what it needs": {"lock": LOCK.replace('"2.0"', '"2.1"')},
    "the version of an extra on another platform": {"lock": LOCK.replace('"3.0"', '"3.1"')},
    "the group": {"check": replace(CHECK, group="other")},
    "the project beside it": {"check": replace(CHECK, project=True)},
    "the reader": {"check": replace(CHECK, reports=(Report(file="scan.json", reader="sarif"),))},
    "where the report comes from": {"check": replace(CHECK, stdout="scan.json")},
    "a further report": {"check": replace(CHECK, reports=(*CHECK.reports, Report(file="b", reader="scan")))},
    "the patterns": {"check": replace(CHECK, inputs=("service/none/*.py",))},
}
UNRELATED = {
    "another tool's version": {"lock": LOCK.replace('"4.0"', '"4.1"')},
    "the project's own dependencies": {"lock": LOCK.replace('"5.0"', '"5.1"')},
    "a variable nobody asked for": {"environ": {"OTHER": "1"}},
    "the time-out": {"check": replace(CHECK, timeout_s=1)},
}


@pytest.fixture
def root(tmp_path):
    plant(tmp_path, {"service/a.py": b"a", "top.py": b"t", "scan.toml": b"", "other.py": b"o"})
    return tmp_path


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_that_counts(root, change):
    """Evidence made under another declaration or another tool is other evidence."""
    assert digest(root, **change) != digest(root)


@pytest.mark.parametrize("change", UNRELATED.values(), ids=UNRELATED)
def test_a_change_that_does_not_count(root, change):
    """What the tool cannot see does not make it run again."""
    assert digest(root, **change) == digest(root)


@given(files=TREES, data=st.data())
@settings(deadline=None, max_examples=60)
def test_any_change_to_an_input_counts(files, data):
    """Any byte, any mode and any name of an input counts, and undoing the change restores the digest."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, {"scan.toml": b"", **files})
        before = digest(root)
        name = data.draw(st.sampled_from(sorted(files)))
        kind = data.draw(st.sampled_from(["bytes", "mode", "rename", "remove", "add", "configure"]))
        if kind == "bytes":
            (root / name).write_bytes(data.draw(st.binary(max_size=21).filter(lambda new: new != files[name])))
        elif kind == "mode":
            (root / name).chmod(0o755)
        elif kind == "rename":
            (root / name).rename(root / "service" / "new.py" if (root / "service").exists() else root / "gone")
        elif kind == "remove":
            (root / name).unlink()
        elif kind == "add":
            plant(root, {"service/added.py": b""})
        else:
            (root / "scan.toml").write_bytes(b"[skip]")

        assert digest(root) != before

        for path in ("service/new.py", "service/added.py", name):
            (root / path).unlink(missing_ok=True)
        plant(root, {"scan.toml": b"", **files})

        assert digest(root) == before


@given(files=TREES, others=st.dictionaries(st.sampled_from(["x.py", "service/x.txt", "services/a.py"]), st.binary()))
@settings(deadline=None, max_examples=30)
def test_an_unrelated_file_does_not_count(files, others):
    """A file that no pattern asks for changes nothing, nor does when or by whom an input was written."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, {"scan.toml": b"", **files})
        before = digest(root)
        plant(root, others)
        for path in files:
            os.utime(root / path, (1, 1))
            (root / path).chmod(0o600)

        assert digest(root) == before


@given(files=TREES)
@settings(deadline=None, max_examples=20)
def test_paths_are_the_inputs(files):
    """The paths are those of the files that the patterns match, sorted."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, {"scan.toml": b"", "else.py": b"", **files})

        assert gather(CHECK, root=root, lock=LOCK, environ={}).paths == tuple(sorted(files))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**", ["a.py", "p/a.py", "p/q/a.py", "p/q/b.txt"]),
        ("**/*.py", ["a.py", "p/a.py", "p/q/a.py"]),
        ("*.py", ["a.py"]),
        ("p/*.py", ["p/a.py"]),
        ("p/**/a.py", ["p/a.py", "p/q/a.py"]),
        ("?/[q-z]/*", ["p/q/a.py", "p/q/b.txt"]),
        ("p**", ["p/a.py", "p/q/a.py", "p/q/b.txt"]),
        ("p/[!]]/*.txt", ["p/q/b.txt"]),
        ("p/[[^q]/*.txt", ["p/q/b.txt"]),
        ("[z-a]/**", []),
        ("p/q", []),
        ("nothing/**/*.py", []),
        (".git/**", []),
        ("build/clearance/**", []),
    ],
)
def test_patterns(tmp_path, pattern, found):
    """A pattern finds what the policy's dialect says, and never what tools and the gate leave behind."""
    left = {name + "/x.py": b"" for name in (".git", ".clearance", ".venv", "p/__pycache__", "build/clearance")}
    plant(tmp_path, {**left, **dict.fromkeys(["a.py", "p/a.py", "p/q/a.py", "p/q/b.txt"], b"")})

    assert [entry.path for entry in tree.find(str(tmp_path), [pattern])] == found


def test_a_link_counts_by_its_target_and_content(root):
    """A link to a file inside the tree counts by where it points and by what is there."""
    (root / "service/link.py").symlink_to("../other.py")
    before = digest(root)
    (root / "other.py").write_bytes(b"changed")
    changed = digest(root)
    (root / "service/link.py").unlink()
    (root / "service/link.py").symlink_to("../top.py")

    assert len({before, changed, digest(root)}) == 3


def test_a_link_to_a_folder_counts_by_what_is_in_it(root):
    """A tool may follow a link to a folder of the repository: what it finds there counts, whatever links back."""
    plant(root, {"other/deep/a.txt": b"a"})
    (root / "other/back").symlink_to("..")
    (root / "service/linked").symlink_to("../other")
    before = digest(root)
    (root / "other/deep/a.txt").write_bytes(b"b")
    assert digest(root) != before


@example(pattern="[!--a]", path="a")
@given(pattern=st.text(alphabet="[]!^-az*?/\\&|~.", max_size=12), path=st.text(alphabet="[]!^-az/.", max_size=6))
def test_no_pattern_is_too_odd(pattern, path):
    """Whatever brackets hold, a pattern matches or does not; one without wildcards matches itself alone."""
    matched = glob(pattern).match(path) is not None
    if not set(pattern) & set("[*?"):
        assert matched == (pattern == path)


def test_a_link_is_not_followed_out(root, tmp_path_factory):
    """A link that leads out of the tree is neither read nor walked into, but that it is there counts."""
    outside = tmp_path_factory.mktemp("outside")
    plant(outside, {"secret.py": b"1"})
    before = digest(root)
    (root / "service/folder").symlink_to(outside)
    (root / "service/file.py").symlink_to(outside / "secret.py")
    linked = gather(CHECK, root=root, lock=LOCK, environ={})
    (outside / "secret.py").write_bytes(b"2")

    assert linked.digest != before
    assert linked.digest == digest(root)
    assert linked.paths == ("service/a.py", "service/file.py", "top.py")


def test_a_reader_gets_input_files_alone(root, tmp_path_factory):
    """A reader can read each input, but neither another file nor what lies behind a link out of the tree."""
    outside = tmp_path_factory.mktemp("outside")
    (root / "service/out.py").symlink_to(outside / "none.py")
    files = Files(root, ["service/a.py", "service/out.py"])

    assert files["service/a.py"] == b"a"
    assert [files.get(path) for path in ("other.py", "service/out.py", "../x")] == [None, None, None]
    assert len(files) == len(list(files)) == 2


def test_what_cannot_be_hashed_is_an_error(root):
    """A pipe among the inputs is named, and never waited for."""
    os.mkfifo(root / "service/pipe.py")

    with pytest.raises(ClearanceError, match=r"service/pipe\.py is neither a file nor a link"):
        digest(root)


def test_a_missing_configuration_file_is_an_error(root):
    """A configuration file that is not there is named, since the tool would fall back on its defaults."""
    (root / "scan.toml").unlink()

    with pytest.raises(PolicyError, match=r"check 'scan' names the file scan\.toml, which is not there"):
        digest(root)


def test_an_slo_file_counts_by_its_bytes_and_must_be_there(root):
    """What the report is measured against is as much an input as what is measured."""
    check = replace(CHECK, slo="slo.yaml")
    plant(root, {"slo.yaml": b"a"})
    before = digest(root, check)
    plant(root, {"slo.yaml": b"b"})
    assert len({digest(root), before, digest(root, check)}) == 3
    (root / "slo.yaml").unlink()
    with pytest.raises(PolicyError, match=r"check 'scan' names the file slo\.yaml, which is not there"):
        digest(root, check)


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        (None, "but there is no uv.lock"),
        ("= broken", "uv.lock cannot be read"),
        (LOCK.replace("scan =", "scam ="), "uv.lock knows no dependency group 'scan'"),
    ],
)
def test_a_lock_that_does_not_serve_is_an_error(root, lock, message):
    """A group that is not locked is an error: nobody could say which tool it was."""
    with pytest.raises(PolicyError, match=message):
        digest(root, lock=lock)


def test_a_program_from_path_counts_by_its_bytes(root):
    """A tool without a group is known by the bytes of the program that PATH offers."""
    check = replace(CHECK, group=None, run=("scan-it",))
    environ = {"PATH": str(root / "bin")}
    plant(root, {"bin/scan-it": b"#!/bin/sh\n"})
    executable(root, "bin/scan-it")
    before = digest(root, check, environ=environ)
    (root / "bin/scan-it").write_bytes(b"#!/bin/sh\ntrue\n")

    assert digest(root, check, environ=environ) != before


def test_names_that_are_no_text(root):
    """A file name that is not UTF-8 is hashed like any other."""
    before = digest(root)
    (root / os.fsdecode(b"service/\xff.py")).touch()

    assert digest(root) != before


def test_this_very_interpreter_is_found(root):
    """A program is also looked for beside Clearance, so that what it was installed with is at hand."""
    check = replace(CHECK, group=None, run=(Path(sys.executable).name,))
    absent = replace(check, run=("none",))

    assert digest(root, check, environ={"PATH": ""}) != digest(root, absent, environ={"PATH": ""})
