"""What committing to a site's data costs beside the bare hashes, and what opening some of it costs
beside reading the records.

`commitment`. Ours: the root over 1,000,000 records in their canonical bytes: salts, leaves, padding
to 2^20, every node kept. Reference: SHA-256 of as many leaves and nodes of the same lengths,
nothing kept. Measured at a quarter of the size as well: growth 1 is linear.

`commitment, spelled`. Ours: the tree of 100,000 batches, each spelled as its record first.
Reference as above. It is not the hashing that takes the time there but the canonical bytes.

`opening`. Ours: record, salt and proof of 200 leaves out of 100,000. Reference: their records
alone. The size names the longest proof.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain, cycle, islice, repeat
from math import log

from benchmarks.audit import records
from benchmarks.audit.committed_tree import (
    Contents,
    DataTree,
    FiledBatch,
    StepPart,
    UsedLeaves,
    leaf_hashes,
    padded,
)
from benchmarks.measurements import Batch, CarrierEnergy
from benchmarks.wire import merkle
from tests.performance.measurement import Measurement, compare

RECORDS, FEWER, BATCHES, OPENED = 1_000_000, 250_000, 100_000, 200
DISTINCT = 1 << 14  # records that are spelled beforehand; salts make every leaf another one
RUNS = 3
KEY = bytes(32)
REFERENCE = "bare SHA-256 of leaves and nodes"


def measure() -> list[Measurement]:
    """One line each; the quarter's line comes first, so that the peak of the whole one is its
    own.
    """
    ready = [records.of_batch(batch, None) for batch in _batches(DISTINCT)]
    fewer, whole = (_commitment(ready, count) for count in (FEWER, RECORDS))
    whole["size"] += f", growth {log(whole['ours_s'] / fewer['ours_s']) / log(RECORDS / FEWER):.2f}"
    filed = [FiledBatch(batch, None) for batch in _batches(BATCHES)]
    table = _table(len(filed))
    spelled = compare(
        "commitment, spelled",
        f"{BATCHES:,} batches",
        lambda: DataTree(table, filed, (), KEY),
        REFERENCE,
        _bare(ready, BATCHES),
        RUNS,
    )
    return [fewer, whole, spelled, _opening(DataTree(table, filed, (), KEY))]


def _commitment(ready: list[bytes], count: int) -> Measurement:
    size = f"{count:,} records of {len(ready[0])} bytes"
    return compare(
        "commitment",
        size,
        lambda: merkle.Tree(leaf_hashes(_all(ready, count), KEY)).root(),
        REFERENCE,
        _bare(ready, count),
        RUNS,
    )


def _all(ready: list[bytes], count: int) -> Iterable[bytes]:
    """So many records, and the padding behind them."""
    return chain(islice(cycle(ready), count), repeat(records.PADDING_RECORD, padded(count) - count))


def _bare(ready: list[bytes], count: int) -> Callable[[], None]:
    pair = bytes(1 + 2 * merkle.HASH_BYTES)

    def bare() -> None:
        for record in _all(ready, count):
            sha256(record).digest()
        for _ in range(padded(count) - 1):
            sha256(pair).digest()

    return bare


def _opening(tree: DataTree) -> Measurement:
    leaves = random.Random(1).sample(range(1, 1 + BATCHES), OPENED)  # noqa: S311  # any leaves
    longest = max(merkle.HASH_BYTES * len(tree.proof(leaf)) for leaf in leaves)
    return compare(
        "opening",
        f"{OPENED} of {BATCHES:,}, the longest proof {longest} bytes",
        lambda: [(tree.record(leaf), tree.salt(leaf), tree.proof(leaf)) for leaf in leaves],
        "their records",
        lambda: [tree.record(leaf) for leaf in leaves],
        runs=21,
    )


def _batches(count: int) -> Iterator[Batch]:
    """Heats of an arc furnace with three carriers, rising in energy."""
    start, step = datetime(2016, 1, 1, tzinfo=UTC), timedelta(minutes=5)
    for index in range(count):
        begin = start + index * step
        energy = (
            CarrierEnergy("electricity", 42_000.0 + index / 7, "kWh"),
            CarrierEnergy("natural-gas", 240.0, "Nm3", lhv_mj_per_unit=36.0),
            CarrierEnergy("coke", 1.2, "t", lhv_mj_per_unit=28_400.0),
        )
        yield Batch(
            f"H{index:07d}",
            "eaf",
            "liquid-steel",
            "any",
            begin,
            begin + timedelta(minutes=50),
            120.0,
            energy=energy,
            variables={"hot_metal_pct": 0.0},
        )


def _table(used: int) -> Contents:
    part = StepPart(
        "eaf", "total", "kgce/t", (UsedLeaves("liquid-steel", "any", 1, used),), 1 + used, 0
    )
    nothing = bytes(records.DIGEST_BYTES)
    return Contents(
        "works-2",
        "2016",
        1,
        padded(1 + used),
        (part,),
        (),
        (),
        nothing,
        nothing,
        nothing,
        "steplabel-agent",
        nothing,
    )
