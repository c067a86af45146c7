"""`manage.py restart_log`: let a log that was set back by a restore go on, with the coordinator's signature.

restart_log ask --reason TEXT   at the portal, web and workers stopped: writes log-restart-request.cbor into --dir
restart_log sign                at the offline key: shows what is lost and writes log-restart-signed.cbor
restart_log take FILE           at the portal: the log goes on from there
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from benchmarks.errors import SteplabelError
from benchmarks.wire import heads, restarts
from benchmarks.wire.restarts import LogRestart
from benchmarks.wire.signing import DirectoryKey
from portal import key_ceremony, keys
from portal.translog import restarts as ceremony

REQUEST, SIGNED = "log-restart-request.cbor", "log-restart-signed.cbor"


class Command(BaseCommand):
    help = "Restart the transparency log after a restore, by a statement of what was lost that the offline key signs."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=["ask", "sign", "take"])
        parser.add_argument("file", nargs="?", type=Path, help="for `take`: the statement as the offline key signed it")
        parser.add_argument("--dir", type=Path, help="the folder of the request, and of offline.pem; default: where the directory lies")
        parser.add_argument("--reason", help=f"for `ask`: what happened, for everybody to read ({restarts.LONGEST_REASON} characters)")
        parser.add_argument("--head", type=Path, help="for `ask`: a head.cbor that an agent or witness kept, where the portal kept none")

    def handle(self, *_args: Any, **options: Any) -> None:
        folder: Path | None = options["dir"] or (settings.DIRECTORY_FILE.parent if settings.DIRECTORY_FILE else None)
        if folder is None:
            raise CommandError("These settings name no DIRECTORY_FILE: say where with --dir.")
        try:
            getattr(self, f"_{options['step']}")(folder, options)
        except SteplabelError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.") from error

    def _ask(self, folder: Path, options: dict[str, Any]) -> None:
        if not options["reason"]:
            raise CommandError("Say with --reason what happened; it is signed, served and shown to every agent.")
        seen = options["head"].read_bytes() if options["head"] else None
        request = ceremony.ask(options["reason"], keys.receipt_key(), timezone.now(), seen)
        (folder / REQUEST).write_bytes(request)
        self._tell(restarts.read_request(request))
        self.stdout.write(f"Carry {folder / REQUEST} to the offline key. Nothing is added to the log before `restart_log take`.")

    def _sign(self, folder: Path, _options: dict[str, Any]) -> None:
        asked = restarts.read_request((folder / REQUEST).read_bytes())
        self._tell(asked)
        signed = restarts.issue(asked, DirectoryKey.from_pem((folder / key_ceremony.OFFLINE).read_bytes()))
        (folder / SIGNED).write_bytes(signed)
        self._number(signed)
        self.stdout.write(f"Signed: {folder / SIGNED}. Hand it out only if the operator told you these figures; else delete it.")

    def _take(self, _folder: Path, options: dict[str, Any]) -> None:
        if options["file"] is None:
            raise CommandError("Say which file came back from the offline key: restart_log take FILE.")
        signed = options["file"].read_bytes()
        self._tell(ceremony.take(signed, keys.published_directory(), timezone.now()))
        self._number(signed)
        self.stdout.write("The log goes on. Start web and workers; `manage.py check_installation` says what else does not agree.")

    def _number(self, signed: bytes) -> None:
        self.stdout.write(f"Number of the statement, to read out to each witness that telephones: {restarts.digest(signed)}")

    def _tell(self, restart: LogRestart) -> None:
        before, after = heads.parse(restart.before), heads.parse(restart.after)
        self.stdout.write(f"Shown before: {before.size} entries, root {before.root.hex()}; receipts up to {restart.lost_to}.")
        self.stdout.write(f"Goes on from: {after.size} entries, root {after.root.hex()}.")
        self.stdout.write(f"Lost: entries {restart.lost_from} to {restart.lost_to - 1} ({restart.lost_to - restart.lost_from}).")
        self.stdout.write(f"Reason, as everybody reads it: {restart.reason}")
