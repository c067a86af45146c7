"""`steplabel-agent submit`: commit, protect, sign, seal, spool and send a period's report, or by
files offline; safe to repeat.

With `--offline FILE` the sealed envelope goes to FILE instead. A site without any connection goes
two ways by hand, for its draws wait for the portal's challenge: FILE.commitment out, the
challenge's file in, FILE out. The portal's key directory comes by hand too, where its keys have
changed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase
from reporting_agent.commands import add_connection, add_period, add_pool, add_site, portal_at
from reporting_agent.console import LANGUAGE, emit, in_terminals_language, say

if TYPE_CHECKING:
    from reporting_agent.sending.kept_reports import Parcel
    from reporting_agent.sending.submission import ReportMaterial, ReportUnderWay, SubmissionProcess
    from reporting_agent.sending.transport import Portal


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "submit", help="protect, sign, seal and send the report of a period; safe to repeat"
    )
    add_site(parser)
    add_period(parser)
    add_pool(parser)
    parser.add_argument(
        "--correct",
        action="store_true",
        help="the data changed since they were sealed: make the next revision",
    )
    parser.add_argument(
        "--offline",
        type=Path,
        metavar="FILE",
        help="write the sealed envelope to FILE instead of sending it",
    )
    parser.add_argument(
        "--challenge",
        type=Path,
        metavar="FILE",
        help="with --offline: the portal's challenge, brought by hand; no connection is tried",
    )
    parser.add_argument(
        "--directory",
        type=Path,
        metavar="FILE",
        help="with --offline: the portal's present key directory, brought by hand; needed once "
        "where its keys have changed",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)",
    )
    add_connection(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace, checkpoint: Callable[[str], None] | None = None) -> int:
    """Do it. `checkpoint` is called with each of `submission.STEPS` once it is reached: tests stop
    the process there.
    """
    import os
    from datetime import UTC, datetime

    from benchmarks.errors import ExitCode, UsageError
    from benchmarks.measurements import Period
    from reporting_agent.approved_packs import ApprovedShelf, require_in_effect, require_signed
    from reporting_agent.config import load_site
    from reporting_agent.pipeline.outward.releasable import reminder
    from reporting_agent.sending import enrolment
    from reporting_agent.sending.eligibility import require_reportable
    from reporting_agent.sending.kept_reports import Outbox
    from reporting_agent.sending.planning import wire_period
    from reporting_agent.sending.privacy_ledger import Ledger
    from reporting_agent.sending.report_material import gather
    from reporting_agent.sending.submission import SubmissionProcess, no_checkpoint
    from reporting_agent.software import SOFTWARE
    from reporting_agent.state import StateDirectory

    if args.challenge is not None and args.offline is None:
        raise UsageError(
            "challenge-without-offline",
            "--challenge goes with --offline FILE.",
            "Say where the sealed file is to be written.",
        )
    if args.directory is not None and args.offline is None:
        raise UsageError(
            "directory-without-offline",
            "--directory goes with --offline FILE.",
            "Leave it out: submit fetches the key directory itself.",
        )
    site = load_site(args.site)
    pack = require_reportable(site)
    period = Period.parse(args.period, site.zone)
    require_in_effect(pack, period)
    name = wire_period(period, pack.policy)
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with state.exclusive(), state.connect() as connection:
        identity = enrolment.identity(
            state, connection, site.id
        )  # before the long part: refuse early
        if args.directory is not None:
            identity = enrolment.renew_directory(connection, identity, _directory(args.directory))
        require_signed(ApprovedShelf.of(state), pack, identity.directory.receipt_keys())
        revisions = Outbox(connection).revisions(site.id, name)
        material = gather(
            site,
            pack,
            period,
            revisions,
            Ledger(connection),
            pool=args.pool,
            correct=args.correct,
            commit=True,
        )
        if material.differences:
            say(reminder(material.differences))
        submission = SubmissionProcess(
            connection,
            identity,
            software=SOFTWARE,
            clock=lambda: datetime.now(UTC),
            checkpoint=checkpoint or no_checkpoint,
        )
        if args.offline is not None:
            begun = _offline_begun(args, submission, identity.portal, material, name)
            payload, text = seal_for_carrying(submission, begun, material, args.offline)
        else:
            with _portal(args, identity.portal) as portal:
                payload, text = send_online(submission, portal, material, name, args.correct, say)
    emit(args, payload, text)
    return ExitCode.DONE


def _portal(args: argparse.Namespace, address: str) -> Portal:
    """The client of the portal; one try only for an agent that is told to work offline."""
    return portal_at(args, address, None if args.offline is None else ())


def send_online(
    submission: SubmissionProcess,
    portal: Portal,
    material: ReportMaterial,
    period: str,
    correct: bool,
    say: Callable[[str], None],
) -> tuple[dict[str, Any], str]:
    """Prepare and send over the network: what a program is told of it, and a person."""
    from benchmarks.errors import SteplabelError

    out_of_reach = submission.consult(portal)
    for restart in submission.restarts_taken():
        say(
            Phrase(
                "The portal's log was restarted on %(on)s: entries %(first)s to %(last)s are "
                "lost. The reason, signed by the "
                "coordinator: “%(reason)s”. Reports of this site among them will be sent again.",
                **restart,
            )
        )
    begun = submission.begin(material, period, correct=correct)
    if out_of_reach is not None and begun.waits_for_challenge:
        raise out_of_reach
    parcel = submission.seal(submission.ask(begun, portal))
    if out_of_reach is not None and parcel.receipt is None:
        raise out_of_reach
    known_before = parcel.receipt is not None
    waiting = submission.spooled_besides(parcel)
    for earlier in [
        unsent
        for unsent in waiting
        if unsent.period == parcel.period and unsent.revision < parcel.revision
    ]:
        submission.send(earlier, portal)  # revisions are taken one after the other
        waiting.remove(earlier)
    receipt = submission.send(parcel, portal)
    others = []
    for other in waiting:
        try:
            submission.send(other, portal)
            others.append({"period": other.period, "revision": other.revision, "sent": True})
        # this period's report is safe; the other's trouble is told, and stays spooled
        except SteplabelError as refusal:
            say(
                Phrase(
                    "%(period)s revision %(revision)s is still waiting to be sent: %(refusal)s",
                    period=other.period,
                    revision=other.revision,
                    refusal=refusal.in_words(LANGUAGE.get()),
                )
            )
            others.append(
                {
                    "period": other.period,
                    "revision": other.revision,
                    "sent": False,
                    "code": refusal.code,
                }
            )
    payload = _summary(parcel, material) | {
        "state": "received",
        "envelope_digest": receipt.envelope_digest,  # sending may have sealed it anew
        "known_before": known_before,
        "receipt": {
            "envelope_digest": receipt.envelope_digest,
            "log_index": receipt.log_index,
            "received_on": receipt.received_on.isoformat(),
            "key_id": receipt.key_id,
        },
        "others": others,
    }
    received = Phrase(
        "%(site)s %(period)s revision %(revision)s: received by the portal on %(day)s, log entry "
        "%(entry)s, envelope %(digest)s.",
        site=parcel.site,
        period=parcel.period,
        revision=parcel.revision,
        day=receipt.received_on.isoformat(),
        entry=receipt.log_index,
        digest=receipt.envelope_digest,
    )
    return payload, in_terminals_language([received, *_remarks(payload)])


def _offline_begun(
    args: argparse.Namespace,
    submission: SubmissionProcess,
    address: str,
    material: ReportMaterial,
    period: str,
) -> ReportUnderWay:
    """The report as far as it comes: with the challenge brought by hand, or the portal's own where
    it happens to be in reach.
    """
    from benchmarks.errors import Unreachable

    if args.challenge is not None:
        return submission.begin_answered(
            material, period, _challenge(args.challenge), correct=args.correct
        )
    with _portal(args, address) as portal:
        reached = submission.consult(portal) is None
        begun = submission.begin(material, period, correct=args.correct)
        if not reached or not begun.waits_for_challenge:
            return begun
        try:
            return submission.ask(begun, portal)
        except Unreachable:  # lost in between: the way by hand is still open
            return begun


def seal_for_carrying(
    submission: SubmissionProcess, begun: ReportUnderWay, material: ReportMaterial, file: Path
) -> tuple[dict[str, Any], str]:
    """Write a file that somebody carries to the portal: the sealed report, or before it the
    commitment whose challenge it waits for.
    """
    if begun.waits_for_challenge:
        return _commitment_file(begun.parcel, file)
    parcel = submission.to_carry(submission.seal(begun))
    assert parcel.envelope is not None  # noqa: S101  # `seal` ends with a sealed parcel
    _write(file, parcel.envelope)
    payload = _summary(parcel, material) | {"file": str(file)}
    sealed = Phrase(
        "%(site)s %(period)s revision %(revision)s: sealed report written to %(file)s, envelope "
        "%(digest)s. Hand the file in as it is, on "
        "the portal's upload page or by POST to /api/v1/submissions/; whoever carries it can "
        "neither read nor change it. `submit` without "
        "--offline sends the same bytes and keeps the receipt.",
        site=parcel.site,
        period=parcel.period,
        revision=parcel.revision,
        file=file,
        digest=str(parcel.digest),
    )
    return payload, in_terminals_language([sealed, *_remarks(payload)])


def _commitment_file(parcel: Parcel, file: Path) -> tuple[dict[str, Any], str]:
    """The first of the two ways by hand."""
    assert parcel.commitment is not None  # noqa: S101  # `begin` ends with a commitment
    commitment = file.with_name(f"{file.name}.commitment")
    _write(commitment, parcel.commitment)
    payload = {
        "site": parcel.site,
        "period": parcel.period,
        "revision": parcel.revision,
        "state": parcel.state.value,
        "file": None,
        "commitment_file": str(commitment),
    }
    lines = (
        Phrase(
            "%(site)s %(period)s revision %(revision)s: the portal is not in reach, and nothing "
            "can be drawn without its challenge. "
            "Nothing was drawn or spent; %(file)s is not written yet.",
            site=parcel.site,
            period=parcel.period,
            revision=parcel.revision,
            file=file,
        ),
        Phrase(
            "1. Hand %(file)s in on the portal's upload page. It holds site, period, revision and "
            "a salted digest, no figure.",
            file=commitment,
        ),
        Phrase("2. The page gives back a file with the challenge: bring it here."),
        Phrase(
            "3. Run the same command with `--offline %(file)s --challenge` and that file: it "
            "writes the sealed report. Do not change the "
            "data in between: the challenge is for these data only.",
            file=file,
        ),
    )
    return payload, in_terminals_language(lines)


def _read(file: Path) -> bytes:
    from benchmarks.wire import MAX_ENVELOPE_BYTES

    with file.open("rb") as opened:
        return opened.read(MAX_ENVELOPE_BYTES)


def _directory(file: Path) -> bytes:
    from benchmarks.errors import InputError, Place

    try:
        return _read(file)
    except OSError as error:
        raise InputError(
            "directory-unreadable",
            "The file with the portal's key directory cannot be read.",
            "Give the path of the file that the portal's upload page offers beside the challenge.",
            place=Place(str(file)),
            found=str(error.strerror or error),
        ) from error


def _challenge(file: Path) -> bytes:
    from benchmarks.errors import InputError, Place

    try:
        return _read(file)
    except OSError as error:
        raise InputError(
            "challenge-unreadable",
            "The file with the portal's challenge cannot be read.",
            "Give the path of the file that the portal's upload page returned for the commitment.",
            place=Place(str(file)),
            found=str(error.strerror or error),
        ) from error


def _write(file: Path, content: bytes) -> None:
    from benchmarks.errors import InputError, Place
    from reporting_agent.state import write_whole

    try:
        write_whole(file, content)
    except OSError as error:
        raise InputError(
            "output-not-writable",
            "The file cannot be written.",
            "Give a path in an existing folder that can be written to. The content has been "
            "saved; the same command writes it again.",
            place=Place(str(file)),
            found=str(error.strerror or error),
        ) from error


def _summary(parcel: Parcel, material: ReportMaterial) -> dict[str, Any]:
    from benchmarks.wire.schema import decode_report
    from reporting_agent.sending.planning import missing_carriers

    assert parcel.plaintext is not None  # noqa: S101  # what is summed up was sealed
    released = decode_report(parcel.plaintext).released
    missing = missing_carriers(material.site_label, material.pack)
    return {
        "site": parcel.site,
        "period": parcel.period,
        "revision": parcel.revision,
        "state": parcel.state.value,
        "envelope_digest": parcel.digest,
        "labels": [
            {
                "step": label.step,
                "product": label.product,
                "variant": label.variant,
                "metric": label.metric,
                "years": label.years,
            }
            for label in released.labels
        ],
        "withheld": [
            {
                "step": step,
                "metric": metric,
                "reason": code,
                "missing_carriers": list(missing.get((step, metric), ())),
            }
            for step, metric, code in released.withheld
        ],
    }


def _remarks(payload: dict[str, Any]) -> Iterator[Phrase]:
    """What a person should know of the content: labels over several years, and what was
    withheld.
    """
    from reporting_agent.sending.consent import reason, text

    language = LANGUAGE.get()
    pooled = {label["step"]: label["years"] for label in payload["labels"] if label["years"] > 1}
    for step, years in pooled.items():
        yield Phrase("Over %(years)s years as one: %(step)s.", years=years, step=step)
    for withheld in payload["withheld"]:
        carriers = ", ".join(withheld["missing_carriers"])
        missing = (
            text(language, "withheld.missing", carriers=carriers, step=withheld["step"])
            if carriers
            else ""
        )
        why = f"{reason(language, withheld['reason'])}{missing}"
        yield Phrase(
            "Withheld: %(step)s, %(metric)s: %(why)s",
            step=withheld["step"],
            metric=withheld["metric"],
            why=why,
        )
