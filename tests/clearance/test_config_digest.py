"""The digest of a Terraform configuration: the same from a clone and from the archive, pinned, and strict."""

import gzip
import hashlib
import io
import os
import subprocess
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import ClearanceError
from clearance.subject import configured, identify
from clearance.subject.configuration import Member, digest, of_archive, of_files
from clearance.subject.ignoring import Rules

VECTOR = (
    Member("infra/main.tf", "file", b'module "a" {\n  source = "../modules/a"\n}\n'),
    Member("infra/run.sh", "executable", b"#!/bin/sh\n"),
    Member("infra/latest.tf", "link", b"main.tf"),
    Member("modules/a/\xc3\xa4.tf".encode("latin-1").decode(), "file", b""),
)


def archive(members, compress=True):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz" if compress else "w") as tar:
        for member in members:
            info = tarfile.TarInfo(member.path)
            info.mode = 0o755 if member.kind == "executable" else 0o644
            info.mtime = 1
            if member.kind == "link":
                info.type, info.linkname = tarfile.SYMTYPE, member.content.decode()
            else:
                info.size = len(member.content)
            tar.addfile(info, None if member.kind == "link" else io.BytesIO(member.content))
    return io.BytesIO(out.getvalue())


def git(folder, *words):
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {f"GIT_{role}_{key}": "someone@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **who}
    subprocess.run(["git", *words], cwd=folder, env=env, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """A repository whose working folder for Terraform uses a module beside it."""
    folder = tmp_path / "a repository"
    folder.mkdir()
    for member in VECTOR:
        path = folder / member.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.kind == "link":
            path.symlink_to(member.content.decode())
        else:
            path.write_bytes(member.content)
            path.chmod(0o755 if member.kind == "executable" else 0o644)
    (folder / ".gitignore").write_text("infra/.terraform/\n*.tfstate\n")
    (folder / ".terraformignore").write_text("/.gitignore\n/.terraformignore\n/docs/\n")
    (folder / "docs").mkdir()
    (folder / "docs" / "page.md").touch()
    (folder / "infra" / "here.tfstate").write_text("{}")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "All of it")
    return folder


def test_the_digest_is_defined_to_the_byte():
    """The test vector of docs/reference/attestation.md, spelled out: a head, then each member sorted by path."""
    lines = [
        b"15:infra/latest.tf link " + hashlib.sha256(b"main.tf").hexdigest().encode(),
        b"13:infra/main.tf file " + hashlib.sha256(VECTOR[0].content).hexdigest().encode(),
        b"12:infra/run.sh executable " + hashlib.sha256(b"#!/bin/sh\n").hexdigest().encode(),
        b"15:modules/a/\xc3\xa4.tf file " + hashlib.sha256(b"").hexdigest().encode(),
    ]
    expected = hashlib.sha256(b"clearance configuration 1\n" + b"".join(line + b"\n" for line in lines)).hexdigest()

    assert digest(VECTOR) == f"sha256:{expected}"
    assert "bd6d0c44 a840e444 0aec6a37 98e5b1ef dedf4a93 6367487a 397a5c69 7929e097".replace(" ", "") == expected


@pytest.mark.parametrize("compress", [True, False])
def test_a_clone_and_the_archive_of_it_have_one_digest(repository, compress):
    """The module outside the working folder is in it; state, ignored files and git's own folder are not."""
    assert identify(repository).config_digest == digest(VECTOR) == of_archive(archive(VECTOR, compress))


def test_git_archives_it_alike(repository):
    """An archive that git makes, with a folder entry each and a global header, has the digest of its files."""
    made = repository.parent / "made.tar"
    git(repository, "archive", "--format=tar", f"--output={made}", "HEAD", "infra", "modules")
    with made.open("rb") as file:
        assert of_archive(file) == digest(VECTOR)


def test_a_subfolder_is_judged_by_the_whole_repositorys_configuration(repository):
    """A project below the root of its repository has the digest of the root: that is what is uploaded."""
    (repository / "infra" / "clearance.toml").write_text("")
    git(repository, "add", "-A")
    whole = digest([*VECTOR, Member("infra/clearance.toml", "file", b"")])

    assert (whole, whole) == (identify(repository / "infra").config_digest, configured(repository / "infra"))


def test_a_submodule_that_is_checked_out_is_part_of_it(repository, tmp_path):
    """Files of a checked-out submodule are digested in their place, without its git folder."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "x.tf").write_text("x")
    git(inner, "init", "-q", "-b", "main")
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "One")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "modules/x")
    (repository / ".terraformignore").write_text("/.git*\n/.terraformignore\n/docs/\n")

    assert digest([*VECTOR, Member("modules/x/x.tf", "file", b"x")]) == identify(repository).config_digest


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,3}(/[a-z]{4}){0,2}", fullmatch=True),
        st.tuples(st.sampled_from(["file", "executable"]), st.binary(max_size=9)),
        min_size=1,
        max_size=5,
    ),
    st.data(),
)
def test_whatever_differs_shows_and_order_does_not(files, data):
    """A changed byte, bit or name changes the digest; another order of the members does not."""
    members = [Member(path, *rest) for path, rest in files.items()]
    one = data.draw(st.sampled_from(members))
    rest = [member for member in members if member is not one]
    other = "file" if one.kind == "executable" else "executable"
    changed = [one._replace(content=one.content + b"x"), one._replace(kind=other), one._replace(path=one.path + "-")]

    assert digest(members) == digest(reversed(members)) == of_archive(archive(members))
    assert len({digest(members), digest(rest), *(digest([*rest, change]) for change in changed)}) == 5


def test_without_terraform_there_is_none(tmp_path):
    """Where no file is Terraform's, nothing is digested."""
    (tmp_path / "a.py").touch()

    assert of_files(tmp_path, ["a.py"]) is None


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (Member("../a.tf", "file", b""), "leads out"),
        (Member("/a.tf", "file", b""), "leads out"),
        (Member("a", "link", b"/etc/passwd"), "leads out"),
        (Member("b/a", "link", b"../../x"), "leads out"),
        (Member("infra/main.tf", "file", b""), "twice"),
        (Member("./infra//main.tf", "file", b""), "twice"),
        (Member("infra/latest.tf/x.tf", "file", b""), "behind a link"),
    ],
)
def test_what_nobody_may_unpack_is_refused(member, why):
    """A path or a link that leads out, a file that is there twice, a file below a link: refused by name."""
    with pytest.raises(ClearanceError, match=why):
        digest([*VECTOR, member])
    with pytest.raises(ClearanceError, match=why):
        of_archive(archive([*VECTOR, member]))


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_an_archive_holds_files_and_links_alone(kind):
    """Hard links, pipes and devices are refused."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("a")
        info.type, info.linkname = kind, "b"
        tar.addfile(info)

    with pytest.raises(ClearanceError, match="neither file nor link"):
        of_archive(io.BytesIO(out.getvalue()))


def header(name="main.tf", *, kind=tarfile.REGTYPE, content=b"", size=None, fields=()):
    """One member as it stands in an archive; `fields` are bytes that are put at an offset, and summed up again."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content) if size is None else size
    made = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    for offset, value in dict(fields).items():
        made[offset : offset + len(value)] = value
    if 148 not in dict(fields):
        made[148:156] = b" " * 8
        made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made) + content + b"\0" * (-len(content) % 512)


