"""`STEPLABEL_ROLE=worker manage.py wrap_key`: have the token of PROCESSING_KEY_TOKEN wrap the
passwords of the processing keys.

wrap_key --draw       draw the wrapping key in the token first, where there is none of its name
wrap_key --from URI   the passwords are wrapped by another key, or in another token, until now
wrap_key              where all are wrapped: try them, which also lets a worker sign in again whose
PIN was refused
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from benchmarks.phrases import Phrase
from portal import keys
from portal.key_token import Token
from portal.opening.wrapping import wrap
from portal.operator_command import OperatorCommand, refused


class Command(OperatorCommand):
    help = Phrase(
        "Have the PKCS#11 token of PROCESSING_KEY_TOKEN wrap the passwords of the processing keys "
        "(as worker, as the files' owner)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--draw",
            action="store_true",
            help=Phrase(
                "draw the wrapping key (AES-256, never leaves the token), if there is none"
            ),
        )
        parser.add_argument(
            "--from",
            dest="before",
            metavar="URI",
            help=Phrase("the token and key that wrap the passwords until now"),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.PROCESSING_KEY_TOKEN is None:
            raise refused(
                Phrase("PROCESSING_KEY_TOKEN names no token; run this with the worker's settings.")
            )
        token = Token.at(settings.PROCESSING_KEY_TOKEN)
        if options["draw"]:
            if token.make_key():
                self.answer(
                    Phrase(
                        "The key %(key)s was drawn in the token %(token)s.",
                        key=token.key,
                        token=token.label,
                    )
                )
            else:
                self.answer(
                    Phrase(
                        "The key %(key)s is there already in the token %(token)s.",
                        key=token.key,
                        token=token.label,
                    )
                )
        before = Token.at(options["before"]) if options["before"] else None
        for file in keys.processing_key_files():
            if wrap(file, token, before):
                self.answer(
                    Phrase("%(file)s: wrapped by the key %(key)s.", file=file, key=token.key)
                )
            else:
                self.answer(Phrase("%(file)s: opens by the key %(key)s.", file=file, key=token.key))
