"""Records of scales: read from their table, brought to each scale's declared unit, in order of
time.

They label nothing. They are committed to by the day, as readings of meters are, and stand beside
the output of the log where an auditor looks.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.audit.records import microseconds
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.config import SiteSettings
from reporting_agent.sources.extract import ExtractReadings
from reporting_agent.sources.whole_table import Table


def by_scale(site: SiteSettings, tables: list[Table]) -> Mapping[str, ExtractReadings]:
    """The records of each declared scale.

    Raises:
        InputError: `scale-unknown`, `unit-unknown`, `unit-mismatch`; with file and row.
    """
    scales = {scale.id: scale for scale in site.scales}
    weighings: dict[str, list[tuple[int, float]]] = {}
    for table in tables:
        columns = (table.columns[name] for name in ("scale_id", "timestamp", "quantity", "unit"))
        for at, (name, stamp, quantity, unit) in enumerate(zip(*columns, strict=True)):
            if name not in scales:
                raise InputError(
                    "scale-unknown",
                    "A weighing comes from a scale that site.toml does not declare.",
                    "Declare it under [[scales]], or leave its rows out.",
                    place=table.place(at, "scale_id"),
                    found=repr(name),
                    wanted=", ".join(sorted(scales)) or Phrase("a scale of site.toml"),
                )
            weighings.setdefault(name, []).append(
                (
                    microseconds(stamp),
                    quantity * _ratio(unit, scales[name].unit, table.place(at, "unit")),
                )
            )
    records = {}
    for name, rows in weighings.items():
        rows.sort()
        records[name] = ExtractReadings(
            np.array([time for time, _ in rows], dtype=np.int64),
            np.array([value for _, value in rows]),
        )
    return records


def _ratio(unit: str, wanted: str, place: Place) -> float:
    try:
        return ratio(unit or wanted, wanted)
    except InputError as refused:
        refused.place = refused.place or place
        raise
