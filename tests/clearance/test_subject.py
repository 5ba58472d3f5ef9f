"""What is being judged, in real repositories of every shape."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from clearance import subject
from clearance.model import ClearanceError, Subject
from clearance.subject import find_root, identify

FRESH = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{role}_{key}": "someone@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")},
}


def git(folder, *words):
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words], cwd=folder, env=FRESH, check=True, capture_output=True
    )
    return done.stdout.decode().strip()


def commit(folder, message="A change"):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / 'a repository\nwith ünusual "name":\'s'
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "clearance.toml").write_text("")
    (folder / "app.py").write_text("one = 1\n")
    (folder / "sub folder").mkdir()
    (folder / "sub folder" / "ä\nb.txt").write_text("text\n")
    (folder / ".gitignore").write_text("ignored/\n")
    commit(folder)
    return folder


def everything(folder):
    """Every file of the folder, git's own included, with its bytes, and its time save for objects.

    Git marks an object that it meets again as fresh, which protects it from being pruned.
    """
    return {
        path: (path.read_bytes(), "objects" in path.parts or path.stat().st_mtime_ns)
        for path in Path(folder).rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def test_root_is_the_nearest_folder_with_a_policy(tmp_path):
    """The nearest folder upwards that holds clearance.toml is the root."""
    inner = tmp_path / "outer" / "inner"
    (inner / "deep").mkdir(parents=True)
    (tmp_path / "outer" / "clearance.toml").touch()
    (inner / "clearance.toml").touch()

    assert inner.resolve() == find_root(inner / "deep")


def test_no_policy_is_an_error_with_a_next_step(tmp_path):
    """Without any clearance.toml above, the error names the folder and says what to do."""
    with pytest.raises(ClearanceError, match=r"no clearance\.toml in .*") as caught:
        find_root(tmp_path)

    assert "--policy" in caught.value.hint


def test_a_clean_tree_is_the_commits_tree(repository):
    """Nothing changed: the commit, its own tree, not dirty."""
    expected = Subject(
        commit=git(repository, "rev-parse", "HEAD"), tree=git(repository, "rev-parse", "HEAD^{tree}"), dirty=False
    )

    assert expected == identify(repository)


def append(path):
    with path.open("a") as file:
        file.write("more\n")


def same_size_same_time(folder):
    before = (folder / "app.py").stat()
    (folder / "app.py").write_text("one = 2\n")
    os.utime(folder / "app.py", ns=(before.st_atime_ns, before.st_mtime_ns))


def hide(option):
    def change(folder):
        git(folder, "update-index", option, "app.py")
        append(folder / "app.py")

    return change


def nested(folder):
    (folder / "nested").mkdir()
    git(folder / "nested", "init", "-q")
    (folder / "nested" / "file").touch()


def conflict(folder):
    git(folder, "checkout", "-q", "-b", "other")
    (folder / "app.py").write_text("one = 3\n")
    commit(folder)
    git(folder, "checkout", "-q", "main")
    (folder / "app.py").write_text("one = 4\n")
    commit(folder)
    subprocess.run(["git", "merge", "other"], cwd=folder, env=FRESH, check=False, capture_output=True)


CHANGES = {
    "an edit": lambda folder: append(folder / "app.py"),
    "an edit that keeps size and time": same_size_same_time,
    "an edit hidden by assume-unchanged": hide("--assume-unchanged"),
    "an edit hidden by skip-worktree": hide("--skip-worktree"),
    "a staged edit": lambda folder: (append(folder / "app.py"), git(folder, "add", "app.py")),
    "a deletion": lambda folder: (folder / "app.py").unlink(),
    "a new file": lambda folder: (folder / "new file").touch(),
    "a new name in unknown bytes": lambda folder: open(os.fsencode(folder) + b"/\xff\n", "wb").close(),
    "a new mode": lambda folder: (folder / "app.py").chmod(0o755),
    "a file that became a link": lambda folder: (
        (folder / "app.py").unlink(),
        (folder / "app.py").symlink_to("clearance.toml"),
    ),
    "a folder that became a file": lambda folder: (
        (folder / "sub folder" / "ä\nb.txt").unlink(),
        (folder / "sub folder").rmdir(),
        (folder / "sub folder").touch(),
    ),
    "a repository inside": nested,
    "a conflict": conflict,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_is_seen(repository, change):
    """Whatever differs from the commit makes the subject dirty and gives it another tree."""
    change(repository)
    clean = git(repository, "rev-parse", "HEAD^{tree}")

    seen = identify(repository)

    assert (git(repository, "rev-parse", "HEAD"), True) == (seen.commit, seen.dirty)
    assert clean != seen.tree
    assert seen == identify(repository)


def test_the_tree_is_what_git_would_write(repository):
    """With untracked files the tree is the one that `git add -A` and `git write-tree` would give."""
    (repository / "new.py").write_text("new\n")
    append(repository / "app.py")

    seen = identify(repository)
    git(repository, "add", "-A")

    assert git(repository, "write-tree") == seen.tree


def test_nothing_of_the_users_is_written(repository):
    """Neither the index, nor the objects, nor any other file of the repository is touched."""
    append(repository / "app.py")
    (repository / "new.py").write_text("new\n")
    before = everything(repository)

    identify(repository)

    assert before == everything(repository)


@pytest.mark.parametrize("setting", ["core.hooksPath", "core.fsmonitor"])
def test_no_program_of_the_repository_is_started(repository, tmp_path, setting):
    """Neither a hook nor a file system monitor that is configured there runs."""
    program = tmp_path / "hooks" / "post-index-change"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    git(repository, "config", setting, str(program.parent if setting == "core.hooksPath" else program))
    append(repository / "app.py")

    assert identify(repository).dirty is True
    assert not (tmp_path / "started").exists()


def test_a_locked_index_is_no_obstacle(repository):
    """Another process may hold the index's lock."""
    (repository / ".git" / "index.lock").touch()
    append(repository / "app.py")

    assert identify(repository).dirty is True


