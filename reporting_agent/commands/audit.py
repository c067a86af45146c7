"""`steplabel-agent audit FOLDER`: one audit in one folder, from the promise of a number to the
signed statement. Each call does what the files at hand allow, and says what comes next. From files
alone; no connection is tried.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, enumerated, sentences
from reporting_agent.commands import add_language
from reporting_agent.console import emit, in_terminals_language

if TYPE_CHECKING:
    from benchmarks.audit.sampling_plan import SamplingPlan
    from reporting_agent.audit.openings.statements import AuditorKeys

KEYS, NONCE, PROMISE, EVIDENCE, DRAW = "auditor.pem", "nonce", "promise", "evidence.json", "draw"
REPORT, SUMMARY, SIGNED = "report.html", "summary.json", "signed"
"""The files of an audit, by their names in its folder; the keys lie beside it, for every audit."""


def write_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Raises:
        InputError: `output-not-writable`.
    """
    from benchmarks.errors import InputError, Place
    from reporting_agent.state import write_whole

    try:
        write_whole(path, content)
    except OSError as error:
        raise InputError(
            "output-not-writable",
            "The file cannot be written.",
            "Give a path in an existing folder that can be written to.",
            place=Place(str(path)),
            found=error.strerror or str(error),
        ) from error


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "audit",
        help="for certification bodies: one audit in one folder, from the promise to the statement",
        description="First with --about: makes the auditor's keys, if there are none, and a "
        "promise to hand in at the portal. Then with the portal's evidence file: draws the sample. "
        "Then with the plant's opening: checks it and writes report.html and summary.json. With a "
        "statement of the portal: signs it.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the audit's files are")
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="the portal's evidence file, the plant's opening, or a statement to sign",
    )
    parser.add_argument(
        "--about",
        metavar="SITE/PERIOD",
        help="to promise: the site and the period, such as works-2/2025",
    )
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
        "--fingerprint",
        metavar="HEX",
        help="to check: of the key that signs the portal's directory, as an enrolment token names "
        "it",
    )
    parser.add_argument(
        "--site",
        metavar="SITE.toml",
        help="to check on site: the whole label is recomputed from the plant's files",
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="the auditor's keys (default: auditor.pem beside the folder; made where there is "
        "none)",
    )
    add_password(parser)
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def add_keys(parser: argparse.ArgumentParser) -> None:
    """The options that name an auditor's keys."""
    parser.add_argument(
        "--keys",
        type=Path,
        required=True,
        metavar="FILE",
        help="the auditor's keys (PEM, under a password)",
    )
    add_password(parser)


def add_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="the file that holds the password of the keys; asked for where not given",
    )


def run(args: argparse.Namespace) -> int:
    from reporting_agent.audit.openings import files

    args.keys = args.keys or args.folder.parent / KEYS
    kinds = {files.kind_of(files.read_one(path), path): path for path in args.files}
    if (statement := kinds.get(files.STATEMENT)) is not None:
        return _sign(args, statement)
    if "opening" in kinds or "sealed-opening" in kinds:
        return _verify(args, kinds.keys())
    if args.about is not None:
        return _promise(args)
    if files.EVIDENCE in kinds:
        return _draw(args, kinds[files.EVIDENCE])
    return _say_next(args)


def _promise(args: argparse.Namespace) -> int:
    import secrets
    from datetime import UTC, datetime

    from benchmarks.audit import sampling_plan, signed_draws
    from benchmarks.errors import ExitCode, InputError, Place, UsageError
    from benchmarks.measurements import Period

    site, slash, period = args.about.partition("/")
    if not (site and slash and period):
        raise UsageError(
            "audit-arguments",
            "--about names a site and a period.",
            "Write both, such as works-2/2025.",
        )
    Period.parse(period, UTC)
    nonce, promise = args.folder / NONCE, args.folder / PROMISE
    if standing := next((file for file in (nonce, promise) if file.exists()), None):
        raise InputError(
            "nonce-exists",
            "In this folder a number was promised already.",
            "Give a new folder for every promise. A number that was already shown no longer binds "
            "anybody.",
            place=Place(str(standing)),
        )
    plan, number = _plan(args), secrets.token_bytes(signed_draws.NONCE_BYTES)
    args.folder.mkdir(parents=True, exist_ok=True)
    keys, made = _keys(args)
    raw = signed_draws.promise(
        site,
        period,
        number,
        datetime.now(UTC).date(),
        keys.signing,
        plan=plan,
        steps=tuple(args.step),
    )
    write_file(nonce, number)
    write_file(promise, raw)
    digest = signed_draws.read_promise(raw).digest
    shares = [_share(plan, batches) for batches in ([args.batches] if args.batches else _USUAL)]
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
            "Hand it in at the portal now; keep %(file)s to yourself until you draw.", file=nonce
        ),
    ]
    payload = {
        "promise": str(promise),
        "digest": digest,
        "nonce": str(nonce),
        "opens": shares,
        "sufficient": sufficient,
        **keys.public,
    }
    emit(args, payload, in_terminals_language([*made, sentences(lines)]))
    return ExitCode.DONE


