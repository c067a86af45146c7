"""Completion for shells, read off the parser itself: commands, then each command's options and
their choices; else files.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

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