def test_a_hooks_environment_is_left_behind(repository, tmp_path, monkeypatch):
    """Variables that git sets for its hooks do not redirect us to another repository."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    git(elsewhere, "init", "-q")
    expected = identify(repository)
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere / "index"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare=true'")

    assert expected == identify(repository)


@pytest.mark.parametrize("unused", ["ignored/new", "__pycache__/app.pyc", ".coverage", "sub folder/.coverage.host.1"])
def test_what_tools_leave_behind_is_no_change(repository, unused):
    """Ignored files, and the caches that running a check creates, do not make the tree dirty."""
    (repository / unused).parent.mkdir(exist_ok=True)
    (repository / unused).write_text("left\n")

    assert identify(repository).dirty is False


def test_a_branch_without_commits(tmp_path):
    """Before the first commit there is a tree, no commit, and it is dirty."""
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("x")

    seen = identify(tmp_path)
    git(tmp_path, "add", "-A")

    assert Subject(commit=None, tree=git(tmp_path, "write-tree"), dirty=True) == seen


def test_detached_shallow_and_worktree_agree(repository, tmp_path):
    """A detached head, a shallow clone and a further worktree of one commit are the same subject."""
    append(repository / "app.py")
    commit(repository)
    expected = identify(repository)
    git(repository, "worktree", "add", "-q", "--detach", str(tmp_path / "work tree"))
    git(tmp_path, "clone", "-q", "--depth", "1", repository.as_uri(), "shallow")
    git(repository, "checkout", "-q", "--detach")

    assert [expected] * 3 == [identify(folder) for folder in (repository, tmp_path / "work tree", tmp_path / "shallow")]


def test_a_subfolder_is_its_repository(repository):
    """The subject of a folder inside a repository is the whole repository."""
    assert identify(repository) == identify(repository / "sub folder")


def test_an_ignored_folder_is_judged_by_its_own_files(repository):
    """A folder that the repository around it ignores is bound to its files, not to that repository."""
    inner = repository / "ignored" / "project"
    inner.mkdir(parents=True)
    (inner / "clearance.toml").touch()
    before = identify(inner)
    append(inner / "clearance.toml")

    assert (before.commit, before.dirty) == (None, True)
    assert before.tree != identify(inner).tree


@pytest.fixture
def with_submodule(repository, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    (library / "clearance.toml").touch()
    commit(library)
    git(repository, "submodule", "--quiet", "add", str(library), "vendored")
    git(repository, "config", "-f", ".gitmodules", "submodule.vendored.ignore", "all")
    commit(repository)
    return repository


def test_a_clean_submodule_is_clean(with_submodule):
    """A repository with a submodule at its commit, and the submodule itself, are clean."""
    assert (identify(with_submodule).dirty, identify(with_submodule / "vendored").dirty) == (False, False)


def test_a_dirty_submodule_is_dirty(with_submodule):
    """Each change inside a submodule changes the subject, even where git is told to ignore it."""
    append(with_submodule / "vendored" / "clearance.toml")
    first = identify(with_submodule)
    append(with_submodule / "vendored" / "clearance.toml")
    second = identify(with_submodule)
    commit(with_submodule / "vendored")
    third = identify(with_submodule)

    assert (first.dirty, second.dirty, third.dirty) == (True, True, True)
    assert len({first.tree, second.tree, third.tree}) == 3


@pytest.mark.parametrize("required", ["true", "false"])
def test_a_missing_filter_counts_as_a_change(repository, required):
    """Where a content filter (as Git LFS is one) is not installed, a touched file counts as changed."""
    git(repository, "config", "filter.large.clean", "no-such-program-of-ours clean %f")
    git(repository, "config", "filter.large.required", required)
    (repository / ".gitattributes").write_text("*.bin filter=large\n")
    (repository / "data.bin").write_text("data\n")

    assert identify(repository).dirty is True


def test_a_repository_of_someone_else_is_refused_with_gits_hint(repository, tmp_path, monkeypatch):
    """Where git suspects the owner of a repository, its own remedy is the hint."""
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 PATH="{os.environ["PATH"]}" exec git "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)

    with pytest.raises(ClearanceError, match="dubious ownership") as caught:
        identify(repository)

    assert "git config --global --add safe.directory" in caught.value.hint


def test_a_broken_index_is_refused(repository):
    """A repository that git cannot read is an error in git's words."""
    (repository / ".git" / "index").write_bytes(b"rubbish")

    with pytest.raises(ClearanceError, match=r"git cannot say what is being judged: .*index"):
        identify(repository)


