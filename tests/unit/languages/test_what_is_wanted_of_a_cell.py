"""What a file, a cell or a setting holds, and what it should: said in the reader's language, kept
in English where programs read it.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from datetime import UTC
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.sources import BATCHES, cells
from reporting_agent.sources.cells import Cell, UnreadableCell
from reporting_agent.sources.sheets import open_sheet
from reporting_agent.sources.whole_table import read_table
from tests.unit.languages.pseudo import pseudo
from tests.unit.languages.test_third_language import english

HEADER = "batch_id,step,start,output_quantity,output_unit"
OWN = {
    "batch",
    "output",
    "quantity",
    "start",
    "ymd",
    "gzip",
}  # columns in the place of a finding, an order of dates, a format
READERS: Mapping[str, Callable[[Cell], object]] = {
    "text": cells.text,
    "number": lambda cell: cells.number(cell, Profile()),
    "seconds": lambda cell: cells.seconds(cell, Profile()),
    "moment": lambda cell: cells.moment(cell, Profile(), UTC),
}


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("1,5", "number"),
        ("3 kg", "number"),
        ("x", "number"),
        ("12:75", "seconds"),
        ("=A1", "text"),
        ("a\nb", "text"),
        ("x" * 1001, "text"),
        ("45000", "moment"),
        ("soon", "moment"),
        ("26-05-14", "moment"),
        ("2016-05-14 13:00 PM", "moment"),
        ("1970-01-01", "moment"),
    ],
)
def test_what_is_wanted_of_a_cell_is_said_in_it(language: str, cell: Cell, read: str) -> None:
    with pytest.raises(UnreadableCell) as wrong:
        READERS[read](cell)
    assert _untranslated(in_language(wrong.value.wanted, language)) == set()


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("1,eaf,soon,2,t", "a date and time in the order ymd"),
        ("1,eaf,2016-05-14 08:00,many,t", "a number"),
        ("1,eaf,2016-05-14 08:00,2", "5 cells"),
        (
            "id,step,begin,amount,unit",
            (
                "a date and time in the order ymd; declare below_header = 1 where this row holds "
                "units or remarks"
            ),
        ),
        (",eaf,2016-05-14 08:00,2,t", "a text"),
        ('1,"e"af,2016-05-14 08:00,2,t', 'a quote inside a quoted cell written twice ("")'),
    ],
)
def test_a_row_that_is_set_aside_keeps_its_phrases_to_the_answer(
    language: str, tmp_path: Path, row: str, wanted: str
) -> None:
    file = tmp_path / "batches.csv"
    file.write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_table(file, Profile(), BATCHES, UTC)
    assert refused.value.to_json()["wanted"] == wanted, "programs read English"
    assert isinstance(refused.value.wanted, Phrase)
    crossed = pickle.loads(pickle.dumps(refused.value))  # noqa: S301 - our own, as between processes
    words = crossed.in_words(language)
    assert pseudo("  needed: ").strip() in words
    assert (
        _untranslated(words, str(tmp_path), "soon", "many", "begin", "[mostly-unreadable]") == set()
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("packed.csv", b"PK\x03\x04"),
        ("packed.txt", b"\x1f\x8b\x08"),
        ("text.xlsx", b"a,b\n1,2\n"),
        ("page.xlsx", b"<html></html>"),
        ("damaged.xlsx", b"PK\x03\x04"),
        ("other.doc", b"a"),
        ("zeros.csv", b"\x00\x01\x00\x00abc" * 99),
        ("no.csv.gz", b"a,b\n"),
    ],
)
def test_what_a_file_is_and_should_be_is_said_in_it(
    language: str, tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError) as refused:
        list(open_sheet(file, Profile()).rows)
    said_by_library = () if isinstance(refused.value.found, Phrase) else (refused.value.found,)
    assert (
        _untranslated(
            refused.value.in_words(language),
            str(tmp_path),
            *said_by_library,
            f"[{refused.value.code}]",
        )
        == set()
    )


def _untranslated(words: str, *own: str) -> set[str]:
    return english(words, *own) - OWN
