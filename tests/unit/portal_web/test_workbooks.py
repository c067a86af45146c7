"""Workbooks of the files that people download: numbers as numbers, texts as they are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from django.utils import translation
from openpyxl import load_workbook

from portal.catalogue.obliged_rows import LineFault, ObligedFileFault
from portal.web.lists.obliged_files import rows_of
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


def test_the_end_of_an_interval_is_a_number_with_all_digits_that_it_has() -> None:
    ends = (35.123456789012344, 9.200000000000001, -0.30000000000000004, 123.45678901234567)
    assert column(
        workbook_of("low\r\n" + "".join(f"{end!r}\r\n" for end in ends))
    ) == pytest.approx(ends, rel=1e-14)


def halved(book: bytes, packed: zipfile.ZipInfo) -> bytes:
    """The packed sheet ends in its middle, as both heads of it say."""
    return book.replace(
        packed.compress_size.to_bytes(4, "little"),
        (packed.compress_size // 2).to_bytes(4, "little"),
    )


def overwritten(book: bytes, packed: zipfile.ZipInfo) -> bytes:
    """Other bytes stand in the middle of the packed sheet."""
    middle = packed.header_offset + 30 + len(packed.filename) + packed.compress_size // 2
    return book[:middle] + b"\xff" * 12 + book[middle + 12 :]


def locked(book: bytes, packed: zipfile.ZipInfo) -> bytes:
    """The list of contents says that the sheet needs a password."""
    entry = (
        book.index(packed.filename.encode(), packed.header_offset + 30 + packed.compress_size) - 46
    )
    return book[: entry + 8] + b"\x01" + book[entry + 9 :]


def newer(book: bytes, packed: zipfile.ZipInfo) -> bytes:
    """It needs a version of ZIP that there is not."""
    entry = (
        book.index(packed.filename.encode(), packed.header_offset + 30 + packed.compress_size) - 46
    )
    return book[: entry + 6] + b"\xff" + book[entry + 7 :]


@pytest.mark.parametrize("damaged", [halved, overwritten, locked, newer])
def test_a_workbook_that_was_damaged_on_its_way_is_told_to_be_none(
    damaged: Callable[[bytes, zipfile.ZipInfo], bytes],
) -> None:
    book = workbook_of("site\r\n" + "".join(f"works-{number}\r\n" for number in range(400)))
    assert len(rows_of(book)[0]) == 400
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        packed = archive.getinfo("xl/worksheets/sheet1.xml")
    assert rows_of(damaged(book, packed)) == ((), (LineFault(0, ObligedFileFault.NO_WORKBOOK),))
