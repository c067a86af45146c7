"""`steplabel-agent enrol`: make the device's keys and register them at a portal with a one-time
token, or rotate them (`--rotate`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, enumerated, sentences
from reporting_agent.commands import add_connection, portal_at
from reporting_agent.console import emit, in_terminals_language

if TYPE_CHECKING:
    from sqlite3 import Connection

    from reporting_agent.sending.transport import Portal
    from reporting_agent.state import StateDirectory


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "enrol", help="make the device keys and register them with a one-time token"
    )
    parser.add_argument("--portal", metavar="URL", help="the portal's address, https://…")
    parser.add_argument("--token", metavar="T", help="the one-time token, or @FILE that holds it")
    parser.add_argument(
        "--rotate",
        action="store_true",
        help="replace the device key by a new one that it signs; no token is needed",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="register a new device key for the site that is enrolled already",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)",
    )
    add_connection(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    import os
    from datetime import UTC, datetime

    from benchmarks.errors import ExitCode, UsageError, VerificationError
    from benchmarks.wire.directory import EnrolmentSecret
    from reporting_agent.sending import enrolment
    from reporting_agent.software import SOFTWARE
    from reporting_agent.state import StateDirectory

    if args.rotate:
        return _rotate(args)
    if args.portal is None or args.token is None:
        raise UsageError(
            "enrol-arguments",
            "To enrol, the portal and a token are needed.",
            "Give --portal URL --token T, or --rotate alone.",
        )
    token = EnrolmentSecret.parse(_token_text(args.token))
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with (
        portal_at(args, args.portal) as portal,
        state.exclusive(),
        state.connect() as connection,
    ):
        done = enrolment.enrol(
            state,
            connection,
            portal,
            token,
            software=SOFTWARE,
            now=datetime.now(UTC),
            replace=args.replace,
        )
        if done.site is None:
            raise VerificationError(
                "not-registered", "The portal gave no site.", "Ask the portal's operator."
            )
        _look_at_log(state, connection, portal, done.site)
        closed = enrolment.reported_elsewhere(
            state, connection, portal, done, now=datetime.now(UTC)
        )
    payload: dict[str, object] = {
        "site": done.site,
        "device_id": done.device_id,
        "portal": done.portal,
        "directory_key": done.fingerprint,
    }
    lines = [
        Phrase(
            "Enrolled at %(portal)s as %(site)s, device %(device)s. Keys are in %(folder)s; back "
            "that folder up.",
            portal=done.portal,
            site=done.site,
            device=str(done.device_id),
            folder=state.path,
        )
    ]
    if closed:
        payload["reported_elsewhere"] = list(closed)
        lines.append(
            Phrase(
                "The portal holds reports that this folder does not know (%(periods)s): nothing "
                "more is spent on these periods.",
                periods=enumerated(closed),
            )
        )
    emit(args, payload, in_terminals_language([sentences(lines)]))
    return ExitCode.DONE


def _rotate(args: argparse.Namespace) -> int:
    """A new key for the device of this state directory; the portal is the one it is enrolled at."""
    import os
    from datetime import UTC, datetime

    from benchmarks.errors import ExitCode, UsageError
    from reporting_agent.sending import enrolment
    from reporting_agent.state import StateDirectory

    if args.token is not None or args.portal is not None or args.replace:
        raise UsageError(
            "enrol-arguments",
            "A key is rotated without a token.",
            "Give --rotate without --portal, --token and --replace.",
        )
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with state.exclusive(), state.connect() as connection:
        address = enrolment.in_force(state, connection).portal
        with portal_at(args, address) as portal:
            done = enrolment.rotate(state, connection, portal, now=datetime.now(UTC))
            _look_at_log(state, connection, portal, str(done.site))
    payload = {
        "site": done.site,
        "device_id": done.device_id,
        "portal": done.portal,
        "directory_key": done.fingerprint,
    }
    emit(
        args,
        payload,
        Phrase(
            "%(site)s is now device %(device)s. The old key is deleted; back %(folder)s up again.",
            site=str(done.site),
            device=str(done.device_id),
            folder=state.path,
        ),
    )
    return ExitCode.DONE


def _look_at_log(state: StateDirectory, connection: Connection, portal: Portal, site: str) -> None:
    """Keep the head of the portal's log from the first contact on. Where it does not answer,
    `submit` asks again.
    """
    from contextlib import suppress
    from datetime import UTC, datetime

    from benchmarks.errors import Unreachable
    from reporting_agent.sending import enrolment, log_heads
    from reporting_agent.sending.kept_reports import Outbox

    with suppress(Unreachable):
        log_heads.look(
            connection,
            enrolment.identity(state, connection, site),
            portal,
            Outbox(connection).all(),
            datetime.now(UTC),
        )


def _token_text(argument: str) -> str:
    """The token itself, or what stands in the file after @: a command line is seen by other users
    of the machine.
    """
    from benchmarks.errors import InputError, Place

    if not argument.startswith("@"):
        return argument
    file = Path(argument[1:])
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "token-unreadable",
            "The file with the token cannot be read.",
            "Give the path of a text file.",
            place=Place(str(file)),
            found=str(error),
        ) from error
