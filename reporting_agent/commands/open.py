"""`steplabel-agent open`: answer an auditor's draw with records, proofs, readings and the report's
key, in one file for that auditor.

No connection is made, and nothing goes to the portal. What the file shows is told first, and
written after a yes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, in_context
from reporting_agent.commands import add_language, add_site
from reporting_agent.commands.audit import write_file


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "open",
        help="answer an auditor's draw: records, proofs, readings and the report's key in "
        "one file, never to the portal",
    )
    parser.add_argument("draw", type=Path, metavar="DRAW", help="the auditor's draw")
    add_site(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="where the opening goes"
    )
    parser.add_argument(
        "--promise",
        type=Path,
        metavar="FILE",
        help="the promise that the auditor gave before: the draw is held to it",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="do not ask: what the file shows was read and is agreed to",
    )
    add_language(parser)
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    import os
    from datetime import UTC, datetime

    from benchmarks import packs
    from benchmarks.audit import openings, signed_draws
    from benchmarks.errors import ExitCode
    from benchmarks.privacy.randomness import ReportKey
    from benchmarks.wire.sealing import ProcessingPublicKey
    from reporting_agent.audit.openings import assembling
    from reporting_agent.audit.openings.assembling import ExchangedFiles, assemble
    from reporting_agent.audit.openings.files import read_one
    from reporting_agent.config import load_site
    from reporting_agent.console import emit, say
    from reporting_agent.sending import enrolment
    from reporting_agent.state import StateDirectory

    draw = signed_draws.read(read_one(args.draw))
    if args.promise is not None:
        signed_draws.require_promised(draw, signed_draws.read_promise(read_one(args.promise)))
    site = load_site(args.site)
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with state.exclusive(), state.connect() as connection:
        identity = enrolment.identity(state, connection, site.id)
        parcel = assembling.parcel_of(connection, draw)
    key = ReportKey.of(identity.seed, parcel.site, parcel.period, parcel.revision)
    tree, _ = assembling.tree_of(site, parcel, key)
    assert parcel.challenge is not None  # noqa: S101  # `parcel_of` refuses a report without
    assert parcel.plaintext is not None  # noqa: S101
    pack = packs.load(site.pack, site.pack_version, site.folder)
    answered = ExchangedFiles(
        key.secret, parcel.challenge, parcel.plaintext, identity.device_key.public
    )
    assembled = assemble(draw, tree, site, pack, answered, say)
    lines = assembling.shown_by_opening(args.lang, draw, assembled, sealed=draw.seal_to is not None)
    for line in lines:
        say(line)
    agree(args)
    signed = openings.sign(assembled.opening, identity.device_key)
    recipient = None if draw.seal_to is None else ProcessingPublicKey(draw.seal_to)
    write_file(
        args.out, signed if recipient is None else openings.seal(signed, draw.digest, recipient)
    )
    assembling.note(state, draw, assembled, sealed=recipient is not None, now=datetime.now(UTC))
    payload = {
        "file": str(args.out),
        "opening": assembled.opening.digest,
        "draw": draw.digest,
        "drawn": len(assembled.drawn),
        "batches": len(assembled.batches),
        "days": assembled.days,
        "different": list(assembled.different),
        "sealed": recipient is not None,
        "shown": lines,
    }
    emit(
        args,
        payload,
        Phrase(
            "Opened: %(file)s, digest %(digest)s. It is noted in %(journal)s.",
            file=args.out,
            digest=assembled.opening.digest,
            journal=state.path / assembling.JOURNAL,
        ),
    )
    return ExitCode.DONE


def agree(args: argparse.Namespace) -> None:
    """A yes of the person at the terminal, in English or in their language, or the option that says
    so.
    """
    import sys

    from benchmarks.errors import PolicyRefusal

    word = in_language(in_context("typed at a terminal", "yes"), args.lang)
    question = in_language(Phrase("Write the file? Type %(word)s:", word=word), args.lang)
    if args.yes or (
        sys.stdin.isatty() and input(f"{question} ").strip().lower() in {"yes", word.lower()}
    ):
        return
    raise PolicyRefusal(
        "opening-not-agreed",
        "Nothing was written: you did not agree to what the file shows.",
        "Read what the file shows. Then run the same command again with --yes, or at a terminal.",
    )
