"""Writes the bad files that are not text: `python -m tests.bad_files.build`. The files are kept;
this shows how each was made.

All are made from one good table of three heats, then damaged. Dates inside the workbooks are fixed,
so that a file that is built again stays the same but for what the libraries stamp into it.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

HOME = Path(__file__).parent
HEADER = ["batch_id", "step", "start", "end", "output_quantity", "output_unit"]


def heat(number: int, **changes: Any) -> list[Any]:
    """A good row, or one with some cells changed."""
    day = 13 + number
    row = {
        "batch_id": f"H{number}",
        "step": "eaf",
        "start": datetime(2016, 5, day, 8),  # noqa: DTZ001 - a workbook has no zones
        "end": datetime(2016, 5, day, 8, 50),  # noqa: DTZ001
        "output_quantity": 122.5,
        "output_unit": "t",
    }
    return list((row | changes).values())


def workbook(rows: list[list[Any]], header: list[Any] | None = None, title: str = "Heats") -> bytes:
    book = Workbook()
    book.properties.created = book.properties.modified = datetime(2024, 1, 1, tzinfo=UTC).replace(
        tzinfo=None
    )
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in [header or HEADER, *rows]:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_merged_header() -> bytes:
    """Two rows of header: "Time" over start and end."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["batch_id", "step", "Time", None, "output_quantity", "output_unit"])
    sheet.append([None, None, "start", "end", None, None])
    for merged in ("A1:A2", "B1:B2", "C1:D1", "E1:E2", "F1:F2"):
        sheet.merge_cells(merged)
    for number in (1, 2, 3):
        sheet.append(heat(number))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_a_far_cell() -> bytes:
    """A word in the last cell but a few that a worksheet has: kept as a rectangle the sheet would
    need 20 GB.
    """
    entries = entries_of(workbook([heat(1), heat(2), heat(3)]))
    sheet = entries["xl/worksheets/sheet1.xml"].decode()
    far = '<row r="1048576"><c r="ZZ1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    return archive(
        entries | {"xl/worksheets/sheet1.xml": sheet.replace("</sheetData>", far).encode()}
    )


def open_document_with_a_far_cell() -> bytes:
    """The same in OpenDocument, where a blank row stands for the million between."""
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    row = "".join(
        f"<table:table-cell><text:p>{name}</text:p></table:table-cell>" for name in HEADER
    )
    far = (
        "<table:table-row><table:table-cell "
        'table:number-columns-repeated="700"/><table:table-cell><text:p>x</text:p></table:table-cell>'
    )
    return archive(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": (
                f"<?xml "
                f'version="1.0"?><office:document-content{spaces}><office:body><office:spreadsheet><table:table table:name="Heats">'
                f"<table:table-row>{row}</table:table-row><table:table-row "
                'table:number-rows-repeated="1048000"><table:table-cell/>'
                f"</table:table-row>{far}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
            ).encode(),
        }
    )


def archive(entries: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries.items():
            packed.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data)
    return content.getvalue()


