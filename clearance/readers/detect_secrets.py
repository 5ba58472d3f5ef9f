"""The JSON of detect-secrets (`detect-secrets scan`), as detect-secrets 1.5.0 writes it.

It exits 0 whatever it finds, over an empty folder, over a missing one, and over a folder outside git, of which it
searches nothing. Its report names the files with finds alone; which others it searched is said by a plugin,
`security/secrets/witness.py`. What the report holds of a secret is a hash, and not even that goes into the evidence:
fingerprints rest on path, detector and occurrence alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from clearance.model import Finding, Materials, Reading
from clearance.readers.decoding import Line, decode
from clearance.readers.identity import identified
from clearance.readers.moments import moment_of
from clearance.readers.places import relative

# https://github.com/Yelp/detect-secrets, version 1.5.0: what a scan without options uses.
DETECTORS = (
    *("ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "Base64HighEntropyString"),
    *("BasicAuthDetector", "CloudantDetector", "DiscordBotTokenDetector", "GitHubTokenDetector"),
    *("GitLabTokenDetector", "HexHighEntropyString", "IbmCloudIamDetector", "IbmCosHmacDetector", "IPPublicDetector"),
    *("JwtTokenDetector", "KeywordDetector", "MailchimpDetector", "NpmDetector", "OpenAIDetector"),
    *("PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector", "SoftlayerDetector"),
    *("SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector"),
)
LIMITS = {"Base64HighEntropyString": 4.5, "HexHighEntropyString": 3.0}
_FILTERS = "detect_secrets.filters."
HEURISTICS = frozenset(
    {
        *("is_indirect_reference", "is_likely_id_string", "is_lock_file", "is_not_alphanumeric_string"),
        *("is_potential_uuid", "is_prefixed_with_dollar_sign", "is_sequential_string", "is_swagger_file"),
        "is_templated_secret",
    }
)
ALLOWLIST = "detect_secrets.filters.allowlist.is_line_allowlisted"
_WITNESS = "ClearanceWitness"


class _Plugin(msgspec.Struct, frozen=True, gc=False):
    name: str
    limit: Any = None
    base64_limit: Any = None  # before version 1.0
    hex_limit: Any = None
    keyword_exclude: Any = None
    searched: list[str] = []


class _Filter(msgspec.Struct, frozen=True, gc=False):
    path: str


class _Secret(msgspec.Struct, frozen=True, gc=False):
    type: str
    line_number: Line | None = None
    is_secret: bool | None = None


class _Report(msgspec.Struct, frozen=True, gc=False):
    version: str
    plugins_used: list[_Plugin]
    results: dict[str, list[_Secret]]
    filters_used: list[_Filter] | None = None
    generated_at: Any = None


def read(report: bytes, materials: Materials) -> Reading:
    """Read a report of detect-secrets. Reach and `covered` are the files that its witness saw searched.

    An input without a single visible character counts as covered: there is nothing in it to search. A find that
    someone has labelled as no secret is suppressed, and a finding all the same; no finding has a severity. Problems: no
    witness; a detector that is missing or was blunted; a filter beyond the built-in heuristics, such as obeyed
    allowlist comments, an exclusion, a baseline, or the verification of secrets over the network. Raises
    `UnreadableError` for anything but such a report.
    """
    scan = decode(report, _Report, "a detect-secrets JSON report")
    plugins = {plugin.name: plugin for plugin in scan.plugins_used}
    witness = plugins.get(_WITNESS)
    told = witness.searched if witness is not None else list(scan.results)
    searched = {relative(path, materials.root) for path in told}
    empty = {path for path in materials.files if path not in searched and not materials.files[path].strip()}
    return Reading(
        reach=len(searched),
        unit="files",
        covered=tuple(sorted(searched | (empty if searched else set()))),
        findings=identified("detect-secrets", ((finding, "") for finding in _findings(scan, materials))),
        problems=(*_blindness(plugins), *_filters(scan)),
        tool=f"detect-secrets {scan.version}",
        made_at=moment_of(scan.generated_at),
    )


def _findings(scan: _Report, materials: Materials) -> Iterator[Finding]:
    for name, secrets in scan.results.items():
        path = relative(name, materials.root)
        for secret in secrets:
            line = secret.line_number if secret.line_number and secret.line_number > 0 else None
            yield Finding(
                rule=secret.type,
                message="what looks like a secret stands here: revoke it if it is one, and take it out of the history",
                path=path,
                line=line,
                suppressed=secret.is_secret is False,
            )


def _blindness(plugins: dict[str, _Plugin]) -> Iterator[str]:
    """Say which of its detectors the scan lacked, and whether it says what it searched."""
    if _WITNESS not in plugins:
        yield (
            "the report does not say which files were searched, only where something was found; scan with "
            "--plugin security/secrets/witness.py, which lists them"
        )
    missing = [name for name in DETECTORS if name not in plugins]
    if missing:
        yield (
            f"{len(missing)} of {len(DETECTORS)} detectors were not used ({', '.join(missing)}); scan without "
            "--disable-plugin and --baseline, by a detect-secrets that has them all (1.5)"
        )
    for name, limit in LIMITS.items():
        used = _limit(plugins[name]) if name in plugins else limit
        if not isinstance(used, int | float) or used > limit:
            yield f"{name} looks only for entropy above {used}, its own limit is {limit}; scan without --*-limit"
    if "KeywordDetector" in plugins and plugins["KeywordDetector"].keyword_exclude:
        yield "KeywordDetector leaves some keywords out (keyword_exclude); scan without a baseline that says so"


def _limit(plugin: _Plugin) -> object:
    stated = (plugin.limit, plugin.base64_limit, plugin.hex_limit)
    return next((limit for limit in stated if limit is not None), None)


def _filters(scan: _Report) -> Iterator[str]:
    if scan.filters_used is None:
        yield "the report does not say which filters hid what; scan with detect-secrets 1.0 or newer"
    for path in (used.path for used in scan.filters_used or ()):
        if path == ALLOWLIST:
            yield (
                "`pragma: allowlist secret` comments were obeyed, and what they hide is not in the report; scan with "
                f"--disable-filter {ALLOWLIST}, and waive in the policy what is accepted"
            )
        elif path.endswith(".is_ignored_due_to_verification_policies"):
            yield (
                "secrets were shown to the services that they are for, and left out of the report depending on the "
                "answer; scan with --no-verify"
            )
        elif path.removeprefix(_FILTERS + "heuristic.") not in HEURISTICS:
            yield (
                f"the filter {path} may hide secrets; scan without it (--exclude-*, --filter, --word-list, "
                "--baseline), and waive in the policy what is accepted"
            )
