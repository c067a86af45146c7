"""Questions about files, asked on a terminal."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase

if TYPE_CHECKING:
    from reporting_agent.door import Ask, ProfileQuestion


_FEW_CHOICES = 6


def asker(args: Namespace) -> Ask:
    """The person at the terminal; nobody where there is none, or where a program reads the
    answer.
    """
    import sys

    from reporting_agent.door import nobody

    return nobody if args.json or not sys.stdin.isatty() else _ask


def _ask(question: ProfileQuestion) -> str | None:
    """One question on the terminal, again until the answer is possible; None where the person ends
    the input.
    """
    import sys

    from reporting_agent.console import LANGUAGE

    ask, hint = in_language(question.ask, LANGUAGE.get()), " / ".join(question.choices)
    if question.proposal:
        enter = Phrase("Enter: %(answer)s", answer=question.proposal)
        few = len(question.choices) <= _FEW_CHOICES
        choices = f"{hint}; " if hint and few else ""
        hint = f"{choices}{in_language(enter, LANGUAGE.get())}"
    elif not hint and question.example:
        hint = in_language(Phrase("such as %(example)s", example=question.example), LANGUAGE.get())
    while True:
        sys.stderr.write(f"{ask}{f' [{hint}]' if hint else ''} ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip() or (question.proposal if line else "")
        if answer and (not question.choices or answer in question.choices):
            return answer
        if not line:
            return None
