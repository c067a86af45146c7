"""Before an opening is written, a person at the terminal is asked in their own language, and may
answer in it.
"""

from __future__ import annotations

import io
from argparse import Namespace

import pytest

from benchmarks.errors import PolicyRefusal
from reporting_agent.commands import open as command


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "is_agreed"),
    [("ja", True), (" JA ", True), ("yes", True), ("", False), ("no", False), ("nein", False)],
)
def test_the_question_is_asked_in_the_readers_language(
    typed: str, is_agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    german = {"yes": "Ja", "Write the file? Type Ja:": "Datei schreiben? Ja eintippen:"}
    monkeypatch.setattr(
        command, "in_language", lambda text, language: german[text] if language == "de" else text
    )
    monkeypatch.setattr("sys.stdin", Terminal())

    def answer(question: str) -> str:
        asked.append(question)
        return typed

    monkeypatch.setattr("builtins.input", answer)
    if is_agreed:
        command.agree(Namespace(yes=False, lang="de"))
    else:
        with pytest.raises(PolicyRefusal, match="you did not agree"):
            command.agree(Namespace(yes=False, lang="de"))
    assert asked == ["Datei schreiben? Ja eintippen: "]
