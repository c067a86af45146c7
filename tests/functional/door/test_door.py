"""Files as firms keep them are read as they are meant, or refused in words: every fifth of those of
`python -m tests.functional.door`.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from reporting_agent.cli import main
from tests.functional.door.arrangements import ARRANGEMENTS
from tests.functional.door.layouts import LAYOUTS
from tests.functional.door.plant import habits, heats
from tests.functional.door.road import take

WAYS = (*LAYOUTS, *ARRANGEMENTS)
SOME = [
    (layout, number)
    for layout in range(len(WAYS))
    for number in range(len(habits()))
    if (layout - number) % 5 == 0
]


@pytest.mark.parametrize(("layout", "number"), SOME, ids=lambda index: str(index))
def test_a_file_is_read_as_it_is_meant(layout: int, number: int, tmp_path: Path) -> None:
    case = WAYS[layout](habits()[number], heats(len(WAYS) * number + layout), tmp_path)
    outcome = take(case)
    if case.hopeless:
        assert outcome.kind == "refused"
        assert case.hopeless in outcome.why
    else:
        assert (outcome.kind, outcome.why) == ("read", "")


def test_a_date_in_the_wrong_order_is_not_passed_as_read(tmp_path: Path) -> None:
    """The comparison with the truth must be able to fail. Of four days (Spanish, with slashes) the
    order is asked for.
    """
    case = LAYOUTS[0](habits()[2], heats(0)[:12], tmp_path)
    case.answers["batches.date_order"] = "mdy"
    assert take(case).kind == "misread"


FAR_CELLS = {
    "in-single-quotes": "<row r='1048576'><c r='ZZ1048576'><v>1</v></c></row>",
    "behind-another-attribute": '<row spans="1:702" r="1048576"><c s="0" '
    'r="ZZ1048576"><v>1</v></c></row>',
    "in-small-letters": '<row r="1048576"><c s="0" r="zz1048576"><v>1</v></c></row>',
    "of-a-row-without-number": '<row><c r="ZZ1048576"><v>1</v></c></row>',
    "over-two-lines": '<row\nr="1048576"><c\nr="ZZ1048576"><v>1</v></c></row>',
}


@pytest.mark.parametrize("written", FAR_CELLS.values(), ids=FAR_CELLS)
def test_a_far_cell_aborts_nothing_however_it_is_written(
    written: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [
        ["Heat No", "Start", "Weight (t)"],
        *([f"H{day}", f"2025-05-{day + 10} 08:00", 120.5] for day in range(9)),
    ]:
        sheet.append(row)
    whole = io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "far.xlsx", "w") as target:
        for name in source.namelist():
            content = source.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                content = re.sub(
                    r'<dimension ref="[^"]*"', '<dimension ref="A1:ZZ1048576"', content
                ).replace("</sheetData>", f"{written}</sheetData>")
            target.writestr(name, content)
    assert main(["label", str(tmp_path / "far.xlsx"), "--out", str(tmp_path / "out")]) == 1
    assert "energy-missing" in capsys.readouterr().err  # the batches were read; the process lives
