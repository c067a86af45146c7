"""`steplabel-agent auditor`: an auditor's own keys, made and kept on the auditor's machine; a
statement signed with them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase
from reporting_agent.console import emit, in_terminals_language

if TYPE_CHECKING:
    from reporting_agent.audit.openings.statements import AuditorKeys


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
        "auditor",
        help="for certification bodies: make an auditor's keys, or sign a statement with them",
    )
    add_keys(parser)
    parser.add_argument(
        "--sign",
        type=Path,
        metavar="FILE",
        help="sign this unsigned statement of the portal (attestation or withdrawal)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="with --sign: where the signed statement goes"
    )
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
    from benchmarks.errors import ExitCode, InputError, Place, UsageError
    from benchmarks.wire import attestations
    from reporting_agent.audit.openings.files import read_one
    from reporting_agent.audit.openings.statements import AuditorKeys

    if (args.sign is None) != (args.out is None):
        raise UsageError(
            "auditor-arguments",
            "--sign and --out go together.",
            "Give both, or neither to make new keys.",
        )
    if args.sign is not None:
        keys = load_keys(args)
        statement = read_one(args.sign)
        signed = attestations.sign(statement, keys.signing)
        write_file(args.out, signed)
        text = Phrase(
            "Signed with the key %(key)s: %(file)s.", key=keys.signing.key_id, file=args.out
        )
        emit(args, {"file": str(args.out), "fingerprint": keys.signing.key_id}, text)
        return ExitCode.DONE
    if args.keys.exists():
        raise InputError(
            "keys-exist",
            "There is a file of this name already.",
            "Give the name of a new file. If keys are overwritten and lost, they can never sign "
            "or open anything again.",
            place=Place(str(args.keys)),
        )
    generated = AuditorKeys.generate()
    write_file(args.keys, generated.to_pem(password(args, new=True)))
    text = Phrase(
        "Keys written to %(file)s, protected by the password. Keep the two in separate places, "
        "with a copy of each.\nPublic key "
        "(register it at the portal): %(public)s\nFingerprint: %(fingerprint)s",
        file=args.keys,
        public=generated.signing.public.hex,
        fingerprint=generated.signing.key_id,
    )
    emit(args, {"file": str(args.keys), **generated.public}, text)
    return ExitCode.DONE


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
