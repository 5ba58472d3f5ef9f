"""The verbs that sign, verify, override and remember, with their options."""

from __future__ import annotations

import argparse
from datetime import timedelta

from clearance.cli import attesting, overriding, shelving
from clearance.cli.publishing import ENVELOPE, OUT, VERDICT
from clearance.cli.trusting import commit, days, duration
from clearance.model import Stage

_KEY = "a PEM file, env:VARIABLE, or awskms:KEY (default: the PEM in CLEARANCE_SIGNING_KEY)"


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add attest, verify, key, override and history."""
    _attest(verbs)
    _verify(verbs)
    _key(verbs)
    _override(verbs)
    _history(verbs)


def add_shelf(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a shelf."""
    parser.add_argument("--shelf", metavar="PLACE", help="a folder or s3://bucket/prefix (default: the project's own)")


def _attest(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "attest",
        help="sign a verdict",
        description="Sign a whole verdict, whatever it decided, as an in-toto statement in a DSSE envelope.",
        epilog="exit codes: 0 signed; 2 usage; 3 this verdict is not to be signed",
    )
    parser.add_argument("--verdict", metavar="FILE", help=f"the verdict (default: {OUT}/{VERDICT})")
    parser.add_argument("--key", help=_KEY)
    parser.add_argument("--resource", metavar="URI", help="what the commit belongs to (default: the commit's gitoid)")
    parser.add_argument("--verifier", metavar="URI", help="who judged")
    parser.add_argument("--to", metavar="FILE", help=f"the envelope (default: {ENVELOPE} beside the verdict)")
    add_shelf(parser)
    parser.set_defaults(verb=attesting.attest)


def _verify(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "verify",
        help="say whether a signed verdict lets this commit pass, or in one line why not",
        description="Hold a signed verdict against this commit and policy, the trusted keys and its evidence.",
        epilog="exit codes: 0 passed, or overridden; 1 a trusted verdict is FAIL; 2 usage or policy; "
        "3 nothing that is trusted says so",
    )
    parser.add_argument("envelope", nargs="?", metavar="FILE", help=f"default: {OUT}/{ENVELOPE}, or the shelf's last")
    parser.add_argument("--keys", metavar="FILE", help="the trusted keys (default: clearance.keys.toml)")
    parser.add_argument("--policy", metavar="FILE", help="the policy (default: the nearest clearance.toml)")
    parser.add_argument("--commit", type=commit, help="the commit it must be about (default: what is checked out here)")
    parser.add_argument("--config-digest", metavar="DIGEST", help="the Terraform configuration it must be about")
    parser.add_argument(
        "--stage", type=Stage, choices=list(Stage), default=Stage.CHANGE, metavar="STAGE", help="change (default), ..."
    )
    parser.add_argument(
        "--max-age", type=duration, metavar="TIME", help="how long ago it may have been judged: 24h, 30d"
    )
    parser.add_argument("--override", metavar="FILE", help="an override that counts where the verdict does not")
    add_shelf(parser)
    parser.set_defaults(verb=attesting.verify)


def _key(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "key", help="print a key's public half for clearance.keys.toml", epilog="exit codes: 0 done; 2 usage"
    )
    parser.add_argument("--key", help=_KEY)
    parser.add_argument("--owner", required=True, help="whose key it is")
    parser.add_argument("--use", choices=["verdict", "override"], default="verdict", help="what it may sign")
    parser.add_argument(
        "--days", type=days, default=timedelta(days=90), metavar="N", help="how long its signatures count (default: 90)"
    )
    parser.set_defaults(verb=attesting.key)


def _override(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "override",
        help="let a commit go on without a PASS: two people, a reason, four hours at most",
        description="Begin an override with --reason; a second person signs it with --sign. It is shown in every "
        "report that is made with it, and counted in the history.",
        epilog="exit codes: 0 signed; 2 usage; 3 what is there is not to be signed",
    )
    begin = parser.add_mutually_exclusive_group(required=True)
    begin.add_argument("--reason", help="why the gate cannot be waited for")
    begin.add_argument("--sign", metavar="FILE", help="what another person has begun")
    parser.add_argument("--commit", type=commit, help="the commit (default: what is checked out here)")
    parser.add_argument(
        "--for",
        dest="lasting",
        type=duration,
        default=timedelta(hours=1),
        metavar="TIME",
        help="1h (default), 4h at most",
    )
    parser.add_argument("--key", help=_KEY)
    parser.add_argument("--keys", metavar="FILE", help="the trusted keys (default: clearance.keys.toml)")
    parser.add_argument("--to", metavar="FILE", help=f"where it goes (default: {OUT}/{overriding.FILE})")
    add_shelf(parser)
    parser.set_defaults(verb=overriding.override)


def _history(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "history",
        help="show every attempt at a commit, the failed ones too",
        description="Show each verdict about a commit, its signatures and overrides, the oldest first.",
        epilog="exit codes: 0 there is one; 2 usage; 3 there is none",
    )
    parser.add_argument("commit", metavar="COMMIT", help="seven or more of its digits")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    add_shelf(parser)
    parser.set_defaults(verb=shelving.history)
