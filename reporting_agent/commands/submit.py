"""`steplabel-agent submit`: protect, sign, seal, spool and send the report of one period; safe to repeat."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting_agent.commands import add_period, add_site

if TYPE_CHECKING:
    from reporting_agent.outbox import Parcel
    from reporting_agent.submission import Material, Submission
    from reporting_agent.transport import Portal


def add_parser(sub: Any) -> None:
    parser = sub.add_parser("submit", help="protect, sign, seal and send the report of a period; safe to repeat")
    add_site(parser)
    add_period(parser)
    parser.add_argument("--correct", action="store_true", help="the data changed since they were sealed: make the next revision")
    parser.add_argument("--offline", type=Path, metavar="FILE", help="write the sealed envelope to FILE instead of sending it")
    parser.add_argument("--state", type=Path, metavar="DIR", help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)")
    parser.add_argument("--proxy", metavar="URL", help="go through this proxy; none is taken from the environment")
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these certificates instead of the public ones")
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace, checkpoint: Callable[[str], None] | None = None) -> int:
    """Do it. `checkpoint` is called with each of `submission.STEPS` once it is reached: tests stop the process there."""
    import os
    from datetime import UTC, datetime

    from benchmarks.errors import ExitCode
    from benchmarks.measurements import Period
    from reporting_agent import enrolment, pipeline
    from reporting_agent.config import load_site
    from reporting_agent.console import emit, say
    from reporting_agent.planning import wire_period
    from reporting_agent.reportable import require_reportable
    from reporting_agent.software import SOFTWARE
    from reporting_agent.state import StateDirectory
    from reporting_agent.submission import Material, Submission, no_checkpoint

    site = load_site(args.site)
    require_reportable(site)
    period = Period.parse(args.period, site.zone)
    name = wire_period(period)
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with state.exclusive(), state.connect() as connection:
        identity = enrolment.identity(state, connection, site.id)  # before the long part: refuse early
        labelled = pipeline.label(site, period)
        material = Material(labelled.site_label, labelled.data.batches, labelled.data.pack)
        submission = Submission(
            connection, identity, software=SOFTWARE, clock=lambda: datetime.now(UTC), checkpoint=checkpoint or no_checkpoint
        )
        if args.offline is not None:
            payload, text = _offline(submission.prepare(material, name, correct=args.correct), material, args.offline)
        else:
            with _portal(args, identity.portal) as portal:
                payload, text = _online(submission, portal, material, name, args.correct, say)
    emit(args, payload, text)
    return ExitCode.DONE


def _portal(args: argparse.Namespace, address: str) -> Portal:
    import time

    from reporting_agent.software import SOFTWARE
    from reporting_agent.transport import Portal

    return Portal(address, sleep=time.sleep, software=SOFTWARE, proxy=args.proxy, ca_file=args.ca_file)


def _online(
    submission: Submission, portal: Portal, material: Material, period: str, correct: bool, say: Callable[[str], None]
) -> tuple[dict[str, Any], str]:
    from benchmarks.errors import SteplabelError

    out_of_reach = submission.consult(portal)
    parcel = submission.prepare(material, period, correct=correct)
    if out_of_reach is not None and parcel.receipt is None:
        raise out_of_reach
    known_before = parcel.receipt is not None
    receipt = submission.send(parcel, portal)
    others = []
    for other in submission.spooled_besides(parcel):
        try:
            submission.send(other, portal)
            others.append({"period": other.period, "revision": other.revision, "sent": True})
        except SteplabelError as refusal:  # this period's report is safe; the other's trouble is told, and stays spooled
            say(f"{other.period} revision {other.revision} is still spooled: {refusal}")
            others.append({"period": other.period, "revision": other.revision, "sent": False, "code": refusal.code})
    payload = _summary(parcel, material) | {
        "state": "received",
        "known_before": known_before,
        "receipt": {
            "envelope_digest": receipt.envelope_digest,
            "log_index": receipt.log_index,
            "received_on": receipt.received_on.isoformat(),
            "key_id": receipt.key_id,
        },
        "others": others,
    }
    text = (
        f"{parcel.site} {parcel.period} revision {parcel.revision}: received by the portal on {receipt.received_on.isoformat()}, "
        f"log entry {receipt.log_index}, envelope {parcel.digest}.{_withheld_text(payload)}"
    )
    return payload, text


def _offline(parcel: Parcel, material: Material, file: Path) -> tuple[dict[str, Any], str]:
    from benchmarks.errors import InputError, Place
    from reporting_agent.state import write_whole

    assert parcel.envelope is not None  # noqa: S101  # `prepare` ends with a sealed parcel
    try:
        write_whole(file, parcel.envelope)
    except OSError as error:
        raise InputError(
            "output-not-writable",
            "The sealed file cannot be written.",
            "Give a path in a folder that exists and can be written; the report is sealed and kept.",
            place=Place(str(file)),
            found=str(error.strerror or error),
        ) from error
    payload = _summary(parcel, material) | {"file": str(file)}
    text = (
        f"{parcel.site} {parcel.period} revision {parcel.revision}: sealed report written to {file}, envelope {parcel.digest}. "
        "Hand the file in as it is, on the portal's upload page or by POST to /api/v1/submissions/; whoever carries it can neither read "
        f"nor change it. `submit` without --offline sends the same bytes and keeps the receipt.{_withheld_text(payload)}"
    )
    return payload, text


def _summary(parcel: Parcel, material: Material) -> dict[str, Any]:
    from benchmarks.wire.schema import decode_report
    from reporting_agent.planning import missing_carriers

    assert parcel.plaintext is not None  # noqa: S101  # `prepare` ends with a sealed parcel
    released = decode_report(parcel.plaintext).released
    missing = missing_carriers(material.site_label, material.pack)
    return {
        "site": parcel.site,
        "period": parcel.period,
        "revision": parcel.revision,
        "state": parcel.state.value,
        "envelope_digest": parcel.digest,
        "labels": [{"step": one.step, "product": one.product, "variant": one.variant, "metric": one.metric} for one in released.labels],
        "withheld": [
            {"step": step, "metric": metric, "reason": code, "missing_carriers": list(missing.get((step, metric), ()))}
            for step, metric, code in released.withheld
        ],
    }


def _withheld_text(payload: dict[str, Any]) -> str:
    from reporting_agent.consent import reason, text

    lines = []
    for one in payload["withheld"]:
        carriers = ", ".join(one["missing_carriers"])
        why = text("en", "withheld.missing", carriers=carriers, step=one["step"]) if carriers else ""
        lines.append(f"\nWithheld: {one['step']}, {one['metric']}: {reason('en', one['reason'])}{why}")
    return "".join(lines)
