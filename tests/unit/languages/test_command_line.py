"""`steplabel-agent`: help and wrong usage are in the language of the terminal, those of argparse
itself too.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from reporting_agent import extras
from reporting_agent.cli import COMMANDS, command_parser, main
from reporting_agent.console import LANGUAGE as TERMINAL
from tests.unit.languages.pseudo import pseudo
from tests.unit.languages.test_third_language import english

ADDED = sorted(extras.installed(extras.COMMANDS))
SAME_IN_ALL = re.compile(
    r"""`[^`]*`|\b[\w.-]+\.(?:toml|xlsx|json|csv|html|md|parquet)\b|\$?\b[A-Z_]{2,}\b|\{[^}]*\}|\S*[/:=@|]\S*|\[\[[\w.]+\]\]|steplabel-agent
    |\b(?:Steplabel|total|Catena-X|Pcf|Dask|PACT|Parquet|Markdown|AASX)\b|\b(?:grey|hot|primary)-[\w-]+|'\w+'|\bint\b""",
    re.VERBOSE,
)
"""Names of arguments, files, options, addresses and forms that others have named."""


@pytest.fixture
def said_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    before = TERMINAL.get()

    def say_in(language: str) -> None:
        monkeypatch.setenv("LC_ALL", language)
        monkeypatch.delenv("LANGUAGE", raising=False)
        TERMINAL.set(language)

    yield say_in
    TERMINAL.set(before)


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """It and those of its commands, at every depth."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from parsers(command)


@pytest.mark.parametrize("command", ["", *COMMANDS, *ADDED])
def test_the_help_of_a_command_is_said_in_it(
    language: str, said_in: Callable[[str], None], command: str
) -> None:
    said_in(language)
    for parser in parsers(command_parser([command] if command else [])):
        lines = parser.format_help()
        assert pseudo("show this help message and exit") in " ".join(lines.split())
        usage, _, of_arguments = lines.partition("\n\n")
        assert usage.startswith(pseudo("usage: "))
        choices = {str(choice) for action in parser._actions for choice in action.choices or ()}
        assert english(SAME_IN_ALL.sub(" ", of_arguments)) - choices == set(), parser.prog


WRONG = {
    (): "the following arguments are required: COMMAND",
    ("check",): "the following arguments are required: --site",
    ("check", "--site"): "argument --site: expected one argument",
    (
        "check",
        "--site",
        "site.toml",
        "--lang",
        "qpr",
    ): "argument --lang/--language: invalid choice: 'qpr' (choose from 'en', 'qps', 'zh')",
    ("check", "--site", "site.toml", "--no-such"): "unrecognized arguments: --no-such",
    ("label", "--json=1"): "argument --json: ignored explicit argument '1'",
    ("worth", "cbam", "--price", "x"): "argument --price: x is no number",
    (
        "worth",
        "cbam",
        "--price=-1",
    ): "argument --price: -1 is no amount: write a number that is not negative",
    (
        "worth",
        "cbam",
        "--known",
        "tomorrow",
    ): "argument --known: tomorrow is no day: write it as 2026-05-14",
    (
        "worth",
        "cbam",
        "--site",
        "site.toml",
    ): "cbam asks for one good, without a site: leave out --site and --period",
    (
        "worth",
        "--site",
        "site.toml",
        "--period",
        "2016",
        "--emissions",
        "0",
        "--paid-at-home",
        "5",
    ): ("only cbam takes --emissions, --paid-at-home; what a site sells stands in its [[border]]"),
    ("worth", "cbam"): "give --good GOOD, --origin CC and --year Y",
    ("label",): "give files, or --site FILE",
}
OF_EXTRAS = {
    (
        "fleet",
        "label",
        "--t",
        "x",
    ): "ambiguous option: --t could match --tls-ca-file, --tls-cert, --tls-key, --trouble-fails",
    ("fleet", "label", "--processes", "x"): "argument --processes: invalid int value: 'x'",
}
WRONG |= {words: fault for words, fault in OF_EXTRAS.items() if words[0] in ADDED}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_is_said_in_english_as_before_and_in_it(
    language: str,
    said_in: Callable[[str], None],
    printed: Callable[[], str],
    arguments: tuple[str, ...],
) -> None:
    said_in("en")
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert printed().rstrip().endswith(f": error: {WRONG[arguments]}")
    said_in(language)
    with pytest.raises(SystemExit):
        main(arguments)
    last = printed().rstrip().splitlines()[-1]
    assert pseudo(": error: ") in last
    assert english(SAME_IN_ALL.sub(" ", last)) - {*COMMANDS, *ADDED, "tomorrow"} == set()


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_chinese_help_keeps_within_the_screen_and_begins_no_line_with_a_stop(
    said_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    said_in("zh")
    monkeypatch.setenv("COLUMNS", str(columns))
    for parser in parsers(command_parser([])):
        _usage, _, of_arguments = parser.format_help().partition("\n\n")
        for before, line in pairwise(of_arguments.splitlines()):
            width = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)
            assert width <= columns, (before, line)
            assert line.strip()[:1] not in tuple("，。；：、）"), (before, line)
