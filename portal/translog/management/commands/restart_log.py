"""`manage.py restart_log`: let a log that was set back by a restore go on, with the coordinator's
signature.

restart_log ask --reason TEXT   at the portal, web and workers stopped: writes
log-restart-request.cbor into --dir restart_log sign                at the offline key: shows what
is lost and writes log-restart-signed.cbor restart_log take FILE           at the portal: the log
goes on from there
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from benchmarks.phrases import Phrase
from benchmarks.wire import heads, restarts
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import DirectoryKey
from portal import key_ceremony, keys
from portal.operator_command import OperatorCommand, refused
from portal.translog import restarts as ceremony

REQUEST, SIGNED = "log-restart-request.cbor", "log-restart-signed.cbor"


class Command(OperatorCommand):
    help = Phrase(
        "Restart the transparency log after a restore, by a statement of what was lost that the "
        "offline key signs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=["ask", "sign", "take"])
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            help=Phrase("for `take`: the statement as the offline key signed it"),
        )
        parser.add_argument(
            "--dir",
            type=Path,
            help=Phrase(
                "the folder of the request, and of offline.pem; default: where the directory lies"
            ),
        )
        parser.add_argument(
            "--reason",
            help=Phrase(
                "for `ask`: what happened, for everybody to read (%(most)s characters)",
                most=restarts.LONGEST_REASON,
            ),
        )
        parser.add_argument(
            "--head",
            type=Path,
            help=Phrase(
                "for `ask`: a head.cbor that an agent or witness kept, where the portal kept none"
            ),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder: Path | None = options["dir"] or (
            settings.DIRECTORY_FILE.parent if settings.DIRECTORY_FILE else None
        )
        if folder is None:
            raise refused(Phrase("These settings name no DIRECTORY_FILE: say where with --dir."))
        getattr(self, f"_{options['step']}")(folder, options)

    def _ask(self, folder: Path, options: dict[str, Any]) -> None:
        if not options["reason"]:
            raise refused(
                Phrase(
                    "Say with --reason what happened; it is signed, served and shown to every "
                    "agent."
                )
            )
        kept_head = options["head"].read_bytes() if options["head"] else None
        receipt_keys = keys.published_directory().content.receipt_keys()
        request = ceremony.ask(
            options["reason"], keys.receipt_key(), receipt_keys, timezone.now(), kept_head
        )
        (folder / REQUEST).write_bytes(request)
        self._tell(restarts.read_request(request))
        self.answer(
            Phrase(
                "Carry %(file)s to the offline key. Nothing is added to the log before "
                "`restart_log take`.",
                file=folder / REQUEST,
            )
        )

    def _sign(self, folder: Path, _options: dict[str, Any]) -> None:
        asked = restarts.read_request((folder / REQUEST).read_bytes())
        self._tell(asked)
        signed = restarts.issue(
            asked, DirectoryKey.from_pem((folder / key_ceremony.OFFLINE).read_bytes())
        )
        (folder / SIGNED).write_bytes(signed)
        self._number(signed)
        self.answer(
            Phrase(
                "Signed: %(file)s. Hand it out only if the operator told you these figures; else "
                "delete it.",
                file=folder / SIGNED,
            )
        )

    def _take(self, _folder: Path, options: dict[str, Any]) -> None:
        if options["file"] is None:
            raise refused(
                Phrase(
                    "Say which file came back from the offline key: %(command)s take FILE.",
                    command="restart_log",
                )
            )
        signed = options["file"].read_bytes()
        self._tell(ceremony.take(signed, keys.published_directory(), timezone.now()))
        self._number(signed)
        self.answer(
            Phrase(
                "The log goes on. Start web and workers; `manage.py check_installation` says what "
                "else does not agree."
            )
        )

    def _number(self, signed: bytes) -> None:
        number = restarts.digest(signed)
        self.answer(
            Phrase(
                "Number of the statement, to read out to each witness that telephones: %(number)s",
                number=number,
            )
        )

    def _tell(self, restart: LogRestartStatement) -> None:
        before, after = heads.parse(restart.before), heads.parse(restart.after)
        first, end = restart.lost_from, restart.lost_to
        shown = Phrase(
            "Shown before: %(size)s entries, root %(root)s; receipts up to %(end)s.",
            size=before.size,
            root=before.root.hex(),
            end=end,
        )
        self.answer(shown)
        self.answer(
            Phrase(
                "Goes on from: %(size)s entries, root %(root)s.",
                size=after.size,
                root=after.root.hex(),
            )
        )
        self.answer(
            Phrase(
                "Lost: entries %(first)s to %(last)s (%(lost)s).",
                first=first,
                last=end - 1,
                lost=end - first,
            )
        )
        moment = restart.moment.isoformat(timespec="minutes")
        self.answer(
            Phrase(
                "Asked for at %(moment)s: no head that was signed later is excused.", moment=moment
            )
        )
        self.answer(Phrase("Reason, as everybody reads it: %(reason)s", reason=restart.reason))
