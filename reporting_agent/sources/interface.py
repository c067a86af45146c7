"""What a source is: the interface by which rows of a plant's systems reach the agent; providers'
sources found and connected.

A provider's package names a `SourceKind` under the entry point group `steplabel.sources`:

    [project.entry-points."steplabel.sources"]
    my-historian = "my_package.steplabel:Historian"

and is used by `[inputs] source = "my-historian"` with its keys in `[source]`. It gives the strict
template; `sources.conformance` shows whether it does (docs/formats.md).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from benchmarks.errors import InputError, Place
from benchmarks.measurements import DataFinding
from benchmarks.phrases import Phrase
from reporting_agent import extras
from reporting_agent.sources.reading_log import ReadingBlock, ReadingLog
from reporting_agent.sources.sheets import Sheet

SPOOL = "spool"
"""What `watch` received: the source of the extra `live`."""

TABLES = ("batches", "energy", "log")
READINGS = "readings"


class Source(Protocol):
    """A connected source. Every call reads from the beginning: what was read once can be read
    again, and is the same.
    """

    def gives(self) -> frozenset[str]:
        """Which inputs it has: of `batches`, `energy`, `log` and `readings`."""
        ...

    def table(self, name: str) -> Sheet:
        """An input that is a table, in the strict template.

        The header holds the template's names. A cell is a text as the template writes it, a number,
        an aware `datetime`, or None for "not known". `Sheet.file` names what a person would look
        the row up in, and the number beside each row finds it there; numbers rise.

        Raises:
            InputError: with code, sentence, remedy, place, found and wanted; nothing else may leave
                a source.
        """
        ...

    def readings(self, meters: frozenset[str]) -> Iterator[ReadingBlock]:
        """Readings of these meters and of no others, each meter's in the order in which they were
        recorded.

        Stamps are UTC microseconds since 1970; a value that is not known is NaN and keeps its
        stamp; `row` finds the reading in `file` and rises within a meter.
        """
        ...

    def units(self) -> Mapping[str, str]:
        """The unit of a meter's values as handed over, where the source knows it: checked against
        site.toml.
        """
        ...


@runtime_checkable
class SourceWithFindings(Protocol):
    """What a source may also have: something to say of its readings."""

    def findings(self) -> Sequence[DataFinding]:
        """Asked once everything was read."""
        ...


@runtime_checkable
class SourceWithLog(Protocol):
    """What a source may also have: readings of which the log says what else was met, such as meters
    that were not asked for.
    """

    def readings_with_log(self, meters: frozenset[str], log: ReadingLog) -> Iterator[ReadingBlock]:
        """As `Source.readings`."""
        ...


@runtime_checkable
class SourceOfManyRows(Protocol):
    """What a source may also have: several rows a batch, which it puts together by the batch's
    id.
    """

    def part_by_year(self) -> None:
        """Asked before anything is read, of a site whose batch ids start again each January: such
        an id is of one batch a year.
        """
        ...


@dataclass(frozen=True, slots=True)
class ExampleReading:
    """One reading of the kit's plant; `value` is None where the meter said nothing."""

    meter: str
    stamp: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Example:
    """The kit's plant: what a source must hand over again, to the last bit and in this order.

    `tables` holds texts in the strict template by input name, header first; blank means "not
    known".
    """

    zone: tzinfo
    tables: Mapping[str, Sequence[Sequence[str]]]
    readings: Sequence[ExampleReading]
    units: Mapping[str, str]  # of the readings, by meter


class SourceKind(Protocol):
    """What an entry point names: how a source is connected, and how the conformance kit's plant is
    put behind it.
    """

    def connect(self, options: Mapping[str, object], folder: Path, zone: tzinfo) -> Source:
        """Connect by the table `[source]`; paths are relative to `folder`, local stamps are of
        `zone`.

        Raises:
            InputError: an option is unknown or missing, or what it names is not there.
        """
        ...

    def seed(self, example: Example, folder: Path) -> Mapping[str, object]:
        """Put the kit's plant where the source will read it (a test database, files in `folder`);
        returns the options.
        """
        ...


def connect(name: str, options: dict[str, object], folder: Path, zone: tzinfo) -> Source:
    """Connect the source of this name by the options of `[source]`.

    Raises:
        InputError: no such source is installed, or it refuses its options.
    """
    return named(name).connect(options, folder, zone)


def named(name: str) -> SourceKind:
    """The kind of source of an installed package, by its entry point; or, as `module:attribute`, of
    any module.
    """
    points = extras.installed(extras.SOURCES)
    if name in points:
        return _instance(points[name].load())
    module_name, colon, attribute = name.partition(":")
    if not colon:
        raise InputError(
            "source-unknown",
            "No source of this name is installed.",
            "Install the provider's package where the agent is installed, or name its module as "
            "module:attribute."
            if name != SPOOL
            else Phrase("Install what watches a plant, %(line)s.", line=extras.to_install("live")),
            place=Place("site.toml", column="inputs.source"),
            found=name,
            wanted=Phrase(
                "%(names)s, or a package with an entry point in the group %(group)s",
                names=", ".join(sorted({SPOOL, *points})),
                group=extras.SOURCES,
            ),
        )
    try:
        return _instance(getattr(importlib.import_module(module_name), attribute))
    except (ImportError, AttributeError) as missing:
        raise InputError(
            "source-unknown",
            "The module of this source cannot be imported, or lacks the attribute.",
            "Correct the name, or install the module where the agent is installed.",
            place=Place("site.toml", column="inputs.source"),
            found=f"{name}: {missing}",
            wanted="module:attribute",
        ) from missing


def _instance(kind: object) -> SourceKind:
    """An entry point may name the kind itself or its class."""
    return cast("SourceKind", kind() if isinstance(kind, type) else kind)
