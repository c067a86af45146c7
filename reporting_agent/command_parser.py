"""The command line's help, usage, refusals and completion, in the language of the terminal.

argparse gives its refusals on in English, filled in: each is known again by its sentence.
"""

from __future__ import annotations

import argparse
import re
import sys
import unicodedata
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NoReturn

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase
from reporting_agent.console import LANGUAGE, columns_of

if TYPE_CHECKING:
    from benchmarks.guidance.cbam import Precursor


_NUMBER = Phrase("%(text)s is no number")
_AMOUNT = Phrase("%(text)s is no amount: write a number that is not negative")
_YEAR = Phrase("%(text)s is no year: write it as 2026")
_DAY = Phrase("%(text)s is no day: write it as 2026-05-14")
_COUNTRY = Phrase("%(text)s is no country: write it as CN, the two letters of ISO 3166-1")
_PRECURSOR = Phrase("%(text)s: write CODE=TONNES or CODE:ROUTE=TONNES")
SENTENCES = (_NUMBER, _AMOUNT, _YEAR, _DAY, _COUNTRY, _PRECURSOR)


def amount(text: str) -> Decimal:
    """A number that is not negative."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _wanted(_NUMBER, text) from None
    if not number.is_finite() or number < 0:
        raise _wanted(_AMOUNT, text)
    return number


def year(text: str) -> int:
    """Of this century."""
    if not (text.isdecimal() and len(text) == 4 and text > "1999"):
        raise _wanted(_YEAR, text)
    return int(text)


def day(text: str) -> date:
    """By ISO 8601."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wanted(_DAY, text) from None


def country(text: str) -> str:
    """By ISO 3166-1, two letters, in capitals."""
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise _wanted(_COUNTRY, text)
    return text.upper()


def precursor(text: str) -> Precursor:
    """What went into a good: its code, its route where one is named, and tonnes a tonne."""
    from benchmarks.guidance.cbam import Precursor

    goods, equals, tonnes = text.partition("=")
    code, _, route = goods.partition(":")
    if not (code and equals):
        raise _wanted(_PRECURSOR, text)
    return Precursor(code, amount(tonnes), route)


def _wanted(sentence: Phrase, text: str) -> ArgumentTypeError:
    return ArgumentTypeError(Phrase(sentence.text, text=text))


SHELLS = ("bash", "zsh")
# which make zsh read what is written for bash
_ZSH = "autoload -U +X compinit bashcompinit && compinit -u && bashcompinit\n"


class PrintCompletion(argparse.Action):
    """`--completion SHELL` prints the script and ends."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: Any,
        values: str | Sequence[Any] | None,
        _option: str | None = None,
    ) -> None:
        print(script(parser, str(values)), end="")
        parser.exit()


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What `source <(steplabel-agent --completion bash)` reads."""
    commands = next(
        action.choices
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    cases = "".join(
        f"    {name}) words='{' '.join(_words(command))}' ;;\n"
        for name, command in commands.items()
    )
    return (
        f"{_ZSH if shell == 'zsh' else ''}_steplabel_agent() {{\n"
        "  local words\n"
        "  case ${COMP_WORDS[1]} in\n"
        f"{cases}    *) words='{' '.join([*commands, *_options(parser)])}' ;;\n"
        "  esac\n"
        '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))\n'
        "}\n"
        "complete -o default -F _steplabel_agent steplabel-agent\n"
    )


def _words(command: argparse.ArgumentParser) -> Iterator[str]:
    yield from _options(command)
    for action in command._actions:
        yield from (str(choice) for choice in action.choices or ())


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from (option for option in action.option_strings if option.startswith("--"))


OF_ARGPARSE = (
    Phrase("argument %(argument)s: %(fault)s"),
    Phrase("the following arguments are required: %(names)s"),
    Phrase("one of the arguments %(names)s is required"),
    Phrase("unrecognized arguments: %(names)s"),
    Phrase("ambiguous option: %(option)s could match %(options)s"),
    Phrase("not allowed with argument %(option)s"),
    Phrase("ignored explicit argument %(value)s"),
    Phrase("expected one argument"),
    Phrase("expected at most one argument"),
    Phrase("expected at least one argument"),
    Phrase("invalid %(kind)s value: %(value)s"),
    Phrase("invalid choice: %(value)s (choose from %(choices)s)"),
)
"""Its refusals, with names for what it fills in."""

OF_ITS_HELP = (
    Phrase("positional arguments"),
    Phrase("options"),
    Phrase("show this help message and exit"),
    Phrase("show program's version number and exit"),
)
"""Its headings and the help that it writes: it asks for them by these texts, so that they need only
stand in the catalogue.
"""

_CLOSING = {"Pe", "Pf", "Po"}
"""General categories (Unicode) of brackets, quotes and stops that no line of Chinese begins
with.
"""


class CommandParser(argparse.ArgumentParser):
    """Says what it says in the language of the terminal; texts of help are translated as they
    stand.
    """

    def __init__(self, *, refused: Phrase | None = None, **settings: Any) -> None:
        super().__init__(**{"formatter_class": HelpInLanguage, **settings})
        self._refused = refused

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As every parser; one that is `refused` answers with that, whatever the arguments."""
        if self._refused is not None:
            self.error(self._refused)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        fault = message if isinstance(message, Phrase) else _known_again(message)
        self.exit(
            2,
            f"{_translated(Phrase('%(program)s: error: %(fault)s', program=self.prog, fault=fault))}\n",  # noqa: E501
        )


class HelpInLanguage(argparse.HelpFormatter):
    """Wraps by the columns that a text takes: Chinese has no blanks, and its letters are two
    wide.
    """

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(
            usage, actions, groups, _translated(Phrase("usage: ")) if prefix is None else prefix
        )

    def start_section(self, heading: str | None) -> None:
        super().start_section(heading and _translated(heading))

    def add_text(self, text: str | None) -> None:
        super().add_text(text and _translated(text))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help and _translated(action.help)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return super()._split_lines(text, width) if text.isascii() else list(_lines(text, width))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.isascii():
            return super()._fill_text(text, width, indent)
        return "\n".join(f"{indent}{line}" for line in _lines(text, width - len(indent)))


def _known_again(message: str) -> str:
    """The phrase that the message was made of; as it stands where it is none of these."""
    for sentence in (*OF_ARGPARSE, *SENTENCES):
        pattern = re.escape(sentence.text).replace(r"%\(", "(?P<").replace(r"\)s", ">.*?)")
        if values := re.fullmatch(pattern, message, re.DOTALL):
            return Phrase(
                sentence.text,
                **{name: _known_again(value) for name, value in values.groupdict().items()},
            )
    return message


def _translated(text: str) -> str:
    return in_language(text, LANGUAGE.get())


def _lines(text: str, width: int) -> Iterator[str]:
    """Broken at blanks and between signs that are two columns wide, but never before one that
    closes.
    """
    line = ""
    for part in re.findall(r"\s+|[\x21-\u2e7f]+|.", text):
        if line and columns_of(line + part.rstrip()) > width and not _closes(part):
            yield line.rstrip()
            line = part.lstrip()
        else:
            line += part
    yield line.rstrip()


def _closes(part: str) -> bool:
    return columns_of(part[0]) == 2 and unicodedata.category(part[0]) in _CLOSING
