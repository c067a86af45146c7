"""`steplabel-agent draw`: an auditor's promise of a number, and later the draw that shows it. Files
alone; no connection is tried.

First with a new nonce file: it is made, and FILE.promise beside it goes to the portal's log or to
the plant. It holds the plan as well: how much of which steps is drawn. Then, once the plant's
commitment and a later tree head of the log are public, with --commitment and --head: the draw goes
to --out.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, enumerated, sentences
from reporting_agent.commands.auditor import add_keys, load_keys, write_file
from reporting_agent.console import emit, in_terminals_language

if TYPE_CHECKING:
    from benchmarks.audit.sampling_plan import SamplingPlan
    from benchmarks.audit.signed_draws import Head
    from benchmarks.wire.commitments import ReportCommitment


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "draw",
        help="for certification bodies: promise a number, then draw which records a plant is to "
        "open",
    )
    add_keys(parser)
    parser.add_argument(
        "--nonce",
        type=Path,
        required=True,
        metavar="FILE",
        help="the secret number; made where the file is not there",
    )
    parser.add_argument(
        "--about",
        metavar="SITE/PERIOD",
        help="to promise: the site and the period, such as works-2/2025",
    )
    parser.add_argument(
        "--commitment",
        type=Path,
        metavar="FILE",
        help="to draw: the plant's commitment, or the portal's challenge for it",
    )
    parser.add_argument(
        "--head",
        metavar="FILE",
        help="to draw: a tree head of the portal's log after the commitment, or SIZE:ROOT",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="to draw: where the draw goes")
    parser.add_argument(
        "--step",
        action="append",
        default=[],
        metavar="ID",
        help="to promise: records of this step only; may be given again",
    )
    parser.add_argument(
        "--confidence",
        type=float,
        metavar="PERCENT",
        help="to promise: how sure the sample is to be (default: 95)",
    )
    parser.add_argument(
        "--share",
        type=float,
        metavar="PERCENT",
        help="to promise: of which misstated share of the used records (default: 1)",
    )
    parser.add_argument(
        "--batches",
        type=int,
        metavar="NUMBER",
        help="to promise: about how many batches of a step there are, to tell what share of them "
        "is opened",
    )
    parser.add_argument(
        "--sealed", action="store_true", help="the opening is to be sealed to the auditor's key"
    )
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    from benchmarks.errors import UsageError

    if args.about is not None:
        return _promise(args)
    if args.commitment is None or args.head is None or args.out is None:
        raise UsageError(
            "draw-arguments",
            "To promise, --about is needed; to draw, --commitment, --head and --out.",
            "Promise first, with `--about SITE/PERIOD`; draw once commitment and tree head are "
            "public.",
        )
    if args.step or (args.confidence, args.share) != (None, None):
        raise UsageError(
            "draw-arguments",
            "How much is drawn of which steps stands in the promise: it is no choice any more.",
            "Draw without --step, --confidence and --share; for another plan make a new promise.",
        )
    return _draw(args)


def _promise(args: argparse.Namespace) -> int:
    import secrets
    from datetime import UTC, datetime

    from benchmarks.audit import sampling_plan, signed_draws
    from benchmarks.errors import ExitCode, InputError, Place, UsageError
    from benchmarks.measurements import Period

    site, slash, period = args.about.partition("/")
    if not (site and slash and period):
        raise UsageError(
            "draw-arguments",
            "--about names a site and a period.",
            "Write both, such as works-2/2025.",
        )
    Period.parse(period, UTC)
    promise = args.nonce.with_name(f"{args.nonce.name}.promise")
    if standing := next((file for file in (args.nonce, promise) if file.exists()), None):
        raise InputError(
            "nonce-exists",
            "There is a file of this name already.",
            "Give a new file for every promise. A number that was already shown no longer binds "
            "anybody.",
            place=Place(str(standing)),
        )
    plan, keys, nonce = _plan(args), load_keys(args), secrets.token_bytes(signed_draws.NONCE_BYTES)
    raw = signed_draws.promise(
        site,
        period,
        nonce,
        datetime.now(UTC).date(),
        keys.signing,
        plan=plan,
        steps=tuple(args.step),
    )
    write_file(args.nonce, nonce)
    write_file(promise, raw)
    digest = signed_draws.read_promise(raw).digest
    shares = [_share(plan, number) for number in ([args.batches] if args.batches else _USUAL)]
    sufficient = not sampling_plan.weaker(plan) and not args.step
    lines = [
        Phrase(
            "Promised, for %(site)s %(period)s: %(file)s, digest %(digest)s.",
            site=site,
            period=period,
            file=promise,
            digest=digest,
        ),
        _certainty_sentence(plan),
        _shares_sentence(shares),
        *(() if sufficient else (_INSUFFICIENT,)),
        Phrase(
            "Hand it in at the portal now; keep %(file)s to yourself until you draw.",
            file=args.nonce,
        ),
    ]
    payload = {
        "promise": str(promise),
        "digest": digest,
        "nonce": str(args.nonce),
        "opens": shares,
        "sufficient": sufficient,
    }
    emit(args, payload, in_terminals_language([sentences(lines)]))
    return ExitCode.DONE


def _draw(args: argparse.Namespace) -> int:
    from benchmarks.audit import signed_draws
    from benchmarks.audit.signed_draws import Draw
    from benchmarks.errors import ExitCode
    from reporting_agent.audit.openings.files import read_one

    keys, nonce = load_keys(args), read_one(args.nonce)
    promise = signed_draws.read_promise(
        read_one(args.nonce.with_name(f"{args.nonce.name}.promise"))
    )
    drawn = Draw(
        commitment=_commitment(args.commitment),
        nonce=nonce,
        head=_head(args.head),
        plan=promise.plan,
        steps=promise.steps,
        auditor=keys.signing.public,
        promise=promise.digest,
        seal_to=keys.sealing.public_bytes if args.sealed else None,
    )
    signed_draws.require_promised(drawn, promise)
    raw = signed_draws.sign(drawn, keys.signing)
    signed_draws.read(raw)
    write_file(args.out, raw)
    commitment = drawn.commitment
    payload = {
        "draw": str(args.out),
        "digest": drawn.digest,
        "root": commitment.data_root.hex(),
        "head": drawn.head.size,
    }
    sentence = Phrase(
        "Draw for %(site)s %(period)s revision %(revision)s written to %(file)s, digest "
        "%(digest)s. Give it to the plant, which answers "
        "with `steplabel-agent open`.",
        site=commitment.site,
        period=commitment.period,
        revision=commitment.revision,
        file=args.out,
        digest=drawn.digest,
    )
    emit(args, payload, sentence)
    return ExitCode.DONE


_USUAL = (200, 500, 2000)
"""Batches of a step, for which shares are told where nobody says how many there are."""


_INSUFFICIENT = Phrase(
    "This is less sure than the standard plan, or not of all steps: `plan-sufficient` will not "
    "hold."
)


def _share(plan: SamplingPlan, batches: int) -> dict[str, int]:
    """How many batches of a step the plan opens, of so many."""
    from fractions import Fraction

    from benchmarks.audit.sampling_plan import opened

    return {"batches": batches, "opened": opened(plan, batches, Fraction(1, 20))}


def _certainty_sentence(plan: SamplingPlan) -> Phrase:
    from benchmarks.audit.sampling_plan import promised_of_used

    confidence, share = promised_of_used(plan)
    return Phrase(
        "If %(share)s %% of a step's used records are misstated, the draw finds at least one of "
        "them with %(confidence)s %% certainty. It opens no more records than that needs.",
        share=f"{float(100 * share):g}",
        confidence=f"{float(100 * confidence):g}",
    )


def _shares_sentence(shares: list[dict[str, int]]) -> Phrase:
    opened = (
        Phrase(
            "%(percent)s %% of %(batches)s",
            percent=f"{100 * share['opened'] / share['batches']:.0f}",
            batches=f"{share['batches']:,}",
        )
        for share in shares
    )
    return Phrase(
        "Of a step's batches of one product this plan opens %(shares)s, besides those of drawn "
        "days.",
        shares=enumerated(opened),
    )


def _plan(args: argparse.Namespace) -> SamplingPlan:
    from fractions import Fraction

    from benchmarks.audit.sampling_plan import (
        STANDARD,
        SamplingPlan,
        StratumKind,
        StratumSize,
    )
    from benchmarks.errors import UsageError

    if args.batches is not None and args.batches < 1:
        raise UsageError(
            "draw-arguments",
            "--batches is no number of batches.",
            "Give about how many batches of a step there are, such as 500.",
        )
    percentages = ((args.confidence, 95), (args.share, 1))
    try:
        confidence, share = (
            Fraction(str(usual if percent is None else percent)) / 100
            for percent, usual in percentages
        )
        sizes = {kind: StratumSize(confidence, size.share) for kind, size in STANDARD.sizes.items()}
        return SamplingPlan({**sizes, StratumKind.USED: StratumSize(confidence, share)})
    except ValueError as wrong:
        raise UsageError(
            "draw-arguments",
            Phrase("A sample cannot have this size: %(wrong)s.", wrong=wrong),
            "Give percentages such as 95 and 1.",
        ) from wrong


def _commitment(file: Path) -> ReportCommitment:
    from benchmarks.wire import challenges, commitments
    from reporting_agent.audit.openings.files import kind_of, read_one

    raw = read_one(file)
    return (
        challenges.parse(raw).commitment
        if kind_of(raw, file) == "challenge"
        else commitments.parse(raw).commitment
    )


def _head(text: str) -> Head:
    from benchmarks.audit.signed_draws import Head
    from benchmarks.errors import UsageError
    from benchmarks.wire import heads
    from reporting_agent.audit.openings.files import read_one

    file = Path(text)
    if file.is_file():
        named = heads.parse(read_one(file))
        return Head(named.size, named.root)
    size, _, root = text.partition(":")
    try:
        head = Head(int(size), bytes.fromhex(root))
    except ValueError:
        head = Head(0, b"")
    if head.size < 1 or len(head.root) != 32:
        raise UsageError(
            "draw-arguments",
            "--head is no tree head.",
            "Give its file, or its size and root, such as 18204:b7e041c2….",
        )
    return head