@pytest.fixture
def plain(tmp_path):
    folder = tmp_path / "no repository"
    (folder / "sub").mkdir(parents=True)
    (folder / "app.py").write_text("one\n")
    (folder / "sub" / "link").symlink_to("../app.py")
    (folder / "loop").symlink_to(".")
    return folder


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: append(folder / "app.py"),
        lambda folder: (folder / "app.py").rename(folder / "b.py"),
        lambda folder: (folder / "app.py").chmod(0o755),
        lambda folder: (folder / "new").touch(),
        lambda folder: ((folder / "sub" / "link").unlink(), (folder / "sub" / "link").symlink_to("elsewhere")),
        lambda folder: ((folder / "loop").unlink(), (folder / "loop").symlink_to("sub")),
    ],
    ids=["bytes", "name", "mode", "new file", "link to a file", "link to a folder"],
)
def test_outside_a_repository_the_files_are_the_tree(plain, change):
    """Without a repository each path, mode and byte counts; there is no commit and the subject is dirty."""
    before = identify(plain)
    again = identify(plain)
    change(plain)
    after = identify(plain)

    assert (before.commit, before.dirty, before.tree[:7]) == (None, True, "sha256:")
    assert before == again
    assert before.tree != after.tree


@pytest.mark.parametrize("cache", ["__pycache__/a.pyc", ".venv/x", ".clearance/x", "node_modules/x", "own/cache"])
def test_outside_a_repository_caches_do_not_count(plain, cache):
    """Caches, and folders that ignore themselves, are no part of the subject."""
    before = identify(plain)
    (plain / cache).parent.mkdir()
    (plain / cache).touch()
    (plain / cache).with_name(".gitignore").write_text("# made by a tool\n*\n")

    assert before == identify(plain)


def test_works_without_git(repository, tmp_path, monkeypatch):
    """Without git on the PATH the files themselves are the tree."""
    monkeypatch.setenv("PATH", str(tmp_path))
    before = identify(repository)
    append(repository / "app.py")

    assert (before.commit, before.dirty) == (None, True)
    assert before.tree != identify(repository).tree


def test_an_interrupt_while_the_temporary_folder_is_deleted():
    """The temporary index and objects are gone, whenever ^C comes."""

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    scratch = subject._scratch()
    try:
        folder = scratch.__enter__()
        for number in range(5000):
            (folder / str(number)).touch()
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        with pytest.raises(KeyboardInterrupt):
            scratch.__exit__(None, None, None)
        assert not folder.exists()
    finally:
        signal.signal(signal.SIGALRM, before)
