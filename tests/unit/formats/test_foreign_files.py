"""Files that others wrote end in a refusal and take little memory and time, whatever they hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
import tracemalloc
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from benchmarks.foreign_files import (
    DEEPEST_BRACKETS,
    MOST_COLUMNS,
    MOST_KEY_PARTS,
    UPLOAD,
    ReadingLimits,
    fault_of,
    parsed_by,
    read_bytes,
    read_json,
    read_toml,
)
from benchmarks.packs import reading
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.door import nobody, settled
from reporting_agent.door.vocabulary import VOCABULARY, without_unit
from reporting_agent.sources.sheets import rows_of

SMALL = ReadingLimits(memory_bytes=256 << 20, cpu_s=1, wall_s=60.0)
DOTTED = ".".join("a" * 5_000) + " = 1"
BOMBS = {
    "a key of many parts": DOTTED,
    "a table of many parts": f"[{'.'.join('a' * 5_000)}]",
    "lists in lists": "a = " + "[" * 5_000,
    "tables in tables": "a = " + "{b = " * 5_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_what_nests_without_end_is_no_toml_before_the_parser_sees_it(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(tomllib.TOMLDecodeError) as refused:
            read_toml(f"x = 1\n{text}")
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
    finally:
        tracemalloc.stop()
    assert isinstance(refused.value.args[0], Phrase)
    assert "(line 2)" in fault_of(refused.value)


def test_what_people_write_is_read_as_the_library_reads_it() -> None:
    deep = f"a = {'[' * DEEPEST_BRACKETS}{']' * DEEPEST_BRACKETS}"
    parts = f"{'.'.join('b' * MOST_KEY_PARTS)} = 1.5"
    text = f'{deep}\n{parts} # [[[[\n"[[" = """\n[[[[ "" \\""""\n\'{{\' = 1.2\n[[c]]\nd = "\\"[["\n'
    assert read_toml(text) == tomllib.loads(text)
    for file in sorted(Path(reading.__file__).parent.glob("*.toml")):
        text = file.read_text(encoding="utf-8")
        assert read_toml(text) == tomllib.loads(text)


def test_a_number_of_many_digits_is_no_toml() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        read_toml("a = " + "9" * 10_000)


def test_json_of_brackets_alone_is_none() -> None:
    with pytest.raises(ValueError, match="too deep"):
        read_json("[" * 100_000)


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(InputError) as refused:
        read_bytes(Path("/dev/zero"), most=1_000)
    assert refused.value.code == "file-too-large"


@pytest.mark.parametrize("number", ["1e999999999", "1/0", "9" * 5_000, "nan"])
def test_a_pack_with_a_number_that_would_fill_the_memory_is_refused_by_its_place(
    number: str,
) -> None:
    text = (Path(reading.__file__).parent / "cement.toml").read_text(encoding="utf-8")
    before, mark, after = text.partition("\nquantile = 0.20\n")
    assert mark
    text = f'{before}\nquantile = "{number}"\n{after}'
    with pytest.raises(InputError) as refused:
        reading.parse(text, Path("cement.toml"))
    assert "label_rule.quantile" in str(refused.value)


def test_what_takes_more_memory_than_it_may_ends_the_other_process_alone() -> None:
    with pytest.raises(InputError) as refused:
        parsed_by(bytearray, SMALL, 1 << 30)
    assert refused.value.code == "reading-beyond-limits"
    assert refused.value.found == "more than 256 MB of memory"


def test_what_takes_more_processor_time_than_it_may_is_ended() -> None:
    with pytest.raises(InputError) as refused:
        parsed_by(eval, SMALL, "9 ** 9 ** 9")
    assert refused.value.found == "more than 1 seconds of processor time"


def test_what_waits_longer_than_it_may_is_ended() -> None:
    with pytest.raises(InputError) as refused:
        parsed_by(time.sleep, ReadingLimits(256 << 20, 5, wall_s=0.5), 60)
    assert refused.value.code == "reading-beyond-limits"


@pytest.mark.parametrize(("function", "code"), [(os.abort, "reading-beyond-limits"), (open, "")])
def test_how_the_other_process_ends_is_said(function: object, code: str) -> None:
    with pytest.raises(InputError) as refused:
        parsed_by(function, UPLOAD)  # type: ignore[arg-type]
    assert refused.value.code == (code or "reading-failed")


def test_a_refusal_comes_back_as_it_was_made() -> None:
    with pytest.raises(InputError) as refused:
        parsed_by(reading.parse, UPLOAD, DOTTED, Path("strange.toml"))
    assert refused.value.code == "pack-unreadable"
    assert isinstance(refused.value.sentence, Phrase)
    assert refused.value.place is not None
    assert refused.value.place.file == "strange.toml"
    assert parsed_by(len, UPLOAD, "abc") == 3


@pytest.mark.parametrize("sign", ["(", "( ", "（", "[", ", ", "/a", "_", "kWh ", "()"])
def test_a_heading_of_thirty_thousand_signs_is_searched_once(sign: str) -> None:
    heading = f"Electricity {sign * 30_000} x"
    begun = time.process_time()
    VOCABULARY.unit_in(heading)
    without_unit(heading)
    assert time.process_time() - begun < 3


def test_a_header_of_a_thousand_columns_is_understood_in_seconds(tmp_path: Path) -> None:
    width = 1_000
    file = tmp_path / "wide.csv"
    rows = [[f"column {number} kWh" for number in range(width)]]
    rows += [[str(row * number + row) for number in range(width)] for row in range(4)]
    file.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    begun = time.process_time()
    settled(file, None, {}, None, nobody)
    assert time.process_time() - begun < 10


def test_a_row_of_more_cells_than_a_table_has_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "commas.csv"
    file.write_text("," * MOST_COLUMNS + "\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        list(rows_of(file, Profile()))
    assert refused.value.code == "table-too-wide"


@pytest.mark.parametrize(
    ("arguments", "limit", "found"),
    [
        (["label", "--json"], "cpu_s=2", "more than 2 seconds of processor time"),
        (["verify", "--json"], "memory_bytes=400 << 20", "more than 400 MB of memory"),
        ([], "cpu_s=2", "more than 2 seconds of processor time"),  # dropped onto the single file
    ],
)
def test_a_command_that_reads_what_others_wrote_ends_in_a_refusal(
    tmp_path: Path, arguments: list[str], limit: str, found: str
) -> None:
    file = tmp_path / "large.csv"
    with file.open("wb") as written:
        if "verify" not in arguments:
            written.write(",".join(f"column {n} kWh" for n in range(MOST_COLUMNS)).encode())
            written.write(b"\n" + b"1,2" * 10)
        else:
            written.truncate(450 << 20)
    program = (
        "from dataclasses import replace; from benchmarks import foreign_files as limited; import sys;"
        "from reporting_agent.single_file import start; start.unpacked = lambda _: [];"
        f"limited.COMMAND = replace(limited.COMMAND, {limit});"
        f"sys.argv[1:] = {[*arguments, str(file)]!r}; sys.exit(start.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert found in " ".join(done.stderr.split())
    if arguments:
        assert json.loads(done.stdout)["error"]["code"] == "reading-beyond-limits"
    assert "Traceback" not in done.stderr
