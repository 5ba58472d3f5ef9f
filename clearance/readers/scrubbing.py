"""What looks like a credential in a tool's text, replaced: a report is read by more people than a request."""

from __future__ import annotations

import re

GONE = "(removed)"
_NAMES = r"[\w-]*(?:authorization|cookie|credential|passw(?:or)?d|secret|signature|token|api[_-]?key)[\w-]*"
_QUOTED = r""""(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?"""
_PATTERNS = (
    # An HTTP authorization of any scheme (RFC 9110, 11.6.2), and a JSON Web Token wherever it stands (RFC 7519).
    (re.compile(r"\b(Bearer|Basic|Digest)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {GONE}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), GONE),
    (re.compile(rf"""(["']{_NAMES}["']\s*:\s*)({_QUOTED})""", re.IGNORECASE), rf'\1"{GONE}"'),
    (re.compile(rf"(?<![\w-])({_NAMES}=)[^\s&;,\"']+", re.IGNORECASE), rf"\1{GONE}"),
    (re.compile(rf"(?m)^((?:E? +)?{_NAMES}: )(?!(?:\w+ )?\(removed\)$).+$", re.IGNORECASE), rf"\1{GONE}"),
    (re.compile(r"(\w+://[^\s/:@]+:)[^\s/@]+(?=@)"), rf"\1{GONE}"),
)


_BANDIT = "Possible hardcoded password: "


def conceal(message: str) -> str:
    """Take the password out of what Bandit says of one (B105 to B107), in its JSON as in its SARIF."""
    return _BANDIT + GONE if message.startswith(_BANDIT) else message


def scrub(text: str) -> str:
    """Take tokens, passwords and the like out of a text; what stands around them stays."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
