"""Whatever the bytes of a file that others wrote: its reader gives what it holds or refuses it by
name, within seconds and with little memory. The long form tries other files for an hour.
"""

from __future__ import annotations

import random
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.audit import openings, signed_draws
from benchmarks.audit.committed_tree import SALT_BYTES
from benchmarks.audit.openings import OpenedLeaf, Opening
from benchmarks.conversion import TABLE, FactorTable
from benchmarks.errors import SteplabelError
from benchmarks.packs import reading
from benchmarks.privacy.randomness import SEED_BYTES
from benchmarks.wire import attestations, checkpoints, commitments, envelope, heads, outcomes
from benchmarks.wire.merkle import HASH_BYTES
from benchmarks.wire.signing import DeviceKey
from portal.assurance.summaries import read_summary
from portal.register import register_file
from portal.web.lists import uploaded_tables
from portal.web.lists.workbooks import workbook_of
from reporting_agent import published
from reporting_agent.audit.openings import files
from reporting_agent.door import nobody, settled

ROOT = Path(__file__).parents[3]
BAD = ROOT / "tests" / "bad_files"
FILES, LONG_SECONDS = 25, 3_600
LONGEST_S = 10.0  # of processor time for one file, on a busy machine
MOST_MEMORY_KB = 1 << 20
SIGNS = (b"[", b"{", b"(", b'"', b"'", b".", b",", b";", b"a.", b"\x00", b"\xff", b"1e999999999")

KEY = DeviceKey.generate()
SHOWN = Opening(
    draw="0" * 64,
    leaves=(OpenedLeaf(0, b"record", bytes(SALT_BYTES), (bytes(HASH_BYTES),)),),
    key=bytes(SEED_BYTES),
    challenge=b"challenge",
    report=b"report",
    settings=b'{"site": {"id": "works-1", "timezone": "Asia/Shanghai"}}',
    extract=b"extract",
    device=KEY.public,
)
OPENING = openings.sign(SHOWN, KEY)
EVIDENCE = b'{"site": "works-1", "period": "2026", "revision": 1, "entries": []}'
PACK = (packs.HOME / "cement.toml").read_bytes()
TABLE_CSV = b"site,cohort\r\nworks-1,\r\nworks-2,large\r\n"


def _of_text(read: Callable[[str], object]) -> Callable[[bytes, Path], object]:
    return lambda raw, _folder: read(raw.decode("utf-8", "replace"))


def _of_bytes(read: Callable[[bytes], object]) -> Callable[[bytes, Path], object]:
    return lambda raw, _folder: read(raw)


def _of_file(read: Callable[[Path], object], name: str) -> Callable[[bytes, Path], object]:
    def from_file(raw: bytes, folder: Path) -> object:
        (folder / name).write_bytes(raw)
        return read(folder / name)

    return from_file


def _signed_again(raw: bytes) -> bytes:
    """An opening whose parts were changed by who has a device's key: its signature holds."""
    part = ("settings", "extract", "report", "challenge")[len(raw) % 4]
    changes: dict[str, Any] = {part: raw[: 1 << 20]}
    return openings.sign(replace(SHOWN, **changes), KEY)


READERS: dict[str, tuple[Callable[[bytes, Path], object], tuple[bytes, ...]]] = {
    "pack": (_of_text(lambda text: reading.parse(text, Path("pack.toml"))), (PACK,)),
    "factors": (
        _of_text(lambda text: FactorTable.read(text, "factors.toml")),
        (TABLE.read_bytes(),),
    ),
    "register": (
        _of_file(register_file.read, "register.toml"),
        ((ROOT / "docs" / "register.toml").read_bytes(),),
    ),
    "list": (
        _of_bytes(uploaded_tables.lines_of),
        (TABLE_CSV, workbook_of(TABLE_CSV.decode())),
    ),
    "outcome": (_of_bytes(outcomes.read), (b'{"schema": "steplabel/practice-outcome/1"}',)),
    "summary": (_of_bytes(read_summary), (b'{"checks": {}, "held": true}',)),
    "envelope": (_of_bytes(envelope.parse), (OPENING,)),
    "statement": (_of_bytes(attestations.parse), (OPENING,)),
    "commitment": (_of_bytes(commitments.parse), (OPENING,)),
    "head": (_of_bytes(heads.parse), (OPENING,)),
    "checkpoint": (_of_bytes(checkpoints.parse), (b"steplabel\n12\nAAAA\n\n\xe2\x80\x94 a b\n",)),
    "draw": (_of_bytes(signed_draws.read), (OPENING,)),
    "opening": (_of_bytes(openings.read), (OPENING,)),
    "opening signed again": (
        _of_bytes(lambda raw: openings.read(_signed_again(raw))),
        (SHOWN.settings, SHOWN.extract),
    ),
    "audit file": (
        _of_file(lambda path: files.read_all([path]), "handed.bin"),
        (OPENING, EVIDENCE),
    ),
    "benchmark": (
        _of_file(lambda path: published.load(str(path), None), "benchmark.json"),
        (b'{"pack": "cement", "steps": [{"step": "clinker-burning"}]}',),
    ),
    **{
        f"map {suffix}": (
            _of_file(lambda path: settled(path, None, {}, None, nobody), f"plant.{suffix}"),
            tuple(
                path.read_bytes()
                for path in sorted(BAD.glob(f"*.{suffix}"))
                if path.is_file() and path.stat().st_size < 20_000
            ),
        )
        for suffix in ("csv", "xlsx", "xml", "parquet")
    },
}


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """A few changes at random places: bytes flipped, cut, doubled, or one sign a thousand times."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw) + 1)
        end = min(len(raw), at + rng.choice((1, 4, 40, 400)))
        match rng.randrange(6):
            case 0:
                flipped = bytes(byte ^ 1 << rng.randrange(8) for byte in raw[at:end])
                raw = raw[:at] + flipped + raw[end:]
            case 1:
                raw = raw[:at] + raw[end:]
            case 2:
                raw = raw[:end] + raw[at:end] * rng.choice((1, 9, 99)) + raw[end:]
            case 3:
                raw = raw[:at] + rng.choice(SIGNS) * rng.choice((1, 40, 4_000)) + raw[at:]
            case 4:
                raw = raw[:at] + rng.randbytes(rng.choice((1, 8, 64))) + raw[at:]
            case _:
                raw = raw[:at]
    return raw


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def ended(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s of processor time")

    before = signal.signal(signal.SIGVTALRM, ended)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_was_changed_at_random_is_read_or_refused(
    name: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    read, seeds = READERS[name]
    long = pytestconfig.getoption("--long")
    seconds = LONG_SECONDS / len(READERS) if long else 0.0
    memory_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, tried, number = time.monotonic(), 0, time.time_ns() if long else 1
    while tried < FILES or time.monotonic() - begun < seconds:
        rng = random.Random(number + tried)  # noqa: S311 - no secret
        raw = mutated(rng.choice(seeds), rng)
        try:
            with _within(LONGEST_S):
                read(raw, tmp_path)
        except SteplabelError:
            pass
        except Exception as fault:
            (tmp_path / "found").write_bytes(raw)
            raise AssertionError(
                f"{name}: number {number + tried}, {tmp_path / 'found'}"
            ) from fault
        tried += 1
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_kb
    assert grown < MOST_MEMORY_KB, f"{name}: {grown} kB more"
