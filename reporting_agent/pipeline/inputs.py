"""The site's inputs: files by pattern, a provider's source, rows that a person corrected, and
records of scales, which label nothing and are committed to by the day for an auditor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.audit.records import microseconds
from benchmarks.errors import InputError, Place
from benchmarks.measurements import DataFinding
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.config import Profile, SiteSettings
from reporting_agent.pipeline.rejections import findings
from reporting_agent.sources import (
    SCALES,
    ReadingBlock,
    RejectedRow,
    Table,
    Template,
    interface,
    object_storage,
    read_sheet,
    read_table,
    rejected_rows,
)
from reporting_agent.sources.file_bytes import BESIDE_OTHERS
from reporting_agent.sources.interface import (
    Source,
    SourceOfManyRows,
    SourceWithFindings,
    SourceWithLog,
)
from reporting_agent.sources.reading_log import Extract, ExtractReadings, ReadingLog
from reporting_agent.sources.rejected_rows import Corrections, TotalRow


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


class Inputs:
    """What `[inputs]` names, opened once for a command."""

    def __init__(self, site: SiteSettings, extract: Extract | None = None) -> None:
        """Open them; with an extract, that and nothing else is read."""
        self.site = site
        self.extract = extract
        self.source: Source | None = None
        self.corrections = Corrections()
        self.totals: list[TotalRow] = []  # of readings
        self._tables: list[Table] = []
        if extract is not None:
            return
        if site.inputs.source is not None:
            self.source = interface.connect(
                site.inputs.source, dict(site.source), site.folder, site.zone
            )
            if site.site.batch_ids == "restart-yearly" and isinstance(
                self.source, SourceOfManyRows
            ):
                self.source.part_by_year()
            self._check_units(self.source)
        if site.inputs.corrections is not None:
            self.corrections = rejected_rows.load(*paths_of(site, site.inputs.corrections))

    def has(self, name: str) -> bool:
        """Whether there is such an input: named as a file, or given by the source."""
        if self.extract is not None:
            return name in self.extract.gives()
        return getattr(self.site.inputs, name) is not None or self._from_source(name)

    def weighings(self) -> Mapping[str, ExtractReadings]:
        """The records of every scale; nothing where the site has none."""

        return by_scale(self.site, self.tables(SCALES)) if self.has(SCALES.name) else {}

    def tables(self, wanted: Template) -> list[Table]:
        """Every table of the input, in order of file name."""
        site, profile, extract = self.site, self._profile(wanted.name), self.extract
        if extract is not None:
            return [read_sheet(lambda: extract.table(wanted.name), Profile(), wanted, site.zone)]
        pattern = getattr(site.inputs, wanted.name)
        if pattern is not None:
            sheets = [
                read_table(path, profile.of(path), wanted, site.zone, self.corrections)
                for path in paths_of(site, pattern)
            ]
        else:
            source = self.source
            assert source is not None, wanted.name  # noqa: S101 - `given` was asked
            sheets = [
                read_sheet(
                    lambda: source.table(wanted.name), profile, wanted, site.zone, self.corrections
                )
            ]
        self._tables += sheets
        return sheets

    def files(self) -> Iterator[tuple[str, Path, Profile]]:
        """Every file of the inputs that batches and their energy are made from, with its mapping;
        none of an extract or a source.
        """
        for name in ("batches", "energy", "log", "readings", "corrections"):
            pattern = getattr(self.site.inputs, name)
            if self.extract is None and pattern is not None:
                profile = Profile() if name == "corrections" else self._profile(name)
                yield from ((name, path, profile.of(path)) for path in paths_of(self.site, pattern))

    def in_doubt(self) -> Iterator[Place]:
        """Rows that may be of more batches than one, in the tables read so far."""
        for table in self._tables:
            yield from table.in_doubt

    def readings(
        self,
    ) -> list[Path] | Callable[[frozenset[str], ReadingLog], Iterator[ReadingBlock]]:
        """The files of readings, or what opens those of the source."""
        if self.extract is not None:
            return self.extract.readings_with_log
        if self.site.inputs.readings is not None:
            return paths_of(self.site, self.site.inputs.readings)
        source = self.source
        assert source is not None  # noqa: S101 - `given` was asked
        return (
            source.readings_with_log
            if isinstance(source, SourceWithLog)
            else lambda meters, _: source.readings(meters)
        )

    @property
    def corrected(self) -> tuple[RejectedRow, ...]:
        """Rows that were read as a person corrected them; with the rejected ones they make the next
        rejected.csv.
        """
        return tuple(self.corrections.used.values())

    def findings(self) -> list[DataFinding]:
        """What is to be told of the inputs as such: totals, corrections, what a source says. Asked
        once everything is read.
        """
        table_findings = findings(
            [*self.totals, *(total for table in self._tables for total in table.totals)],
            self.corrections,
        )
        return [
            *table_findings,
            *(self.source.findings() if isinstance(self.source, SourceWithFindings) else ()),
        ]

    def _from_source(self, name: str) -> bool:
        return self.source is not None and name in self.source.gives()

    def _profile(self, name: str) -> Profile:
        profile: Profile = getattr(self.site.mapping, name)
        return profile

    def _check_units(self, source: Source) -> None:
        units = source.units()
        for meter in self.site.meters:
            if (unit := units.get(meter.id, meter.unit)) != meter.unit:
                raise InputError(
                    "unit-differs",
                    Phrase(
                        "The source gives meter %(meter_id)s in a different unit from the one "
                        "that site.toml declares.",
                        meter_id=meter.id,
                    ),
                    "Correct unit under [[meters]], or the unit that the source gives.",
                    place=Place(str(self.site.path), column=f"meters.{meter.id}.unit"),
                    found=unit,
                    wanted=meter.unit,
                )


def paths_of(site: SiteSettings, pattern: str | Sequence[str]) -> list[Path]:
    """Files of an input, of each pattern in order of name, those of object storage fetched;
    InputError where there is none.
    """
    if not isinstance(pattern, str):
        return [path for each in pattern for path in paths_of(site, each)]
    if object_storage.is_object(pattern):
        return object_storage.fetched(pattern, Place(str(site.path), column="inputs"))
    whole = site.folder / pattern
    if whole.is_file():
        return [whole]
    if Path(pattern).is_absolute():
        paths = sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor))))
    else:
        paths = sorted(site.folder.glob(pattern))
    files = [path for path in paths if path.is_file() and not path.name.startswith(BESIDE_OTHERS)]
    if not files:
        raise InputError(
            "file-missing",
            "This is a folder, not a file." if paths else "There is no file of this name.",
            "Name all files of a folder by a pattern such as readings/*.csv."
            if paths
            else "Check the path under [inputs] in site.toml; it is relative to site.toml.",
            place=Place(str(site.path), column="inputs"),
            found=Phrase("a folder") if paths else Phrase("no such file"),
            wanted=str(whole),
        )
    return files