SOUND = header()
EXTENDED = b"10 path=a\n"
# What Python's tarfile reads in one way, and Go's archive/tar, or an unpacker beside it, in another.
AMBIGUOUS = {
    "a sum that begins with a zero byte, the end for tarfile": header(fields={148: b"\0%06o\0" % 0}),
    "a size that begins with a zero byte": header(fields={124: b"\0" + b"0000000005\0"}),
    "a size with a prefix of Python's": header(fields={124: b"0o000000005\0"}),
    "a size in base 256": header(fields={124: b"\x80" + b"\0" * 10 + b"\5"}),
    "a size that is negative": header(fields={124: b"\xff" * 11 + b"\0"}),
    "a prefix where GNU keeps moments": header(fields={257: b"ustar  \0", 345: b"elsewhere"}),
    "a prefix as star has it": header(fields={345: b"a", 508: b"tar\0"}),
    "no magic": header(fields={257: b"\0" * 8}),
    "a file of before POSIX that could be a folder": header("main.tf/", kind=tarfile.AREGTYPE),
    "a contiguous file": header(kind=tarfile.CONTTYPE),
    "a sparse file": header(kind=tarfile.GNUTYPE_SPARSE),
    "an extension of Solaris": header(kind=tarfile.SOLARIS_XHDTYPE, content=EXTENDED) + SOUND,
    "two extensions of one file": header(kind=tarfile.XHDTYPE, content=EXTENDED) * 2 + SOUND,
    "a long name and an extension": header(kind=tarfile.GNUTYPE_LONGNAME, content=b"b\0")
    + header(kind=tarfile.XHDTYPE, content=EXTENDED)
    + SOUND,
    "a path for all": header(kind=tarfile.XGLTYPE, content=EXTENDED) + SOUND,
    "a size for all": header(kind=tarfile.XGLTYPE, content=b"9 size=0\n") + SOUND,
    "a size that is told twice": header(kind=tarfile.XHDTYPE, content=b"9 size=0\n") + header(content=b"x"),
    "a map of holes": header(kind=tarfile.XHDTYPE, content=b"22 GNU.sparse.major=1\n") + SOUND,
    "half a header": SOUND[:300],
}


