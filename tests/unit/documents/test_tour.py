"""The tour quotes the pages: what stands in bold there is a text of the pages, letter by letter.

The pages for plants quote reports of real data: `tests/functional/test_plant_tours.py` compares
their figures.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from portal.web.messages import extras, texts_in_use, texts_of_pages
from tests.documents.refusals import ROOT

PAGES = sorted(
    page
    for page in (ROOT / "docs" / "tour").glob("*.md")
    if page.name != "README.md" and not page.name.startswith("plant-")
)
# of a text with places to fill; a shorter one, such as "%(lo)s to %(hi)s", would fit anything
FEWEST_LETTERS = 8


@cache
def patterns() -> list[re.Pattern[str]]:
    """The texts of the pages; where something is filled in, anything may stand."""
    portal = texts_in_use()
    catalogs = [portal, *(texts_of_pages(extra, portal) for extra in extras())]
    texts = [
        text
        for catalog in catalogs
        for message in catalog
        for text in (message.id if isinstance(message.id, tuple) else (message.id,))
        if text
    ]
    parts = (
        re.split(r"%\(\w+\)[sd]", re.sub(r"</?b>", "", str(text)).replace("%%", "%"))
        for text in texts
    )
    fixed = (split for split in parts if len(split) == 1 or sum(map(len, split)) >= FEWEST_LETTERS)
    return [re.compile(".+".join(re.escape(part) for part in split)) for split in fixed]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_tour_says_stands_on_a_page_stands_there(page: Path) -> None:
    text = re.sub(r"\s+", " ", page.read_text(encoding="utf-8"))
    page_patterns = patterns()
    quoted = set(re.findall(r"\*\*(.+?)\*\*", text))
    assert quoted
    if not (ROOT / "extras" / "exercises").exists():
        quoted -= {"Training exercises", "Check the answers"}
    unknown = [
        words for words in quoted if not any(pattern.fullmatch(words) for pattern in page_patterns)
    ]
    assert not unknown
