"""The shelf: what is kept is found again, whole or not at all."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Decision, Stage
from clearance.shelf import Folder, fence, replace
from clearance.shelf.attempts import Attempt, Kind

DIGEST = "sha256:" + "0" * 64
OTHER = "sha256:" + "1" * 64


def test_an_empty_shelf_has_nothing(tmp_path):
    """Looking creates nothing and finds nothing."""
    assert Folder(tmp_path / "shelf").find("bandit", DIGEST) is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_is_found(tmp_path):
    """The bytes kept last for a check and its inputs come back, in another process's shelf too; no other's do."""
    shelf = Folder(tmp_path / "shelf")
    shelf.keep("bandit", DIGEST, b"old")
    shelf.keep("bandit", DIGEST, b"new")

    assert Folder(tmp_path / "shelf").find("bandit", DIGEST) == b"new"
    assert [shelf.find("bandit", OTHER), shelf.find("unit", DIGEST)] == [None, None]


@given(names=st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True), data=st.binary())
def test_any_name_stays_inside_and_apart(tmp_path_factory, names, data):
    """Whatever a check is called, its evidence stays in the shelf and apart from every other check's."""
    folder = tmp_path_factory.mktemp("any") / "shelf"
    shelf = Folder(folder)
    shelf.keep(names[0], DIGEST, data)

    assert (data, None) == (shelf.find(names[0], DIGEST), shelf.find(names[1], DIGEST))
    assert [folder] == list(folder.parent.iterdir())


def test_it_keeps_the_latest_of_each_check(tmp_path):
    """Beyond its size the oldest evidence of a check goes; what was found lately and what others have stays."""
    shelf = Folder(tmp_path, kept_per_check=3)
    shelf.keep("other", DIGEST, b"other")
    digests = [f"sha256:{n:064}" for n in range(4)]
    for age, digest in enumerate(digests[:3]):
        shelf.keep("bandit", digest, digest.encode())
        for file in (tmp_path / "bandit").glob(f"{digest[7:]}*"):
            os.utime(file, (age, age))
    assert shelf.find("bandit", digests[0]) is not None
    shelf.keep("bandit", digests[3], b"3")

    assert [shelf.find("bandit", digest) is not None for digest in digests] == [True, False, True, True]
    assert shelf.find("other", DIGEST) == b"other"


def test_no_part_of_a_file_is_ever_seen(tmp_path):
    """While several write, each reader sees one of the whole pieces, and no temporary file remains."""
    shelf = Folder(tmp_path)
    pieces = [bytes([n]) * 200_000 for n in range(8)]
    shelf.keep("unit", DIGEST, pieces[0])
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(shelf.keep, "unit", DIGEST, piece) for piece in pieces * 5]
        seen = {shelf.find("unit", DIGEST) for _ in range(100)}
    for one in done:
        one.result()

    assert seen <= set(pieces)
    assert len(list((tmp_path / "unit").iterdir())) == 1


def test_a_link_is_not_followed(tmp_path):
    """A link in the place of evidence is treated as absent, and replaced rather than written through."""
    shelf = Folder(tmp_path / "shelf")
    shelf.keep("unit", DIGEST, b"real")
    (file,) = (tmp_path / "shelf" / "unit").iterdir()
    file.unlink()
    (tmp_path / "secret").write_bytes(b"secret")
    file.symlink_to(tmp_path / "secret")

    assert shelf.find("unit", DIGEST) is None
    shelf.keep("unit", DIGEST, b"again")
    assert (shelf.find("unit", DIGEST), (tmp_path / "secret").read_bytes()) == (b"again", b"secret")


def test_the_folder_stays_out_of_version_control(tmp_path):
    """A fenced folder ignores itself, and a .gitignore that someone wrote there is kept."""
    Folder(tmp_path / ".clearance" / "evidence").keep("unit", DIGEST, b"")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / ".gitignore").write_text("mine\n")
    fence(tmp_path / "own")

    assert (tmp_path / ".clearance" / "evidence" / ".gitignore").read_text() == "*\n"
    assert (tmp_path / "own" / ".gitignore").read_text() == "mine\n"


def test_a_failed_write_leaves_the_old_file(tmp_path):
    """When the new file cannot take the old one's place, nothing temporary is left."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()

    with pytest.raises(OSError, match="taken"):
        replace(tmp_path / "taken", b"data")
    assert [tmp_path / "taken"] == list(tmp_path.iterdir())


def attempt(commit="c0" * 20, minute=0, kind=Kind.JUDGED, **more):
    return Attempt(kind=kind, commit=commit, at=datetime(2026, 11, 24, 12, minute, tzinfo=UTC), **more)


def test_what_is_stored_is_fetched_by_its_digest(tmp_path):
    """Bytes come back under the digest that storing them gave, in whatever process; nothing else does."""
    shelf = Folder(tmp_path / "shelf")
    digest = shelf.store(b"data")

    assert (b"data", None) == (Folder(tmp_path / "shelf").fetch(digest), shelf.fetch(DIGEST))
    assert None is shelf.fetch("sha256:../../etc/passwd")


def test_a_commits_history_is_in_order_and_whole(tmp_path):
    """Records come back oldest first, by the commit or how it begins; filing one again adds none."""
    shelf = Folder(tmp_path)
    records = [
        attempt(minute=1, decision=Decision.FAIL, stage=Stage.CHANGE, failing=("unit",), flags=("partial",)),
        attempt(minute=2, kind=Kind.OVERRIDDEN, people=("ann", "bob"), reason="r", expires=datetime.now(UTC)),
        attempt(minute=3, decision=Decision.PASS, stage=Stage.CHANGE, digest=DIGEST),
    ]
    for one in (*reversed(records), *records, attempt(commit="d1" * 20)):
        shelf.file(one)

    assert tuple(records) == shelf.attempts("c0" * 20) == shelf.attempts("c0c0c0c")
    assert () == shelf.attempts("c0ffee")


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b'{"kind":"judged","commit":"c0","at":"2026-11-24T12:00:00"}'])
def test_a_damaged_record_is_a_record(tmp_path, damage):
    """What was changed or cut short is still counted as an attempt at its commit."""
    shelf = Folder(tmp_path)
    shelf.file(attempt())
    (file,) = (tmp_path / ".attempts" / ("c0" * 20)).iterdir()
    file.write_bytes(damage)

    assert [(Kind.UNREADABLE, "c0" * 20)] == [(one.kind, one.commit) for one in shelf.attempts("c0c0c0c")]
