"""What the operator's commands share: help, answers and refusals in a language."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError
from django.utils import translation

from benchmarks.catalogue import languages, own_language
from benchmarks.errors import SteplabelError
from benchmarks.phrases import Phrase
from portal.sentences import in_words

_NOT_THERE_YET = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InsufficientPrivilege,
)


class OperatorCommand(BaseCommand):
    """`help` of the command and of its arguments are texts or phrases; a refusal of core or portal
    ends the command with status 1.
    """

    requires_system_checks = ()  # they load every page: two seconds
    needs_vault = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument(
            "--language",
            "--lang",
            choices=languages(),
            help=Phrase("language of what the command says (default: the terminal's)"),
        )
        parser.description = in_words(self.help)
        for action in parser._actions:
            if isinstance(action.help, Phrase):
                action.help = in_words(action.help)
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        with spoken(argv):
            super().run_from_argv(argv)

    def print_help(self, prog_name: str, subcommand: str) -> None:
        with spoken(()):
            super().print_help(prog_name, subcommand)

    def execute(self, *args: Any, **options: Any) -> str | None:
        if self.needs_vault and not settings.ROLE.sees_vault:
            role = str(settings.ROLE)
            raise refused(
                Phrase(
                    "The role %(role)s does not reach the vault, which this command needs. Run it "
                    "as operator.",
                    role=role,
                )
            )
        try:
            return super().execute(*args, **options)
        except SteplabelError as refusal:
            raise CommandError(refusal.worded(in_words)) from refusal
        except ImproperlyConfigured as error:
            raise CommandError(in_words(error.args[0])) from error
        except (OperationalError, psycopg.OperationalError) as error:
            sentence = Phrase(
                "The database refuses or does not answer: %(reason)s. Check that it runs, then "
                "its address and password in the settings.",
                reason=str(error).strip().rstrip("."),
            )
            raise refused(sentence) from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, _NOT_THERE_YET):
                raise
            sentence = Phrase(
                "The database lacks a table that this command needs, or does not let this role "
                "use it: %(reason)s. Run `manage.py migrate` "
                "and `manage.py apply_grants`. Where the tables belong to steplabel_web, hand "
                "them over first: docs/portal.md, Upgrading.",
                reason=str(error).partition("\n")[0].rstrip("."),
            )
            raise refused(sentence) from error
        except PermissionError as error:
            if error.filename is None:
                raise
            raise refused(
                Phrase(
                    "%(file)s: this user may not use it. On Debian, `deploy/as root:ROLE python "
                    "manage.py …` runs a command as root with "
                    "the settings of a role.",
                    file=error.filename,
                )
            ) from error
        except OSError as error:
            if error.filename is None:
                raise
            raise CommandError(f"{error.filename}: {error.strerror}.") from error

    def answer(self, sentence: str) -> None:
        self.stdout.write(in_words(sentence))

    def remark(self, sentence: str) -> None:
        self.stderr.write(in_words(sentence))


def refused(sentence: str) -> CommandError:
    """The end of a command, with status 1."""
    return CommandError(in_words(sentence))


def spoken(argv: Sequence[str]) -> AbstractContextManager[None]:
    options = ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--language", "--lang", nargs="?", default=own_language(os.environ))
    code = options.parse_known_args(argv)[0].language or "en"
    try:
        return translation.override(translation.get_supported_language_variant(code))
    except LookupError:
        return translation.override("en")  # refused as no choice of the option
