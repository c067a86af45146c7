"""`steplabel-agent status`: enrolment, privacy budget spent, what is spooled and acknowledged."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.phrases import Phrase
from reporting_agent.commands import add_language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from fractions import Fraction

    from benchmarks.policies import ReleasePolicy
    from benchmarks.wire.agent_releases import AgentRelease
    from benchmarks.wire.signing import VerifyingKey
    from reporting_agent.sending.consent import Language
    from reporting_agent.sending.enrolment import Enrolment
    from reporting_agent.sending.kept_reports import Parcel
    from reporting_agent.sending.log_heads import AcceptedRestart, ForkEvidence, KeptHead
    from reporting_agent.sending.privacy_ledger import LedgerDebit, StepAccount
    from reporting_agent.state import StateDirectory


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "status", help="privacy budget spent and left, spool, receipts, enrolment"
    )
    parser.add_argument(
        "--site",
        metavar="FILE",
        help="the site.toml of the plant: its pack says what is left of the budget",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the answer there too, as --json: for the firm's table on another machine",
    )
    parser.add_argument(
        "--trouble-fails", action="store_true", help="end with 1 where something needs a person"
    )
    add_language(parser)
    parser.add_argument(
        "--heads",
        type=Path,
        metavar="DIR",
        help="write the newest head seen of the portal's log there, and what it signed that "
        "contradicts it: files to compare with others'",
    )
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

    from benchmarks.catalogue import in_language
    from benchmarks.errors import ExitCode
    from reporting_agent.commands.troubles import troubles
    from reporting_agent.console import emit, say
    from reporting_agent.report import writing
    from reporting_agent.state import StateDirectory

    rules = _rules(args.site)
    state_contents = _look(StateDirectory.locate(args.state, os.environ, Path.home()))
    files = (
        []
        if args.heads is None
        else _written(
            args.heads, state_contents.last_head, state_contents.cosigned, state_contents.evidence
        )
    )
    now = datetime.now(UTC)
    payload = _payload(state_contents, None if rules is None else rules.cap_per_year, now) | {
        "log_files": [str(file) for file in files]
    }
    if args.out is not None:
        writing.write_json(args.out, payload)
    emit(args, payload, "\n".join(_lines(args.lang, state_contents, payload, rules, files)))
    needs = troubles(payload, now.date()) if args.trouble_fails else []
    for trouble in needs:
        say(f"{in_language(trouble.sentence, args.lang)} [{trouble.code}]")
    return ExitCode.INPUT if needs else ExitCode.DONE


def status_of(state: StateDirectory, now: datetime) -> dict[str, Any]:
    """What `status --json` answers of a state directory."""
    return _payload(_look(state), None, now)


class _StateContents(NamedTuple):
    """What a state directory holds, read once."""

    path: Path
    enrolled: Enrolment | None
    waiting: Enrolment | None
    accounts: tuple[StepAccount, ...]
    spendings: tuple[LedgerDebit, ...]
    parcels: tuple[Parcel, ...]
    last_head: KeptHead | None
    cosigned: KeptHead | None
    evidence: tuple[ForkEvidence, ...]
    restarted: tuple[AcceptedRestart, ...]
    announced: AgentRelease | None
    keys: Mapping[str, VerifyingKey]


def _look(state: StateDirectory) -> _StateContents:
    from reporting_agent.sending import announced, enrolment, log_heads
    from reporting_agent.sending.kept_reports import Outbox
    from reporting_agent.sending.privacy_ledger import Ledger

    if not state.exists():
        return _StateContents(state.path, None, None, (), (), (), None, None, (), (), None, {})
    with state.connect() as connection:
        enrolled = enrolment.current(connection)
        key = None if enrolled is None else enrolled.fingerprint
        return _StateContents(
            path=state.path,
            enrolled=enrolled,
            waiting=enrolment.pending(connection),
            accounts=Ledger(connection).accounts(),
            spendings=Ledger(connection).spendings(),
            parcels=Outbox(connection).all(),
            last_head=None if key is None else log_heads.newest_head(connection, key),
            cosigned=None if key is None else log_heads.kept_witnessed(connection, key),
            evidence=log_heads.evidence(connection),
            restarted=() if key is None else log_heads.accepted(connection, key),
            announced=None if key is None else announced.last_seen(connection, key),
            keys=enrolment.receipt_keys(connection),
        )


def _payload(state_contents: _StateContents, cap: Fraction | None, now: datetime) -> dict[str, Any]:
    from reporting_agent.sending import log_heads
    from reporting_agent.software import VERSION

    enrolled = state_contents.enrolled
    newer = state_contents.announced is not None and state_contents.announced.is_newer_than(VERSION)
    return {
        "written_at": now.isoformat(),
        "agent": VERSION,
        "newest_agent": state_contents.announced.version
        if state_contents.announced is not None and newer
        else None,
        "state_directory": str(state_contents.path),
        "enrolment": None
        if enrolled is None
        else {"portal": enrolled.portal, "site": enrolled.site, "device_id": enrolled.device_id},
        "enrolment_pending": state_contents.waiting is not None,
        "keys_until": _keys_until(enrolled),
        "budget": [_account(account, cap) for account in state_contents.accounts],
        "spent_on": [_spending(spending) for spending in state_contents.spendings],
        "reports": [_report(parcel, state_contents) for parcel in state_contents.parcels],
        "spooled": sum(parcel.state.value == "sealed" for parcel in state_contents.parcels),
        "log": None
        if state_contents.last_head is None
        else _head(state_contents.last_head, state_contents.keys),
        "log_witnessed": _witnesses(state_contents.cosigned, enrolled),
        "log_evidence": [
            {"code": contradiction.code, "found_at": contradiction.found_at}
            for contradiction in state_contents.evidence
        ],
        "log_restarts": [log_heads.as_shown(restart) for restart in state_contents.restarted],
        "unfinished": sum(
            not parcel.is_sealed and not parcel.is_given_up(state_contents.parcels)
            for parcel in state_contents.parcels
        ),
    }


def _lines(
    language: Language,
    state_contents: _StateContents,
    payload: dict[str, Any],
    rules: ReleasePolicy | None,
    files: list[Path],
) -> list[str]:
    from benchmarks.catalogue import in_language

    newest = payload["newest_agent"]
    sentence = Phrase(
        "Version %(version)s of the agent was announced; `updates` says what changes.",
        version=newest,
    )
    return [
        *_enrolment_lines(language, state_contents.enrolled, state_contents.waiting),
        *_budget_lines(language, state_contents.accounts, state_contents.spendings, rules),
        *_report_lines(language, state_contents.parcels),
        *_log_lines(
            language,
            payload["log"],
            payload["log_witnessed"],
            state_contents.evidence,
            state_contents.restarted,
            files,
        ),
        *([in_language(sentence, language)] if newest else []),
    ]


def _keys_until(enrolled: Enrolment | None) -> str | None:
    """The first day for which the key directory known here lists no processing key."""
    from benchmarks.wire import directory

    if enrolled is None or enrolled.directory is None:
        return None
    return max(
        key.valid_to
        for key in directory.verify(enrolled.directory, enrolled.fingerprint).processing
    ).isoformat()


def _rules(site_file: str | None) -> ReleasePolicy | None:
    if site_file is None:
        return None
    from benchmarks import packs
    from reporting_agent.config import load_site

    site = load_site(site_file)
    return packs.load(site.pack, site.pack_version, site.folder).policy


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


def _spending(spending: LedgerDebit) -> dict[str, Any]:
    return {
        "step": spending.step,
        "year": spending.year,
        "report": spending.parcel,
        "correction": spending.correction,
        "releases": spending.releases,
        "batches": spending.batches,
        "spent": str(spending.most),
    }


def _report(parcel: Parcel, state_contents: _StateContents) -> dict[str, Any]:
    from benchmarks.wire import receipts

    receipt = None
    if parcel.receipt is not None:
        stated = receipts.read(parcel.receipt, state_contents.keys)
        receipt = {
            "log_index": stated.log_index,
            "received_on": stated.received_on.isoformat(),
            "key_id": stated.key_id,
        }
    return {
        "site": parcel.site,
        "period": parcel.period,
        "revision": parcel.revision,
        "state": parcel.state.value,
        "given_up": parcel.is_given_up(state_contents.parcels),
        "envelope_digest": parcel.digest,
        "receipt": receipt,
        "attempts": parcel.attempts,
        "refusal": parcel.refusal,
    }


def _head(kept_head: KeptHead, keys: Mapping[str, VerifyingKey]) -> dict[str, Any]:
    from benchmarks.wire import heads

    head = heads.read(kept_head.signed, keys).head
    return {
        "size": head.size,
        "root": head.root.hex(),
        "at": head.moment.isoformat(),
        "key_id": head.key_id,
        "seen_at": kept_head.seen_at,
    }


def _witnesses(kept_head: KeptHead | None, enrolled: Enrolment | None) -> dict[str, Any] | None:
    from benchmarks.wire import checkpoints, directory

    if kept_head is None or enrolled is None or enrolled.directory is None:
        return None
    checkpoint = checkpoints.parse(kept_head.signed)
    cosigned = checkpoints.cosigned_by(
        checkpoint, directory.verify(enrolled.directory, enrolled.fingerprint)
    )
    return {
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "seen_at": kept_head.seen_at,
        "cosigned": [
            {"name": witness.name, "at": witness.moment.isoformat()} for witness in cosigned
        ],
    }


def _written(
    folder: Path,
    kept_head: KeptHead | None,
    witnessed: KeptHead | None,
    evidence: tuple[ForkEvidence, ...],
) -> list[Path]:
    """The signed bytes as files: one head, the one that witnesses cosigned, and two for each piece
    of evidence.
    """
    from benchmarks.errors import InputError, Place
    from reporting_agent.state import write_whole

    contents = {} if kept_head is None else {"head.cbor": kept_head.signed}
    if witnessed is not None:
        contents["checkpoint.txt"] = witnessed.signed
    for number, contradiction in enumerate(evidence, 1):
        contents |= {
            f"{contradiction.code}-{number}-first.cbor": contradiction.first,
            f"{contradiction.code}-{number}-second.cbor": contradiction.second,
        }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_whole(folder / name, content)
    except OSError as error:
        raise InputError(
            "output-not-writable",
            "The files cannot be written.",
            "Give a folder that can be written to. The contents of the files have been saved.",
            place=Place(str(folder)),
            found=str(error.strerror or error),
        ) from error
    return [folder / name for name in contents]


def _log_lines(
    language: Language,
    last_head: dict[str, Any] | None,
    witnessed: dict[str, Any] | None,
    evidence: tuple[ForkEvidence, ...],
    restarted: tuple[AcceptedRestart, ...],
    files: list[Path],
) -> list[str]:
    from reporting_agent.sending.consent import text
    from reporting_agent.sending.log_heads import as_shown

    lines = (
        []
        if last_head is None
        else [
            text(
                language,
                "status.log",
                size=last_head["size"],
                root=last_head["root"],
                at=last_head["seen_at"][:10],
            )
        ]
    )
    if witnessed is not None:
        names = ", ".join(witness["name"] for witness in witnessed["cosigned"])
        lines.append(
            text(
                language,
                "status.log-witnessed",
                size=witnessed["size"],
                names=names,
                at=witnessed["seen_at"][:10],
            )
        )
    lines += [
        text(
            language, "status.log-evidence", code=contradiction.code, on=contradiction.found_at[:10]
        )
        for contradiction in evidence
    ]
    lines += [text(language, "status.log-restart", **as_shown(restart)) for restart in restarted]
    return [*lines, *(text(language, "status.log-file", file=file) for file in files)]


def _enrolment_lines(
    language: Language, enrolled: Enrolment | None, waiting: Enrolment | None
) -> list[str]:
    from reporting_agent.sending.consent import text

    lines = []
    if enrolled is not None:
        lines.append(
            text(
                language,
                "status.enrolled",
                portal=enrolled.portal,
                site=enrolled.site,
                device=enrolled.device_id,
            )
        )
    if waiting is not None:
        lines.append(text(language, "status.half-enrolled"))
    return lines or [text(language, "status.not-enrolled")]


def _budget_lines(
    language: Language,
    accounts: tuple[StepAccount, ...],
    spendings: tuple[LedgerDebit, ...],
    rules: ReleasePolicy | None,
) -> list[str]:
    """How every step stands, and below it each report that took its share."""
    from benchmarks.privacy.accounting import reserve
    from reporting_agent.sending.consent import number, odds_ratio, text, years_of

    cap = None if rules is None else rules.cap_per_year
    lines = []
    if rules is not None:
        whole = rules.cap_per_year + reserve(rules)
        amounts = {
            "cap": number(rules.cap_per_year),
            "reserve": number(reserve(rules)),
            "whole": number(whole),
        }
        odds = {"odds": odds_ratio(rules.cap_per_year), "odds_ever": odds_ratio(whole)}
        lines.append(text(language, "status.cap", **amounts, **odds))
    for account in accounts:
        shown = {
            "step": account.step,
            "year": account.year,
            "spent": number(account.most_spent),
            "batches": account.batches,
            "corrections": number(account.most_corrected),
        }
        if cap is None:
            lines.append(text(language, "status.budget-only", **shown))
        else:
            lines.append(
                text(
                    language,
                    "status.budget",
                    cap=number(cap),
                    left=number(cap - account.most_spent),
                    **shown,
                )
            )
        for spent in spendings:
            if (spent.step, spent.year) == (account.step, account.year):
                kind = text(language, "status.on-correction") if spent.correction else ""
                if spent.year < years_of(spent.period, 1)[0]:
                    kind += text(language, "status.on-earlier")
                amount = {
                    "epsilon": number(spent.most),
                    "releases": spent.releases,
                    "batches": spent.batches,
                    "kind": kind,
                }
                lines.append(text(language, "status.on", parcel=spent.parcel, **amount))
    return lines if accounts else [*lines, text(language, "status.nothing-spent")]


def _report_lines(language: Language, parcels: tuple[Parcel, ...]) -> list[str]:
    from reporting_agent.sending.consent import text

    lines = []
    for parcel in parcels:
        digest = f" ({parcel.digest})" if parcel.digest else ""
        subject = {"site": parcel.site, "period": parcel.period, "revision": parcel.revision}
        state = text(
            language, "state.given-up" if parcel.is_given_up(parcels) else f"state.{parcel.state}"
        )
        lines.append(text(language, "status.parcel", state=state, digest=digest, **subject))
        if parcel.refusal:
            lines.append("  " + text(language, "status.refusal", refusal=parcel.refusal))
    return lines or [text(language, "status.empty")]
