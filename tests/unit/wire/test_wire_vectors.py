"""The vectors and the page describe the code as it is: everything is made anew and compared."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measurements import Metric
from benchmarks.wire import (
    MAX_ENVELOPE_BYTES,
    canonical,
    device_requests,
    directory,
    envelope,
    receipts,
    records,
    schema,
    sealing,
)
from benchmarks.wire.signing import Purpose
from fixtures.vectors.wire.__main__ import blocks, fill
from fixtures.vectors.wire.annotation import annotate, from_annotated
from fixtures.vectors.wire.messages import (
    MOMENT,
    REQUEST_PATH,
    device_key,
    directory_key,
    header,
    make,
    processing_key,
    receipt_key,
    report,
)

ROOT = Path(__file__).parents[3]
ON_FILE: dict[str, str] = json.loads((ROOT / "fixtures/vectors/wire/messages.json").read_text())
PAGE = (ROOT / "docs/wire-format.md").read_text()


def on_file(name: str) -> bytes:
    return bytes.fromhex(ON_FILE[name])


def test_the_vectors_on_file_are_what_the_command_makes() -> None:
    assert make(on_file("envelope")).to_json() == ON_FILE


def test_the_sealed_vector_opens() -> None:
    parsed = envelope.parse(on_file("envelope"))
    assert parsed.header == header()
    assert sealing.unseal(processing_key(), parsed.header, parsed.sealed) == on_file("plaintext")
    assert envelope.open(parsed, processing_key(), device_key().public) == report()


def test_the_other_vectors_verify() -> None:
    trusted = directory.verify(
        on_file("directory"),
        directory.EnrolmentSecret.parse(ON_FILE["token"]).fingerprint,
        at_least=1,
    )
    assert trusted.processing_key(MOMENT.date()).key_id == processing_key().key_id
    assert (
        receipts.verify(on_file("receipt"), trusted.receipt_keys(), on_file("envelope")).log_index
        == 41
    )
    device_requests.verify_request(
        device_requests.parse_request(ON_FILE["request"]),
        "GET",
        REQUEST_PATH,
        MOMENT,
        device_key().public,
    )
    assert directory_key().key_id == ON_FILE["token"].split(".")[2]
    assert receipt_key().key_id in trusted.receipt_keys()


def test_a_seal_that_no_longer_opens_is_made_anew() -> None:
    broken = bytearray(on_file("envelope"))
    broken[3000] ^= 1
    again = make(bytes(broken)).envelope
    assert again not in (bytes(broken), on_file("envelope"))
    assert make(None).header == on_file("header")


def test_the_page_s_examples_are_the_vectors() -> None:
    messages = make(on_file("envelope"))
    assert len(re.findall(r"<!-- vector: ", PAGE)) == len(blocks(messages))
    assert fill(PAGE, blocks(messages)) == PAGE
    for name in ("header", "report", "receipt"):
        shown = re.search(rf"<!-- vector: {name} -->\n```text\n(.*?)\n```", PAGE, re.DOTALL)
        assert shown is not None
        assert from_annotated(shown[1]) == on_file(name)


def test_an_annotation_reads_back_to_its_bytes() -> None:
    value: canonical.Value = {"a": [0, -1, 1000, b"", b"\x00#", "水"], "b": {}}
    assert from_annotated(annotate(canonical.encode(value))) == canonical.encode(value)


def table_fields(heading: str) -> set[str]:
    """Names in the first column of the table under a heading of the page."""
    section = (
        PAGE.split(heading, 1)[1].split("\n<!--", 1)[0].split("\n## ", 1)[0].split("\nA **", 1)[0]
    )
    return {
        name
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`([a-z_]+)`", row)
    }


def test_the_page_names_every_field_and_no_other() -> None:
    written: Any = canonical.decode(on_file("report"))
    assert table_fields("## 3. Header") == {
        field.name for field in dataclasses.fields(schema.Header)
    }
    assert table_fields("## 4. Report") == set(written)
    optional = {"years", "months"}  # the example covers one year, and every month of it
    assert table_fields("A **label**:") == set(written["labels"][0]) | optional


@pytest.mark.parametrize(
    "figure",
    [
        f"{MAX_ENVELOPE_BYTES:,} bytes",
        f"{sealing.OVERHEAD_BYTES:,} bytes",
        f"at most {canonical.DEEPEST} containers",
        f"at most {schema.MOST_LABELS}",
        f"0-{schema.MOST_REVISIONS}",
        f"grid points, 2 to {schema.MOST_POINTS:,}",
        records.IDENTIFIER.pattern,
        ", ".join(f"`{metric.value}`" for metric in Metric),
        ", ".join(str(size // 1024) for size in sealing.SIZES[:-1])
        + f" or {sealing.SIZES[-1] // 1024} KiB",
        "`steplabel/1 seal || 0x00 ||",
        f"`{device_requests.HTTP_HEADER}: device=",
    ],
)
def test_the_page_states_the_code_s_figures(figure: str) -> None:
    assert figure in PAGE


@pytest.mark.parametrize("purpose", Purpose, ids=lambda purpose: purpose.name)
def test_the_page_lists_every_label(purpose: Purpose) -> None:
    assert f"| `{purpose.value.decode()}` |" in PAGE


def test_the_page_names_every_refusal_of_the_wire() -> None:
    codes: set[str] = set()
    for source in (ROOT / "benchmarks/wire").glob("*.py"):
        codes |= set(re.findall(r'VerificationError\(\s*"([a-z-]+)"', source.read_text()))
    codes |= {"cbor-malformed", "field-malformed"}  # raised through a function of their own
    assert len(codes) > 25
    assert sorted(code for code in codes if f"`{code}`" not in PAGE) == []