@pytest.mark.parametrize("hostile", AMBIGUOUS.values(), ids=AMBIGUOUS)
@pytest.mark.parametrize("before", [b"", header("first.tf", content=b"sound")], ids=["first", "second"])
def test_what_another_program_could_read_differently_is_refused(hostile, before):
    """Terraform Cloud unpacks with another library than ours: a cleared digest must not name what only we see."""
    with pytest.raises(ClearanceError):
        of_archive(io.BytesIO(before + hostile))


def test_members_as_usual_tools_write_them_are_read():
    """Also with a comment on all of them, as `git archive` leaves it, and with moments that pax knows exactly."""
    commented = header(kind=tarfile.XGLTYPE, content=b"16 comment=abcd\n")
    dated = header(kind=tarfile.XHDTYPE, content=b"20 mtime=1700000.25\n")
    archives = [SOUND, commented + SOUND, dated + SOUND, commented + dated + SOUND]
    assert 1 == len({of_archive(io.BytesIO(one + bytes(1024))) for one in archives})


def test_an_extension_is_not_held_in_memory_whatever_its_size():
    """It would be, before a byte of it is counted: four megabytes can unpack to a gigabyte."""
    bomb = gzip.compress(header(kind=tarfile.XHDTYPE, size=7 << 30) + bytes(1 << 20))
    with pytest.raises(ClearanceError, match="an extension of 7,516,192,768 bytes"):
        of_archive(io.BytesIO(bomb))


def test_an_archive_is_read_in_bounds():
    """More bytes or members than allowed are refused before they are read, however well they are packed."""
    packed = archive([Member("a.tf", "file", b"0" * 100_000)])

    with pytest.raises(ClearanceError, match="larger than 1,000 bytes"):
        of_archive(packed, limit=1000)
    with pytest.raises(ClearanceError, match="3 members"):
        of_archive(archive(VECTOR), members=3)


@pytest.mark.parametrize("cut", [0, 20, 60])
def test_a_damaged_archive_is_refused(cut):
    """An archive that ends too soon, or is none, is refused."""
    whole = archive(VECTOR).getvalue()

    with pytest.raises(ClearanceError, match="damaged"):
        of_archive(io.BytesIO(whole[:cut]))
    with pytest.raises(ClearanceError, match="damaged"):
        of_archive(io.BytesIO(gzip.compress(b"no archive" * 99)))


def test_a_link_that_leads_out_leaves_no_digest_and_a_reason(repository):
    """What Terraform Cloud could not unpack has no digest, and `configured` says why."""
    (repository / "infra" / "out.tf").symlink_to("/etc/hostname")

    assert identify(repository).config_digest is None
    with pytest.raises(ClearanceError, match="leads out of the configuration"):
        configured(repository)


def test_rules_behind_a_link_leave_no_digest_and_a_reason(repository):
    """Whoever follows the link leaves out what we would keep: that is said, and nothing is digested."""
    (repository / ".terraformignore").rename(repository / "rules")
    (repository / ".terraformignore").symlink_to("rules")

    assert identify(repository).config_digest is None
    with pytest.raises(ClearanceError, match=r"\.terraformignore is a link"):
        configured(repository)


