"""The label engine beside DuckDB's grouped scan of the same files, beside pandas, and the command
beside the engine.

Ours is the road that a plant's data take, `pipeline.metered.measure`: files of readings, screened
and where needed cleaned, cut along batches, pauses and clock hours, joined to the batch records.
The reference reads the same columns once and adds them up by meter: about the least that anything
must do which looks at every reading. It knows no batches and no faults.

Both sides are held to the same energies: a register's highest less its lowest, an interval's sum, a
rate's mean times the time.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fixtures.simulator import melt_shop
from tests.performance import sides
from tests.performance.apart import Action, compare_apart
from tests.performance.measurement import Measurement

SIZES = (5_000_000, 50_000_000)
LONG_SIZE = 200_000_000
SMALL = 5_000_000  # of text
# of one frame of pandas: at 5 M most of our time does not grow with the readings, at 50 M pandas
# takes 8 GB (`long`)
FRAME = 20_000_000
RUNS = 5

SCAN = "DuckDB grouped scan"


def measure(long: bool = False) -> Iterator[Measurement]:
    """Every comparison; with `long` also at 200 million readings, and beside one frame of pandas at
    50 million.
    """
    before: Measurement | None = None
    readings_before = 0
    for readings in (*SIZES, *([LONG_SIZE] if long else [])):
        with _plant(readings, "apart") as folder:
            line = _compare(
                "engine",
                readings,
                partial(sides.engine, folder),
                SCAN,
                partial(sides.grouped_scan, folder),
            )
            if before is not None:
                growth = math.log(line["ours_s"] / before["ours_s"]) / math.log(
                    readings / readings_before
                )
                line["size"] += (
                    f", growth {growth:.2f}, memory "
                    f"{line['peak_rss_mb'] / before['peak_rss_mb'] - 1:+.0%}"
                )
            before, readings_before = line, readings
            yield line
            if readings == SIZES[-1]:
                yield from _at_full_size(folder, readings)
    for readings in (FRAME, *([SIZES[-1]] if long else [])):
        with _plant(readings, "apart") as folder:
            batches, merged = (
                partial(sides.batch_energies, folder),
                partial(sides.merge_asof, folder),
            )
            yield _compare(
                "engine, pandas",
                readings,
                batches,
                "pandas merge_asof",
                merged,
                _alike(0.05),
                runs=min(3, RUNS),
            )
    with _plant(SMALL, "csv") as folder:
        yield _compare(
            "engine, csv",
            SMALL,
            partial(sides.engine, folder),
            "DuckDB typed read",
            partial(sides.typed_csv, folder),
        )
    yield _start("--help", ["-m", "reporting_agent", "--help"])


def _at_full_size(folder: Path, readings: int) -> Iterator[Measurement]:
    ours = partial(sides.engine, folder)
    yield _compare(
        "engine, least scan",
        readings,
        ours,
        "DuckDB, values only",
        partial(sides.values_only, folder),
        _any,
    )
    with _plant(readings, "together") as together:
        yield _compare(
            "engine, one file",
            readings,
            partial(sides.engine, together),
            "ours, a file a meter",
            ours,
            _any,
            runs=min(3, RUNS),
        )
    batches, edges = partial(sides.batch_energies, folder), partial(sides.merge_edges, folder)
    yield _compare(
        "engine, pandas edges",
        readings,
        batches,
        "pandas merge_asof of edges",
        edges,
        _alike(1e-9),
        runs=min(3, RUNS),
    )
    yield _compare(
        "label",
        readings,
        partial(sides.label, folder),
        "the engine alone",
        ours,
        _any,
        runs=min(3, RUNS),
    )


def _compare(
    name: str,
    readings: int,
    ours: Action,
    reference_name: str,
    reference: Action,
    agree: Callable[[Any, Any], bool] | None = None,
    runs: int | None = None,
) -> Measurement:
    size = f"{readings / 1e6:g} M readings, {melt_shop.METERS * melt_shop.BATCHES:,} batches"
    return compare_apart(
        name, size, ours, reference_name, reference, agree or _alike(1e-3), runs or RUNS
    )


def _start(name: str, arguments: list[str]) -> Measurement:
    ours, bare = partial(sides.run, arguments), partial(sides.run, ["-c", "pass"])
    return compare_apart(name, "a new process", ours, "python -c pass", bare, _any, 3 * RUNS)


def _alike(tolerance: float) -> Callable[[Any, Any], bool]:
    return lambda ours, its: (
        len(ours) == len(its)
        and all(math.isclose(*pair, rel_tol=tolerance) for pair in zip(ours, its, strict=True))
    )


def _any(_ours: Any, _its: Any) -> bool:
    return True


@contextmanager
def _plant(readings: int, layout: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="steplabel-engine-") as name:
        melt_shop.write(Path(name), readings, layout)
        yield Path(name)
