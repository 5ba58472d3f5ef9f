"""Fingerprints."""

from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Finding
from clearance.readers.identity import Fingerprints, identified

ANY = st.text(max_size=6)


def fingerprint(**changes: str) -> str:
    parts = {"family": "tool", "rule": "R1", "place": "a.py", "text": "x = call(1)"} | changes
    return Fingerprints().of(**parts)


def test_a_fingerprint_is_the_same_in_every_version():
    """Fingerprints are kept in baselines and code scanning, so this value must never change."""
    assert fingerprint() == "b3e9aad3892e8f5f7de93679afdc17b4"


def test_white_space_does_not_count():
    """A line that is only indented or reformatted keeps its identity."""
    assert fingerprint() == fingerprint(text="\t x=call( 1 )\n")


def test_neither_line_nor_message_counts():
    """Findings that differ in those alone share their first fingerprint."""
    here, there = (identified("tool", [(Finding(rule="R", message=m, path="a", line=n), "x")]) for m, n in ("a1", "b2"))
    assert here[0].fingerprint == there[0].fingerprint


def test_a_resource_goes_before_a_path():
    """A resource keeps its identity when it moves to another file."""
    one, two = (identified("t", [(Finding(rule="R", message="", path=p, resource="db"), "")]) for p in ("a", "b"))
    assert one[0].fingerprint == two[0].fingerprint


@given(st.tuples(ANY, ANY, ANY, ANY), st.tuples(ANY, ANY, ANY, ANY))
def test_different_content_has_different_fingerprints(one, two):
    """No neighbouring parts run into each other."""
    apart = (*one[:3], "".join(one[3].split())) != (*two[:3], "".join(two[3].split()))
    assert apart == (Fingerprints().of(*one) != Fingerprints().of(*two))


@given(st.lists(st.tuples(st.sampled_from("RS"), st.sampled_from("ab"), st.sampled_from("xy"))))
def test_fingerprints_are_unique_and_independent_of_what_comes_later(keys):
    """Equal findings are told apart by their order, and more findings change no earlier fingerprint."""
    found = [(Finding(rule=rule, message="", path=path), text) for rule, path, text in keys]
    prints = [finding.fingerprint for finding in identified("tool", found)]
    assert len(prints) == len(set(prints))
    assert [finding.fingerprint for finding in identified("tool", found[:-1])] == prints[: len(found[:-1])]


def test_a_path_that_is_not_unicode_has_a_fingerprint():
    """Half of a surrogate pair, as Python keeps an undecodable file name, is no obstacle."""
    assert len(fingerprint(place="caf\udce9.py")) == 32
