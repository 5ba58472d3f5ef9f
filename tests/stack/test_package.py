"""The Lambda package: reproducible to the byte, with bytecode that is used, within AWS's limits."""

import os
import shutil
import subprocess
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stack import package
from stack.errors import StackError
from stack.uv import run_uv

ROOT = Path(__file__).parents[2]


def copy_project(folder):
    """What a build reads, in a folder of its own."""
    folder.mkdir()
    for name in ("pyproject.toml", "uv.lock", "README.md"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "service", folder / "service")
    return folder


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Two copies of the project, in folders whose names differ in length."""
    parent = tmp_path_factory.mktemp("projects")
    return copy_project(parent / "a"), copy_project(parent / "another folder")


@pytest.fixture(scope="module")
def zips(projects):
    for project in projects:
        package.pack(project, project / "flights.zip")
    return [project / "flights.zip" for project in projects]


def run_in(folder, code):
    """What a bare runtime prints, given the package's folder."""
    environ = {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]}
    command = [package.runtime_python(ROOT), "-s", "-c", code]
    ran = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or ran.stderr


def test_two_builds_are_the_same_bytes(zips):
    """Built in two folders, the zip has the same bytes."""
    one, other = [path.read_bytes() for path in zips]
    assert one == other


def test_the_zip_has_one_date_one_mode_and_its_names_in_order(zips):
    """Nothing of the machine or the moment of the build is in the zip's directory."""
    with zipfile.ZipFile(zips[0]) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    assert sorted(names) == names
    assert {((1980, 1, 1, 0, 0, 0), 0o100644 << 16)} == {(entry.date_time, entry.external_attr) for entry in entries}


def test_the_zip_leaves_out_what_nobody_imports(zips):
    """No installer's records, no tests, stubs or C sources, and nothing that the Lambda runtime has already."""
    with zipfile.ZipFile(zips[0]) as archive:
        paths = [Path(name) for name in archive.namelist()]
    litter = package.LITTER_FILES - {"WHEEL"}
    left = [path for path in paths if path.name in litter or path.suffix in {".pyi", ".c"} or "tests" in path.parts]
    assert left == []
    assert {path.parts[0] for path in paths} & set(package.PROVIDED) == set()


def test_every_module_has_its_bytecode(zips):
    """Each module of the zip has a .pyc beside it that names the path it will have on AWS."""
    with zipfile.ZipFile(zips[0]) as archive:
        names = set(archive.namelist())
        modules = [Path(name) for name in names if name.endswith(".py")]
        bytecode = {
            f"{module.parent}/__pycache__/{module.stem}.cpython-311.pyc".removeprefix("./") for module in modules
        }
        assert len(modules) > 100
        assert bytecode <= names
        assert b"/var/task/service/app.py" in archive.read("service/__pycache__/app.cpython-311.pyc")


def test_the_bytecode_is_used_whatever_the_source_says(zips, tmp_path):
    """A source that is newer than its bytecode, or even another text, is not compiled again."""
    with zipfile.ZipFile(zips[0]) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "service" / "domain.py").write_text("raise SystemExit('compiled again')")
    assert run_in(tmp_path, "import service.domain; print(service.domain.__name__)") == "service.domain"


def test_the_handler_runs_from_the_zip_alone(zips, tmp_path):
    """A runtime that has only awslambdaric imports the handler from the unpacked zip."""
    with zipfile.ZipFile(zips[0]) as archive:
        archive.extractall(tmp_path)
    assert run_in(tmp_path, "from service.app import handler; print(callable(handler))") == "True"


def test_a_change_of_the_service_is_another_package(projects):
    """A package is kept as long as nothing changes; a changed file makes another one, which has the change."""
    project = projects[0]
    before = package.build(project)
    assert package.build(project) == before
    (project / "service" / "added.py").write_text("ADDED = 1\n")
    after = package.build(project)
    assert after != before
    assert (after / "service" / "added.py").read_text() == "ADDED = 1\n"
    (project / "service" / "added.py").unlink()
    assert package.build(project) == before


def test_what_the_package_lacks_does_not_rebuild_it(projects):
    """A change of the lock that concerns another group leaves the package as it is."""
    project = projects[0]
    before = package.build(project)
    lock = project / "uv.lock"
    lock.write_text(lock.read_text() + "\n# another group's\n")
    assert package.build(project) == before


def test_a_module_that_does_not_compile_is_named(projects):
    """A syntax error is an error that names the file, and nothing is kept."""
    project = projects[1]
    package.build(project)
    (project / "service" / "broken.py").write_text("def\n")
    kept = set((project / ".clearance" / "package").iterdir())
    with pytest.raises(StackError, match=r"broken\.py"):
        package.build(project)
    assert set((project / ".clearance" / "package").iterdir()) == kept
    (project / "service" / "broken.py").unlink()


def test_builds_side_by_side_are_one(tmp_path):
    """Four builds at once end in one folder, and leave no half-made one."""
    project = copy_project(tmp_path / "project")
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: package.build(project), range(4)))
    (folder,) = folders
    kept = {path.name for path in folder.parent.iterdir()}
    assert folder.name in kept
    assert [name for name in kept if name.startswith(".")] == []


def test_what_nobody_asked_for_lately_goes(projects):
    """A layer that was last asked for weeks ago is removed by the next build."""
    shelf = projects[0] / ".clearance" / "package"
    package.build(projects[0])
    old = shelf / "old"
    old.mkdir()
    long_ago = time.time() - 2 * package.KEEP_S
    os.utime(old, (long_ago, long_ago))
    (projects[0] / "service" / "newer.py").touch()
    package.build(projects[0])
    (projects[0] / "service" / "newer.py").unlink()
    assert not old.exists()


@pytest.mark.parametrize(
    ("zipped", "unzipped", "word"),
    [(50 * 2**20 + 1, 1, "zipped"), (1, 250 * 2**20 + 1, "unzipped")],
)
def test_a_package_over_the_limits_is_refused(zipped, unzipped, word):
    """A byte over AWS's limit is an error that states both numbers."""
    with pytest.raises(
        StackError, match=rf"{max(zipped, unzipped)} bytes {word}; AWS takes {max(zipped, unzipped) - 1}"
    ):
        package.require_size(zipped, unzipped)


def test_a_package_at_the_limits_passes():
    """The limits themselves are allowed."""
    assert package.require_size(package.ZIPPED_LIMIT, package.UNZIPPED_LIMIT) is None


def test_the_runtime_has_the_runtime_client_alone():
    """The runtime's interpreter has awslambdaric, and none of the service's dependencies."""
    code = "import importlib.util as u; print([n for n in ('awslambdaric', 'psycopg', 'pydantic') if u.find_spec(n)])"
    assert run_in(ROOT / "service", code) == "['awslambdaric']"


def test_a_failing_uv_is_quoted(tmp_path):
    """What uv complains about is in the error."""
    with pytest.raises(StackError, match=r"`uv export --locked` failed: .*pyproject\.toml"):
        run_uv(["export", "--locked"], root=tmp_path)
