"""`steplabel-agent verify`: check an opening against its draw, a commitment and the portal's keys;
or a receipt. From files alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from reporting_agent.commands import add_report
from reporting_agent.commands.audit import add_password, write_file


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "verify",
        help="check an opening, a receipt, a challenge or a published benchmark, from files alone",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="opening, draw, promise, commitment; any file that the portal serves: evidence, "
        "head, entries, proofs, receipt, benchmark",
    )
    parser.add_argument(
        "--fingerprint",
        metavar="HEX",
        help="of the key that signs the portal's directory, as an enrolment token names it",
    )
    parser.add_argument(
        "--auditor",
        metavar="HEX",
        help="id of the auditor's key as the certification body states it, for a signed statement",
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="the auditor's keys, for an opening that is sealed",
    )
    add_password(parser)
    parser.add_argument(
        "--site",
        metavar="FILE",
        help="on site: the plant's site.toml; the whole label is recomputed from its files",
    )
    add_report(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from benchmarks.errors import ExitCode
    from reporting_agent.audit.openings import files, telling
    from reporting_agent.audit.openings.verifying import Trust, verify
    from reporting_agent.commands.audit import load_keys
    from reporting_agent.config import load_site
    from reporting_agent.console import emit

    telling.require_kind(args.out)
    handed = files.read_all(args.files)
    unsealing = None if args.keys is None else load_keys(args).sealing
    site = None if args.site is None else load_site(args.site)
    folder = args.files[0].parent if site is None else site.folder
    trust = Trust(
        key_id("--fingerprint", args.fingerprint), unsealing, key_id("--auditor", args.auditor)
    )
    verdict = verify(handed, trust, site=site, folder=folder)
    if args.out is not None:
        write_file(args.out, telling.report(verdict, args.out, args.lang, datetime.now(UTC)))
    emit(args, verdict.to_json(), telling.lines(verdict, args.lang))
    return ExitCode.DONE if verdict.holds else ExitCode.INPUT


def key_id(option: str, text: str | None) -> str | None:
    """A key's id as somebody copied it: with blanks around it, or in capitals."""
    from benchmarks.errors import UsageError
    from benchmarks.phrases import Phrase
    from benchmarks.wire.records import HEX_DIGEST

    if text is None:
        return None
    if not HEX_DIGEST.fullmatch(id_ := text.strip().lower()):
        raise UsageError(
            "fingerprint-incomplete",
            Phrase(
                "%(option)s takes all 64 digits of 0 to 9 and a to f, and not %(text)s.",
                option=option,
                text=repr(text),
            ),
            "Copy it whole, as an enrolment token, the coordinator or the certification body "
            "names it.",
        )
    return id_
