"""Workbooks of the files that people download: numbers as numbers, texts as they are."""

from __future__ import annotations

import io

import pytest
from django.utils import translation
from openpyxl import load_workbook

from portal.web.lists.workbooks import workbook_of
from portal.web.words.headings import headings


def column(book: bytes) -> list[object]:
    return [row[0].value for row in load_workbook(io.BytesIO(book)).active.iter_rows(min_row=2)]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_version_stays_the_text_that_it_is(language: str) -> None:
    with translation.override(language):
        (head,) = headings(["version"])
        assert column(workbook_of(f"{head}\r\n1.10\r\n2.0\r\n3\r\n")) == ["1.10", "2.0", 3]


def test_an_amount_is_a_number_however_many_noughts_it_is_written_with() -> None:
    assert column(workbook_of("quantity\r\n12.50\r\n120000.000\r\n")) == [12.5, 120000]
