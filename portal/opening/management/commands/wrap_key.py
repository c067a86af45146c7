"""`STEPLABEL_ROLE=worker manage.py wrap_key`: have the token of PROCESSING_KEY_TOKEN wrap the passwords of the processing keys.

wrap_key --draw       draw the wrapping key in the token first, where there is none of its name
wrap_key --from URI   the passwords are wrapped by another key, or in another token, until now
wrap_key              where all are wrapped: try them, which also lets a worker sign in again whose PIN was refused
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from benchmarks.errors import SteplabelError
from portal import keys
from portal.key_token import Token
from portal.opening.wrapping import wrap


class Command(BaseCommand):
    help = "Have the PKCS#11 token of PROCESSING_KEY_TOKEN wrap the passwords of the processing keys (as worker, as the files' owner)."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--draw", action="store_true", help="draw the wrapping key (AES-256, never leaves the token), if there is none")
        parser.add_argument("--from", dest="before", metavar="URI", help="the token and key that wrap the passwords until now")

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.PROCESSING_KEY_TOKEN is None:
            raise CommandError("PROCESSING_KEY_TOKEN names no token; run this with the worker's settings.")
        try:
            token = Token.at(settings.PROCESSING_KEY_TOKEN)
            if options["draw"]:
                drawn = token.make_key()
                self.stdout.write(f"The key {token.key} {'was drawn in' if drawn else 'is there already in'} the token {token.label}.")
            before = Token.at(options["before"]) if options["before"] else None
            for file in keys.processing_key_files():
                done = wrap(file, token, before)
                self.stdout.write(f"{file}: {'wrapped by' if done else 'opens by'} the key {token.key}.")
        except (SteplabelError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
