"""`steplabel-agent status`: enrolment, what was spent of the privacy budget, what is spooled, what the portal acknowledged."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fractions import Fraction

    from benchmarks.wire.signing import VerifyingKey
    from reporting_agent.consent import Language
    from reporting_agent.enrolment import Enrolment
    from reporting_agent.ledger import StepAccount
    from reporting_agent.outbox import Parcel


def add_parser(sub: Any) -> None:
    parser = sub.add_parser("status", help="privacy budget spent and left, spool, receipts, enrolment")
    parser.add_argument("--site", metavar="FILE", help="the site.toml of the plant: its pack says what is left of the budget")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the words (default: en)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)")
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    import os

    from benchmarks.errors import ExitCode
    from reporting_agent import enrolment
    from reporting_agent.console import emit
    from reporting_agent.ledger import Ledger
    from reporting_agent.outbox import Outbox
    from reporting_agent.state import StateDirectory

    cap = _cap(args.site)
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    enrolled: Enrolment | None = None
    waiting: Enrolment | None = None
    accounts: tuple[StepAccount, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    if state.exists():
        with state.connect() as connection:
            enrolled, waiting = enrolment.current(connection), enrolment.pending(connection)
            accounts, parcels = Ledger(connection).accounts(), Outbox(connection).all()
    payload = {
        "state_directory": str(state.path),
        "enrolment": None if enrolled is None else {"portal": enrolled.portal, "site": enrolled.site, "device_id": enrolled.device_id},
        "enrolment_pending": waiting is not None,
        "budget": [_account(account, cap) for account in accounts],
        "reports": [_report(parcel, _receipt_keys(enrolled)) for parcel in parcels],
        "spooled": sum(parcel.state.value == "sealed" for parcel in parcels),
    }
    lines = [
        *_enrolment_lines(args.lang, enrolled, waiting),
        *_budget_lines(args.lang, accounts, cap),
        *_report_lines(args.lang, parcels),
    ]
    emit(args, payload, "\n".join(lines))
    return ExitCode.DONE


def _cap(site_file: str | None) -> Fraction | None:
    if site_file is None:
        return None
    from benchmarks import packs
    from reporting_agent.config import load_site

    site = load_site(site_file)
    return packs.load(site.pack, site.pack_version, site.folder).policy.cap_per_year


def _account(account: StepAccount, cap: Fraction | None) -> dict[str, Any]:
    return {
        "step": account.step,
        "year": account.year,
        "batches": account.batches,
        "spent": str(account.most_spent),
        "in_corrections": str(account.most_corrected),
        "cap": None if cap is None else str(cap),
        "left": None if cap is None else str(cap - account.most_spent),
    }


def _receipt_keys(enrolled: Enrolment | None) -> dict[str, VerifyingKey]:
    from benchmarks.wire import directory

    if enrolled is None or enrolled.directory is None:
        return {}
    return directory.verify(enrolled.directory, enrolled.fingerprint).receipt_keys()


def _report(parcel: Parcel, keys: dict[str, VerifyingKey]) -> dict[str, Any]:
    from benchmarks.wire import receipts

    receipt = None
    if parcel.receipt is not None:
        stated = receipts.read(parcel.receipt, keys)
        receipt = {"log_index": stated.log_index, "received_on": stated.received_on.isoformat(), "key_id": stated.key_id}
    return {
        "site": parcel.site,
        "period": parcel.period,
        "revision": parcel.revision,
        "state": parcel.state.value,
        "envelope_digest": parcel.digest,
        "receipt": receipt,
        "attempts": parcel.attempts,
        "refusal": parcel.refusal,
    }


def _enrolment_lines(language: Language, enrolled: Enrolment | None, waiting: Enrolment | None) -> list[str]:
    from reporting_agent.consent import text

    lines = []
    if enrolled is not None:
        lines.append(text(language, "status.enrolled", portal=enrolled.portal, site=enrolled.site, device=enrolled.device_id))
    if waiting is not None:
        lines.append(text(language, "status.half-enrolled"))
    return lines or [text(language, "status.not-enrolled")]


def _budget_lines(language: Language, accounts: tuple[StepAccount, ...], cap: Fraction | None) -> list[str]:
    from reporting_agent.consent import number, text

    lines = []
    for one in accounts:
        shown = {
            "step": one.step,
            "year": one.year,
            "spent": number(one.most_spent),
            "batches": one.batches,
            "corrections": number(one.most_corrected),
        }
        if cap is None:
            lines.append(text(language, "status.budget-only", **shown))
        else:
            lines.append(text(language, "status.budget", cap=number(cap), left=number(cap - one.most_spent), **shown))
    return lines or [text(language, "status.nothing-spent")]


def _report_lines(language: Language, parcels: tuple[Parcel, ...]) -> list[str]:
    from reporting_agent.consent import text

    lines = []
    for parcel in parcels:
        digest = f", {parcel.digest}" if parcel.digest else ""
        subject = {"site": parcel.site, "period": parcel.period, "revision": parcel.revision}
        lines.append(text(language, "status.parcel", state=text(language, f"state.{parcel.state}"), digest=digest, **subject))
        if parcel.refusal:
            lines.append("  " + text(language, "status.refusal", refusal=parcel.refusal))
    return lines or [text(language, "status.empty")]