@pytest.mark.parametrize(
    ("lines", "kept", "left_out"),
    [
        ("", ["main.tf", ".terraform/modules/a/x.tf", "a/.terraform/modules/m.json"], [".git/config", "a/.git/x"]),
        ("", [".gitignore", ".terraform.lock.hcl"], [".terraform/providers/x", "a/.terraform/environment"]),
        ("notes.md", ["a/notes.md.tf", "xnotes.md"], ["notes.md", "a/b/notes.md"]),
        ("/notes.md", ["a/notes.md"], ["notes.md"]),
        ("docs/", ["docs"], ["docs/a", "x/docs/a/b"]),
        ("/docs/", ["x/docs/a"], ["docs/a/b"]),
        ("*.md\n!README.md", ["README.md", "a/README.md"], ["x.md", "a/x.md"]),
        ("!README.md\n*.md", [], ["README.md"]),
        ("/*\n!/infra/", ["infra/a/b.tf"], ["x.tf"]),
        ("/*", ["a/b"], ["a"]),
        ("/docs/*\n", [], ["docs/a", "docs/a/b"]),
        ("/docs/*\n!x", ["docs/a/b"], ["docs/a"]),
        ("a?c", ["a/c", "ac"], ["abc"]),
        ("**/x/**/y.tf", ["y.tf"], ["x/y.tf", "a/x/b/c/y.tf"]),
        ("v[0-9].tf", ["va.tf"], ["v1.tf", "a/v2.tf"]),
        ("  # a comment\n\n   notes.md   ", ["# a comment"], ["notes.md"]),
        ("!.terraform/", [".terraform/providers/x"], [".git/x"]),
        (r"a\*b", ["axb"], ["a*b"]),
        ("a.b", ["axb"], ["a.b"]),
        # what a packer for Terraform is known to keep and leave out (go-slug, internal/ignorefiles)
        ("terraform.d/\n!/terraform.d/", ["terraform.d", "terraform.d/foo"], ["some-module/terraform.d/x"]),
        ("boop.txt\n!/boop.txt", ["boop.txt", "xboop.txt"], ["baz/boop.txt"]),
        (
            "foo/*.md\nbar/something-[a-z].txt",
            ["a.md", "bar/something-0.txt"],
            ["foo/ignored.md", "bar/something-a.txt"],
        ),
        ("src/**/*\n!src/foo/bar.txt\nlogs/\ntmp/", ["src/foo/bar.txt"], ["src/baz/x", "logs/a/b", "tmp/a"]),
        ("a/\n!a/keep.tf", ["a/keep.tf"], ["a/b", "x/a/y"]),
        ("!a/keep.tf\na/", [], ["a/keep.tf", "a/b"]),
        ("/a/**", ["a", "b/a/c"], ["a/b", "a/b/c"]),
        ("a/**/b", ["xa/b", "a/bc"], ["a/b", "a/x/y/b", "z/a/b"]),
        ("[!a].tf", ["b.tf"], ["a.tf", "!.tf"]),
        ("a$b", ["a"], ["a$b"]),
        ("crlf.md\r\n!x.md\r\n", ["x.md"], ["crlf.md"]),
        ("Docs/", ["docs/a"], ["Docs/a"]),
        ("/", [], ["a", "a/b.tf"]),
    ],
)
def test_terraformignore(lines, kept, left_out):
    """What the upload keeps and leaves out: later lines win, `!` takes back, a folder may go as a whole."""
    rules = Rules(lines.encode())

    assert [] == [path for path in kept if rules.excludes(path)]
    assert [] == [path for path in left_out if not rules.excludes(path)]


@pytest.mark.parametrize(
    "line",
    ["a+b", "a(b", "{a,b}", "a|b", "a[", "[z-a]", r"\d", "a\\", "!", "[a*]", "[?]", "[a--b]", "[a&&b]", "\\é", "\\—"],
)
def test_a_line_that_nobody_can_be_sure_of_is_refused(line):
    """Where the packer's regular expression would show through, we say so instead of guessing."""
    with pytest.raises(ClearanceError, match="regular expression"):
        Rules(line.encode())


def test_rules_that_are_no_text_are_refused():
    """A file of another encoding is refused."""
    with pytest.raises(ClearanceError, match="UTF-8"):
        Rules(b"\xff")