def entries_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def with_a_damaged_sheet() -> bytes:
    """The XML of the sheet breaks off in the middle, the archive around it is whole."""
    entries = entries_of(workbook([heat(1), heat(2), heat(3)]))
    sheet = entries["xl/worksheets/sheet1.xml"]
    return archive(entries | {"xl/worksheets/sheet1.xml": sheet[: len(sheet) // 2]})


def that_says_it_is_huge() -> bytes:
    """The directory of the archive says that a sheet unpacks to 3.9 GB, as a bomb's would."""
    content = bytearray(workbook([heat(1)]))
    entry = content.index(
        b"PK\x01\x02"
    )  # the first header of the central directory: unpacked size at 24
    struct.pack_into("<I", content, entry + 24, 3_900_000_000)
    return bytes(content)


def with_an_error_cell() -> bytes:
    entries = entries_of(workbook([heat(1), heat(2, output_quantity="ERROR"), heat(3)]))
    sheet = entries["xl/worksheets/sheet1.xml"].decode()
    start = sheet.index('r="E3"')
    cell = sheet[start : sheet.index("</c>", start)]
    return archive(
        entries
        | {"xl/worksheets/sheet1.xml": sheet.replace(cell, 'r="E3" t="e"><v>#DIV/0!</v>').encode()}
    )


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file (MS-CFB, version 3, sectors of 512 bytes) with streams of whole sectors, each
    of at least 4,096 bytes.
    """
    end, free, fat_mark, sector = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 512
    fat = [fat_mark, end]  # sector 0 holds the table of sectors, sector 1 the directory
    starts = []
    for data in streams.values():
        starts.append(len(fat))
        fat += [len(fat) + index + 1 for index in range(len(data) // sector - 1)] + [end]

    def entry(name: str, kind: int, child: int, start: int, size: int, right: int = free) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        return struct.pack(
            "<64sHBBIII16xI8x8xIQ", text, len(text), kind, 1, free, right, child, 0, start, size
        )

    listed = [entry("Root Entry", 5, 1, end, 0)]
    for index, (name, data) in enumerate(streams.items()):
        right = index + 2 if index + 1 < len(streams) else free
        listed.append(entry(name, 2, free, starts[index], len(data), right))
    directory = b"".join(listed).ljust(sector, b"\0")
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII",
        bytes.fromhex("d0cf11e0a1b11ae1"),
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        1,
        0,
        4096,
        end,
        0,
        end,
        0,
        0,
    )
    table = struct.pack("<128I", *fat, *[free] * (128 - len(fat)))
    return head.ljust(sector, b"\xff") + table + directory + b"".join(streams.values())


def parquet(**columns: Any) -> bytes:
    good: dict[str, Any] = dict(
        zip(HEADER, map(list, zip(heat(1), heat(2), heat(3), strict=True)), strict=True)
    )
    content = io.BytesIO()
    pq.write_table(pa.table(good | columns), content)
    return content.getvalue()


def readings(**columns: Any) -> bytes:
    hours = [datetime(2016, 5, 14, hour) for hour in range(6)]  # noqa: DTZ001 - local stamps
    good: dict[str, Any] = {
        "meter_id": ["m1"] * 6,
        "timestamp": hours,
        "value": [1000.0 + 100 * hour for hour in range(6)],
    }
    content = io.BytesIO()
    pq.write_table(pa.table(good | columns), content)
    return content.getvalue()


def with_a_damaged_page() -> bytes:
    content = bytearray(parquet(batch_id=[f"H{number}" for number in (1, 2, 3)]))
    content[8:60] = bytes(52)  # the header of the first page
    return bytes(content)


def strict(book: bytes) -> bytes:
    """The same in the strict form of ISO/IEC 29500, whose names begin otherwise."""
    ours, theirs = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"
    entries = entries_of(book)
    for name in entries:
        for kind in (b"spreadsheetml", b"officeDocument"):
            entries[name] = entries[name].replace(ours + kind + b"/2006", theirs + kind)
    return archive(entries)


def files() -> dict[str, bytes]:
    """Every file by its name."""
    good = [heat(1), heat(2), heat(3)]
    protected = compound({"EncryptionInfo": bytes(4096), "EncryptedPackage": bytes(4096)})
    old = compound({"Workbook": bytes(4096)})
    stamps = [1463212800 + 86400 * day for day in range(3)]
    return {
        "workbook-with-a-password.xlsx": protected,
        "old-workbook-called.xlsx": old,
        "old-workbook-cut-short.xls": old[:1200],
        "empty-zip.xlsx": archive({}),
        "zip-of-a-table-called.xlsx": archive({"heats.csv": b"batch_id,step\nH1,eaf\n"}),
        "workbook-cut-short.xlsx": workbook(good)[:2500],
        "workbook-that-says-it-is-huge.xlsx": that_says_it_is_huge(),
        "workbook-with-a-damaged-sheet.xlsx": with_a_damaged_sheet(),
        "workbook-with-a-far-cell.xlsx": with_a_far_cell(),
        "strict-workbook-with-a-far-cell.xlsx": strict(with_a_far_cell()),
        "open-document-with-a-far-cell.ods": open_document_with_a_far_cell(),
        "workbook-without-the-sheet.xlsx": workbook(good, title="Sheet1"),
        "workbook-with-true-for-a-number.xlsx": workbook(
            [heat(1), heat(2, output_quantity=True), heat(3)]
        ),
        "workbook-with-a-date-for-a-number.xlsx": workbook(
            [heat(1), heat(2, output_quantity=datetime(2024, 5, 12)), heat(3)]  # noqa: DTZ001
        ),
        "workbook-with-an-error-cell.xlsx": with_an_error_cell(),
        "workbook-with-a-merged-header.xlsx": with_merged_header(),
        "workbook-with-subtotals.xlsx": workbook(
            [
                heat(1),
                heat(2),
                ["", "", "", "", 245.0, "t"],
                heat(3),
                ["Total", "", "", "", 367.5, "t"],
            ]
        ),
        "workbook-packed.xlsx.gz": gzip.compress(workbook(good), mtime=0),
        "workbook-called.csv": workbook(good),
        "parquet-called.csv": parquet(),
        "parquet-of-lists.parquet": parquet(batch_id=[["H1"], ["H2"], ["H3"]]),
        "parquet-of-seconds-since-1970.parquet": parquet(start=stamps, end=stamps),
        "parquet-with-infinity.parquet": parquet(output_quantity=[122.5, float("inf"), 121.5]),
        "parquet-of-texts-with-commas.parquet": parquet(
            output_quantity=["122.5", "121,5", "120.5"]
        ),
        "parquet-of-bytes.parquet": parquet(output_unit=pa.array([b"t", b"t", b"t"])),
        "parquet-with-a-damaged-page.parquet": with_a_damaged_page(),
        "readings-with-infinity.parquet": readings(
            value=[1000.0, 1100.0, float("inf"), 1300.0, float("-inf"), 1500.0]
        ),
        "readings-of-truths.parquet": readings(value=[True, False, True, True, False, True]),
        "readings-of-dates-as-values.parquet": readings(
            value=pa.array([datetime(2016, 5, 14)] * 6)  # noqa: DTZ001
        ),
        "readings-stamped-in-seconds.parquet": readings(
            timestamp=[1463212800 + 3600 * hour for hour in range(6)]
        ),
        "readings-of-a-clock-never-set.parquet": readings(
            timestamp=[datetime(1970, 1, 1), *(datetime(2016, 5, 14, hour) for hour in range(1, 6))]  # noqa: DTZ001
        ),
    }


if __name__ == "__main__":
    for name, content in files().items():
        (HOME / name).write_bytes(content)
