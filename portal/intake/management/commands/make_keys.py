"""`manage.py make_keys`: make the keys of a new portal, rotate them, name witnesses, sign and take
a new key directory.

make_keys                      draw all keys, the offline key among them, and sign the first
directory make_keys rotate               draw new keys beside the old; a request for the offline key
is written make_keys witnesses            name other witnesses of the log; a request for the offline
key is written make_keys sign                 at the offline key: answer a request (offline.pem,
directory.cbor and the request in one folder) make_keys take FILE            put the signed
directory in the place of the old one
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase, in_number
from benchmarks.wire import directory as directories
from benchmarks.wire import directory_renewal
from benchmarks.wire.directory import Directory
from benchmarks.wire.logged import EntryKind
from portal import key_ceremony as ceremony
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.key_token import Token
from portal.keys import of_one_kind
from portal.operator_command import OperatorCommand, refused
from portal.translog import log

NEW, AS_BEFORE = Phrase("NEW"), Phrase("as before")


class Command(OperatorCommand):
    help = Phrase(
        "Make the portal's keys (offline, processing for the worker, receipt for the web, and the "
        "signed directory), or rotate them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "step", nargs="?", choices=["new", "rotate", "witnesses", "sign", "take"], default="new"
        )
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            help=Phrase("for `take`: the directory as the offline key signed it"),
        )
        parser.add_argument(
            "--dir",
            type=Path,
            default=None,
            help=Phrase("the folder of keys; default: where the settings look for the directory"),
        )
        parser.add_argument(
            "--years", type=int, default=2, help=Phrase("how long the new keys are listed as valid")
        )
        parser.add_argument(
            "--overlap",
            type=int,
            default=ceremony.OVERLAP.days,
            help=Phrase("days for which an old key is still used (rotate)"),
        )
        parser.add_argument(
            "--only", choices=["processing", "receipt"], help=Phrase("rotate this key alone")
        )
        parser.add_argument(
            "--token",
            metavar="URI",
            help=Phrase("the PKCS#11 token that wraps the new processing key's password (rotate)"),
        )
        parser.add_argument(
            "--add",
            action="append",
            default=[],
            metavar="KEY",
            help=Phrase("a witness's key, as it printed it (witnesses)"),
        )
        parser.add_argument(
            "--drop",
            action="append",
            default=[],
            metavar="NAME",
            help=Phrase("a witness that is named no more (witnesses)"),
        )
        parser.add_argument(
            "--required",
            type=int,
            help=Phrase("how many cosignatures an agent asks for (witnesses)"),
        )
        parser.add_argument(
            "--within-days", type=int, help=Phrase("how old they may be (witnesses)")
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder: Path | None = options["dir"] or (
            settings.DIRECTORY_FILE.parent if settings.DIRECTORY_FILE else None
        )
        if folder is None:
            raise refused(Phrase("These settings name no DIRECTORY_FILE: say where with --dir."))
        getattr(self, f"_{options['step']}")(folder, timezone.now().date(), options)

    def _new(self, folder: Path, today: date, options: dict[str, Any]) -> None:
        # from yesterday on: the plants' clocks and ours need not agree on the date
        keys = ceremony.make_keys(folder, today - timedelta(days=1), _years(today, options))
        fingerprint = keys.fingerprint
        self.answer(
            Phrase(
                "Keys are in %(folder)s. Fingerprint for enrolment tokens: %(fingerprint)s",
                folder=keys.folder,
                fingerprint=fingerprint,
            )
        )
        self.remark(
            Phrase(
                "Take offline.pem off this machine. Give processing.pem and its password to the "
                "worker alone."
            )
        )

    def _rotate(self, folder: Path, today: date, options: dict[str, Any]) -> None:
        rotation = ceremony.rotate(
            folder,
            (folder / ceremony.DIRECTORY).read_bytes(),
            processing=None
            if options["only"] == "receipt"
            else _key_file(ceremony.PROCESSING, settings.PROCESSING_KEY_FILE, options),
            receipt=None
            if options["only"] == "processing"
            else _key_file(ceremony.RECEIPT, settings.RECEIPT_KEY_FILE, options),
            valid_from=today - timedelta(days=1),
            valid_to=_years(today, options),
            old_until=today + timedelta(days=options["overlap"]),
            token=Token.at(options["token"]) if options["token"] else None,
        )
        if rotation.processing_key_id:
            self.answer(Phrase("New processing key %(key)s", key=rotation.processing_key_id))
        if rotation.receipt_key_id:
            self.answer(Phrase("New receipt key %(key)s", key=rotation.receipt_key_id))
        self.answer(
            Phrase(
                "Carry %(file)s to the offline key, these ids by another way. Nothing changes "
                "before `make_keys take`.",
                file=rotation.request,
            )
        )

    def _witnesses(self, folder: Path, _today: date, options: dict[str, Any]) -> None:
        signed = (folder / ceremony.DIRECTORY).read_bytes()
        present = directories.verify(signed, directories.signer_of(signed))
        if not (
            options["add"]
            or options["drop"]
            or options["required"] is not None
            or options["within_days"] is not None
        ):
            for witness in present.witnesses:
                self.stdout.write(witness.note_key.text)
            self.answer(
                in_number(
                    present.witnessed_within_days,
                    "%(required)s asked for, within %(days)s day.",
                    "%(required)s asked for, within %(days)s days.",
                    required=present.witnesses_required,
                    days=present.witnessed_within_days,
                )
            )
            return
        required = (
            present.witnesses_required if options["required"] is None else options["required"]
        )
        days = options["within_days"] or present.witnessed_within_days
        request = ceremony.name_witnesses(
            folder, signed, add=options["add"], drop=options["drop"], required=required, days=days
        )
        self.answer(
            Phrase(
                "Carry %(file)s to the offline key, the witnesses' keys by another way. Nothing "
                "changes before `make_keys take`.",
                file=request,
            )
        )

    def _sign(self, folder: Path, _today: date, _options: dict[str, Any]) -> None:
        request, signed = (
            (folder / ceremony.REQUEST).read_bytes(),
            (folder / ceremony.DIRECTORY).read_bytes(),
        )
        answer = ceremony.sign(request, signed, folder / ceremony.OFFLINE)
        self._tell(
            directories.verify(signed, directories.signer_of(signed)),
            directory_renewal.read(request).directory,
        )
        (folder / ceremony.SIGNED).write_bytes(answer)
        self.answer(
            Phrase(
                "Signed: %(file)s. Hand it out only if the new ids are those read to you by "
                "another way; else delete it. "
                "At the portal: `make_keys take`.",
                file=folder / ceremony.SIGNED,
            )
        )

    def _take(self, folder: Path, today: date, options: dict[str, Any]) -> None:
        if options["file"] is None:
            raise refused(
                Phrase(
                    "Say which file came back from the offline key: %(command)s take FILE.",
                    command="make_keys",
                )
            )
        answer, in_force = options["file"].read_bytes(), folder / ceremony.DIRECTORY
        directory = ceremony.judged(in_force, answer)
        newest = (
            directory.processing_key(today)
            if any(key.is_valid(today) for key in directory.processing)
            else None
        )
        now = timezone.now()
        with transaction.atomic():
            sealed_to = f"processing key {newest.key_id}" if newest else "no processing key"
            record(
                now,
                "operator",
                Action.DIRECTORY_TAKEN,
                f"key directory {directory.number}",
                sealed_to,
            )
            log.add_once(EntryKind.KEY_DIRECTORY, sha256(answer).hexdigest(), now)
            ceremony.take(
                in_force, answer
            )  # last: what the log or the trail refuses leaves the directory as it is
        request = folder / ceremony.REQUEST
        if _asked_in(request) == directory:  # else it is the next rotation's
            request.unlink()
        if newest is None:
            self.answer(
                Phrase(
                    "Directory %(number)s is in force. Its processing keys have ended, so no "
                    "report can be sealed: run `make_keys rotate "
                    "--only processing`, `sign` and `take`.",
                    number=directory.number,
                )
            )
            return
        self.answer(
            Phrase(
                "Directory %(number)s is in force; reports are sealed to %(key)s from now on.",
                number=directory.number,
                key=newest.key_id,
            )
        )

    def _tell(self, present: Directory, asked: Directory) -> None:
        """What the person at the offline key is about to hand out."""
        for what, before, after in (
            (Phrase("processing key"), present.processing, asked.processing),
            (Phrase("receipt key"), present.receipts, asked.receipts),
        ):
            keys_before = {key.public_bytes: key for key in before}
            for key in after:
                facts = {
                    "what": what,
                    "key": key.key_id,
                    "first": key.valid_from.isoformat(),
                    "last": key.valid_to.isoformat(),
                }
                old = keys_before.get(key.public_bytes)
                change = NEW if old is None else Phrase("ends earlier") if old != key else AS_BEFORE
                self.answer(
                    Phrase(
                        "%(what)s %(key)s, %(first)s to %(last)s: %(change)s",
                        change=change,
                        **facts,
                    )
                )
        for witness in dict.fromkeys((*asked.witnesses, *present.witnesses)):
            change = (
                Phrase("no more")
                if witness not in asked.witnesses
                else AS_BEFORE
                if witness in present.witnesses
                else NEW
            )
            self.answer(
                Phrase("witness %(key)s: %(change)s", key=witness.note_key.text, change=change)
            )
        if asked.witnesses or present.witnesses:
            facts = {"now": _asked_for(asked), "before": _asked_for(present)}
            self.answer(Phrase("cosignatures asked for: %(now)s (before: %(before)s)", **facts))


def _asked_in(request: Path) -> Directory | None:
    """The directory that a request asks for; None where none is there, or none that can be read."""
    try:
        return directory_renewal.read(request.read_bytes()).directory if request.exists() else None
    except VerificationError:
        return None


def _key_file(name: str, file: Path | None, options: dict[str, Any]) -> Path:
    """The key in use here, by `--dir`, else by the role's settings, else beside the directory:
    there the new one is read.
    """
    if options["dir"]:
        return options["dir"] / name  # type: ignore[no-any-return]
    if file is None and settings.DIRECTORY_FILE:
        file = settings.DIRECTORY_FILE.with_name(name)
    if file is None or not any(of_one_kind(file)):
        raise refused(
            Phrase(
                "The role %(role)s has no %(name)s here. Rotate each key with the settings of the "
                "role that uses it: --only processing "
                "with the worker's, --only receipt with the web's.",
                role=str(settings.ROLE),
                name=name,
            )
        )
    return file


def _asked_for(directory: Directory) -> Phrase:
    days = directory.witnessed_within_days
    return in_number(
        days,
        "%(required)s within %(days)s day",
        "%(required)s within %(days)s days",
        required=directory.witnesses_required,
        days=days,
    )


def _years(today: date, options: dict[str, Any]) -> date:
    return today + timedelta(days=365 * int(options["years"]))
