"""Templates are read like code: no line is wider than a screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WIDEST = 140
TEMPLATES = [
    path
    for package in ("portal", "reporting_agent")
    for path in sorted((ROOT / package).rglob("templates/**/*.html"))
]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_line_is_wider_than_a_screen(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        assert len(line) <= WIDEST, f"{path.name}:{number}"


SENTENCE_ENDS = r"(?:translate \"[^\"]*[.?]\" %\}|[.?]\s*\{% endblocktranslate %\})"
BETWEEN = r"(?:\s|</?b>|\{% (?:endif|endwith|space|(?:if|with) [^%]*) %\})*"
ANOTHER_BEGINS = r"\{(?:% (?:block)?translate|\{)"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_two_sentences_are_joined_by_the_space_of_the_language(path: Path) -> None:
    """Chinese has none after a full stop: a line break in a template would be one."""
    text = path.read_text(encoding="utf-8")
    joined = re.compile(rf"{SENTENCE_ENDS}(?P<between>{BETWEEN})(?={ANOTHER_BEGINS})")
    broken = [
        match
        for match in joined.finditer(text)
        if re.search(r"\s", re.sub(r"\{%.*?%\}", "", match["between"]))
    ]
    assert not [text.count("\n", 0, match.end()) + 1 for match in broken]