def _draw(args: argparse.Namespace, evidence: Path) -> int:
    """From the portal's file, which has the plant's challenge and the head of the log that came
    after the promise.
    """
    from benchmarks.audit import sample_file, signed_draws
    from benchmarks.audit.signed_draws import Draw, Head
    from benchmarks.errors import ExitCode, InputError, Place
    from benchmarks.wire import challenges, heads
    from reporting_agent.audit.openings.files import document, read_one

    if not (args.folder / PROMISE).exists():
        raise InputError(
            "audit-not-promised",
            "Without a number that was promised nothing can be drawn.",
            "Promise first, with --about SITE/PERIOD; in the browser you draw where you promised.",
            place=Place(str(args.folder / PROMISE)),
        )
    raw = read_one(evidence)
    handed = sample_file.read(document(raw)).contents()
    own = signed_draws.read_promise(read_one(args.folder / PROMISE))
    keys = load_keys(args)
    head = heads.parse(handed["head"])
    drawn = Draw(
        commitment=challenges.parse(handed["challenge"]).commitment,
        nonce=read_one(args.folder / NONCE),
        head=Head(head.size, head.root),
        plan=own.plan,
        steps=own.steps,
        auditor=keys.signing.public,
        promise=own.digest,
        seal_to=keys.sealing.public_bytes,
    )
    signed_draws.require_promised(drawn, signed_draws.read_promise(handed["promise"]))
    signed = signed_draws.sign(drawn, keys.signing)
    signed_draws.read(signed)
    write_file(args.folder / EVIDENCE, raw)
    write_file(args.folder / DRAW, signed)
    commitment = drawn.commitment
    payload = {
        "draw": str(args.folder / DRAW),
        "digest": drawn.digest,
        "root": commitment.data_root.hex(),
        "head": drawn.head.size,
    }
    sentence = Phrase(
        "Draw for %(site)s %(period)s revision %(revision)s written to %(file)s, digest "
        "%(digest)s. Hand it in at the portal, which shows it to the plant. The plant answers with "
        "an opening.",
        site=commitment.site,
        period=commitment.period,
        revision=commitment.revision,
        file=args.folder / DRAW,
        digest=drawn.digest,
    )
    emit(args, payload, sentence)
    return ExitCode.DONE


def _verify(args: argparse.Namespace, given: Collection[str]) -> int:
    """With the folder's own evidence and draw, unless files of these kinds are given."""
    import json
    from datetime import UTC, datetime

    from benchmarks.catalogue import in_language
    from benchmarks.errors import ExitCode
    from reporting_agent.audit.openings import files, telling
    from reporting_agent.audit.openings.verifying import Trust, verify
    from reporting_agent.commands.verify import key_id
    from reporting_agent.config import load_site

    own = [
        args.folder / name
        for name, kind in ((EVIDENCE, files.EVIDENCE), (DRAW, "draw"))
        if kind not in given and (args.folder / name).exists()
    ]
    handed = files.read_all([*args.files, *own])
    sealing = load_keys(args).sealing if "sealed-opening" in given else None
    site = None if args.site is None else load_site(args.site)
    trust = Trust(key_id("--fingerprint", args.fingerprint), sealing, None)
    verdict = verify(handed, trust, site=site, folder=args.folder if site is None else site.folder)
    summary = json.dumps(verdict.summary(), indent=2, sort_keys=True) + "\n"
    report = args.folder / REPORT
    write_file(report, telling.report(verdict, report, args.lang, datetime.now(UTC)))
    write_file(args.folder / SUMMARY, summary.encode())
    after = Phrase(
        "Written: %(report)s, to keep, and %(summary)s, to hand in at the portal.",
        report=report,
        summary=args.folder / SUMMARY,
    )
    text = f"{telling.lines(verdict, args.lang)}\n\n{in_language(after, args.lang)}"
    emit(args, verdict.to_json(), text)
    return ExitCode.DONE if verdict.holds else ExitCode.INPUT


