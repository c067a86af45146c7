"""`steplabel-agent enrol`: make the device's keys and register them at a portal with a one-time token."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(sub: Any) -> None:
    parser = sub.add_parser("enrol", help="make the device keys and register them with a one-time token")
    parser.add_argument("--portal", required=True, metavar="URL", help="the portal's address, https://…")
    parser.add_argument("--token", required=True, metavar="T", help="the one-time token, or @FILE that holds it")
    parser.add_argument("--replace", action="store_true", help="register a new device key for the site that is enrolled already")
    parser.add_argument("--state", type=Path, metavar="DIR", help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)")
    parser.add_argument("--proxy", metavar="URL", help="go through this proxy; none is taken from the environment")
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these certificates instead of the public ones")
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    import os
    import time
    from datetime import UTC, datetime

    from benchmarks.errors import ExitCode, VerificationError
    from benchmarks.wire.directory import EnrolmentToken
    from reporting_agent import enrolment
    from reporting_agent.console import emit
    from reporting_agent.software import SOFTWARE
    from reporting_agent.state import StateDirectory
    from reporting_agent.transport import Portal

    token = EnrolmentToken.parse(_token_text(args.token))
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with (
        Portal(args.portal, sleep=time.sleep, software=SOFTWARE, proxy=args.proxy, ca_file=args.ca_file) as portal,
        state.exclusive(),
        state.connect() as connection,
    ):
        done = enrolment.enrol(state, connection, portal, token, software=SOFTWARE, now=datetime.now(UTC), replace=args.replace)
        if done.site is None:
            raise VerificationError("not-registered", "The portal gave no site.", "Ask the portal's operator.")
    payload = {"site": done.site, "device_id": done.device_id, "portal": done.portal, "directory_key": done.fingerprint}
    emit(
        args, payload, f"Enrolled at {done.portal} as {done.site}, device {done.device_id}. Keys are in {state.path}; back that folder up."
    )
    return ExitCode.DONE


def _token_text(argument: str) -> str:
    """The token itself, or what stands in the file after @: a command line is seen by other users of the machine."""
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
