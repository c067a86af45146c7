"""`steplabel-agent witness`: look at a portal's log, hold it against what was seen before, cosign
it. To be run by a timer.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, enumerated
from reporting_agent.commands import add_connection, portal_at
from reporting_agent.console import emit, in_terminals_language, say

if TYPE_CHECKING:
    from reporting_agent.audit.witness_visits import Witness, WitnessVisit


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "witness",
        help="for independent bodies: hold a portal's log against what was seen before, and "
        "cosign it",
    )
    parser.add_argument(
        "--log", required=True, metavar="URL", help="the portal's address, https://…"
    )
    parser.add_argument(
        "--name",
        metavar="NAME",
        help="once: the name to cosign under, an address of yours without https://",
    )
    parser.add_argument(
        "--directory-key",
        metavar="HEX",
        help="once for each log: fingerprint of the portal's directory key, had by another way",
    )
    parser.add_argument(
        "--begin",
        action="store_true",
        help="once for each log: begin with it, where no head of it is kept here",
    )
    parser.add_argument(
        "--compare",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a checkpoint that another witness cosigned (repeat)",
    )
    parser.add_argument(
        "--restart",
        metavar="HEX",
        help="accept a restart of the log: the number of the statement, read out by the "
        "coordinator",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="the witness's own directory (else ~/.steplabel-witness)",
    )
    add_connection(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from benchmarks.errors import ExitCode, InputError, SteplabelError
    from reporting_agent.audit.openings.files import read_one
    from reporting_agent.audit.witness_visits import WitnessedLog, checkpoint_in, witness
    from reporting_agent.state import StateDirectory

    state = StateDirectory(args.state or Path.home() / ".steplabel-witness")
    others = [checkpoint_in(file, read_one(file)).note.raw for file in args.compare]
    with state.exclusive(), portal_at(args, args.log) as portal:
        by = witness(state, args.name)
        pin = _pin_of(portal.base_url)
        directory_key = _directory_key(state, pin, portal.base_url, args.directory_key)
        watch = WitnessedLog(state.path, directory_key, portal)
        try:
            visit = watch.visit(
                by, datetime.now(UTC), others, begin=args.begin, restart=args.restart
            )
        except SteplabelError as refusal:
            if isinstance(refusal, InputError) and refusal.code == "witness-unknown":
                say(
                    Phrase(
                        "The key to hand to the portal's operator, by another way than this "
                        "portal: %(key)s",
                        key=by.note_key.text,
                    )
                )
            raise
        finally:
            if watch.directory_held and not state.has_secret(
                pin
            ):  # a mistyped key has signed none, and is not kept
                state.write_secret(pin, directory_key.encode())
    emit(args, _payload(by, visit, watch.cosigned_file), _text(by, visit, watch.cosigned_file))
    return ExitCode.DONE


def _pin_of(address: str) -> str:
    """The name under which it is kept which key signs the portal's key directory."""
    import hashlib

    return f"log-{hashlib.sha256(address.encode()).hexdigest()[:16]}"


def _directory_key(state: Any, pin: str, address: str, fingerprint: str | None) -> str:
    """The fingerprint that this log is held to: given once, kept since it proved to have signed the
    portal's key directory.
    """
    from benchmarks.errors import UsageError
    from benchmarks.wire.records import HEX_DIGEST

    pinned = state.read_secret(pin).decode() if state.has_secret(pin) else None
    if fingerprint is not None and not HEX_DIGEST.fullmatch(fingerprint):
        raise UsageError(
            "fingerprint-malformed",
            "--directory-key is no fingerprint.",
            "Give the 64 hex digits that the operator reads out.",
        )
    if pinned is None and fingerprint is None:
        raise UsageError(
            "directory-key-missing",
            Phrase(
                "This computer does not know which key signs the key directory of %(address)s.",
                address=address,
            ),
            "Give --directory-key HEX once. Have the fingerprint read out by the coordinator, and "
            "not by the portal's own pages.",
        )
    if pinned is not None and fingerprint not in (None, pinned):
        raise UsageError(
            "directory-key-differs",
            Phrase(
                "Until now the log of %(address)s was checked with the directory key %(kept)s.",
                address=address,
                kept=pinned,
            ),
            "Find out by another way than this portal why there is another one; it is another "
            "log, and needs another --state.",
        )
    return pinned or str(fingerprint)


def _payload(by: Witness, visit: WitnessVisit, file: Path) -> dict[str, Any]:
    return {
        "witness": by.name,
        "key": by.note_key.text,
        "origin": visit.checkpoint.origin,
        "size": visit.checkpoint.size,
        "root": visit.checkpoint.root.hex(),
        "size_before": visit.before,
        "witnessed_size": visit.witnessed,
        "cosigned": [
            {"name": witness.name, "at": witness.moment.isoformat()}
            for witness in visit.cosigned_by
        ],
        "restart": None
        if visit.restart is None
        else {"lost_from": visit.restart.lost_from, "lost_to": visit.restart.lost_to},
        "file": str(file),
    }


def _text(by: Witness, visit: WitnessVisit, file: Path) -> str:
    if visit.restart is not None:
        before = Phrase(
            "it continues the backup from which the log was restarted, and entries %(first)s to "
            "%(last)s are lost",
            first=f"{visit.restart.lost_from:,}",
            last=f"{visit.restart.lost_to - 1:,}",
        )
    elif visit.before is None:
        before = Phrase("it is the first head seen here and was held against none before it")
    else:
        before = Phrase("it continues the one of %(size)s entries", size=f"{visit.before:,}")
    if visit.witnessed is None:
        witnessed = Phrase(
            "The portal has no head to show that enough witnesses have cosigned. If that stays "
            "so, compare with the others: they may be "
            "shown another log."
        )
    else:
        witnessed = Phrase(
            "The head of %(size)s entries is cosigned by %(names)s and belongs to the same log.",
            size=f"{visit.witnessed:,}",
            names=enumerated(witness.name for witness in visit.cosigned_by),
        )
    lines = (
        Phrase(
            "%(witness)s cosigned the log's head of %(size)s entries; %(before)s.",
            witness=by.name,
            size=f"{visit.checkpoint.size:,}",
            before=before,
        ),
        witnessed,
        Phrase(
            "Hand %(file)s to the other witnesses; `--compare FILE` holds theirs against this log.",
            file=file,
        ),
    )
    return in_terminals_language(lines)
