"""What a refusal, a validator or an answer of a command says stands in the catalogue: a text that
no extractor sees is English for good.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.refusals import ROOT

SHOWN = {"wanted", "found"}
"""Keywords of what a reader of a refusal is shown."""

WORDED = {"ValueError": 1, "UnreadableCell": 1, "ArgumentTypeError": 1, "say": 1, "emit": 3}
"""Calls of which so many arguments are shown, in the languages of their readers."""

FOR_DEVELOPERS = (
    *(
        "reporting_agent/single_file/",
        "reporting_agent/sources/conformance.py",
        "reporting_agent/report/frames.py",
    ),
    *(
        "benchmarks/carriers.py",
        "benchmarks/guidance/",
        "extras/exercises/",
    ),
)
"""The last three read data that come with the release, which tests have read before."""
FILES = [
    file.relative_to(ROOT).as_posix()
    for package in ("benchmarks", "reporting_agent")
    for file in sorted((ROOT / package).rglob("*.py"))
    if not file.relative_to(ROOT).as_posix().startswith(FOR_DEVELOPERS)
]
CODE = re.compile(r"`[^`]*`|\b\w+ = \w+|\S*[:/]\S*")
WORD = re.compile(r"(?<![\w.$/<`'\"-])[A-Za-z][a-z]+(?![\w./`-])")


def is_english(text: str) -> bool:
    """At least two words beside each other, outside of code: a name, a unit or a format is the same
    in every language.
    """
    return len(WORD.findall(CODE.sub(" ", text))) >= 2


def plain_texts(expression: ast.expr) -> Iterator[str]:
    """Those of an expression that no phrase holds: of literals, f-strings, sums of them, and what a
    condition chooses between.
    """
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.JoinedStr):
        yield " ".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in expression.values
        )
    elif isinstance(expression, ast.BinOp):
        yield from (*plain_texts(expression.left), *plain_texts(expression.right))
    elif isinstance(expression, ast.IfExp):
        yield from (*plain_texts(expression.body), *plain_texts(expression.orelse))
    elif isinstance(expression, ast.BoolOp):
        for value in expression.values:
            yield from plain_texts(value)


def untranslated(source: str) -> list[tuple[int, str]]:
    """Line and text. A `ValueError` is read by people where pydantic makes a finding of it;
    elsewhere it is a mistake of ours.
    """
    texts, validates = [], "pydantic" in source
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name == "ValueError" and not validates:
                continue
            shown = [
                *node.args[: WORDED.get(name, 0)],
                *(keyword.value for keyword in node.keywords if keyword.arg in SHOWN),
            ]
            texts += [
                (node.lineno, text)
                for expression in shown
                for text in plain_texts(expression)
                if is_english(text)
            ]
    return sorted(texts)


@pytest.mark.parametrize("file", FILES)
def test_what_is_shown_is_a_phrase(file: str) -> None:
    assert untranslated(Path(ROOT, file).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'raise InputError("code", Phrase("a"), Phrase("b"), wanted="a number of at least 0")',
        'from pydantic import BaseModel\nraise ValueError(f"the meter {name} stands twice")',
        'emit(args, payload, f"Enrolled at {portal} as {site}.")',
        'UnreadableCell("a date and time" + more)',
    ],
)
def test_a_text_that_is_none_is_seen(source: str) -> None:
    assert untranslated(source)