def _sign(args: argparse.Namespace, statement: Path) -> int:
    from benchmarks.errors import ExitCode
    from benchmarks.wire import attestations
    from reporting_agent.audit.openings.files import read_one

    keys = load_keys(args)
    file = args.folder / SIGNED
    write_file(file, attestations.sign(read_one(statement), keys.signing))
    text = Phrase(
        "Signed with the key %(key)s: %(file)s. Hand it in at the portal.",
        key=keys.signing.key_id,
        file=file,
    )
    emit(args, {"file": str(file), "fingerprint": keys.signing.key_id}, text)
    return ExitCode.DONE


def _say_next(args: argparse.Namespace) -> int:
    """What the folder waits for."""
    from benchmarks.errors import ExitCode

    there = {name for name in (PROMISE, DRAW, SUMMARY) if (args.folder / name).exists()}
    steps: tuple[tuple[str, Phrase], ...] = (
        (
            SUMMARY,
            Phrase(
                "The opening is checked: read %(report)s. The statement that the portal draws up "
                "is signed with `steplabel-agent audit %(folder)s STATEMENT`.",
                report=args.folder / REPORT,
                folder=args.folder,
            ),
        ),
        (
            DRAW,
            Phrase(
                "The sample is drawn. With the plant's opening: `steplabel-agent audit %(folder)s "
                "OPENING --fingerprint HEX`.",
                folder=args.folder,
            ),
        ),
        (
            PROMISE,
            Phrase(
                "A number is promised. Hand in %(promise)s at the portal and download the evidence "
                "file there; then `steplabel-agent audit %(folder)s EVIDENCE`.",
                promise=args.folder / PROMISE,
                folder=args.folder,
            ),
        ),
    )
    if said := next((sentence for name, sentence in steps if name in there), None):
        emit(args, {"done": sorted(there)}, said)
        return ExitCode.DONE
    keys, made = _keys(args)
    promise = Phrase(
        "An audit begins with a promise: `steplabel-agent audit %(folder)s --about SITE/PERIOD`.",
        folder=args.folder,
    )
    emit(args, {"done": [], **keys.public}, in_terminals_language([*made, promise]))
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
            "audit-arguments",
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
            "audit-arguments",
            Phrase("A sample cannot have this size: %(wrong)s.", wrong=wrong),
            "Give percentages such as 95 and 1.",
        ) from wrong


def _keys(args: argparse.Namespace) -> tuple[AuditorKeys, list[Phrase]]:
    """The auditor's keys, made where there are none, and what to do with new ones."""
    from reporting_agent.audit.openings.statements import AuditorKeys

    if args.keys.exists():
        return load_keys(args), []
    keys = AuditorKeys.generate()
    write_file(args.keys, keys.to_pem(password(args, new=True)))
    made = Phrase(
        "Keys written to %(file)s, protected by the password. Keep the two in separate places, "
        "with a copy of each.\nPublic key "
        "(register it at the portal): %(public)s\nFingerprint: %(fingerprint)s",
        file=args.keys,
        public=keys.signing.public.hex,
        fingerprint=keys.signing.key_id,
    )
    return keys, [made]


def load_keys(args: argparse.Namespace) -> AuditorKeys:
    """The auditor's keys, read with their password."""
    from reporting_agent.audit.openings.files import read_one
    from reporting_agent.audit.openings.statements import AuditorKeys

    return AuditorKeys.from_pem(read_one(args.keys), password(args))


def password(args: argparse.Namespace, *, new: bool = False) -> bytes:
    """The password, from its file or from the person at the terminal."""
    import sys

    from benchmarks.errors import UsageError
    from reporting_agent.audit.openings.files import read_one

    if args.password_file is not None:
        secret = read_one(args.password_file).strip()
    elif sys.stdin.isatty():
        secret = _typed(
            Phrase("New password of the auditor's keys: ")
            if new
            else Phrase("Password of the auditor's keys: ")
        )
        if new and _typed(Phrase("The same once more: ")) != secret:
            raise UsageError(
                "password-differs",
                "The two passwords differ, and no keys were made.",
                "Type the same password twice: keys under one that nobody knows can never be used.",
            )
    else:
        secret = b""
    if not secret:
        raise UsageError(
            "password-missing",
            "The auditor's keys are under a password, and none was given.",
            "Give --password-file FILE, or use a terminal.",
        )
    return secret


def _typed(question: Phrase) -> bytes:
    import getpass

    return getpass.getpass(in_terminals_language([question])).encode()
