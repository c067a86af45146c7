"""Leaf 0 of the data's tree: the table of contents. Where each part of the tree lies, what the labels counted, and by what rules.

It is what makes a part of the tree an answer about the whole: a record that is opened at a place must be of the step, of the kind
and, among the batches used, of the rank that the table gives for that place. The counts by cell of the public grid are all that a
release reads of the data, so that the table, the site's seed and the challenge give the released cells again, to the digit; and as
used batches lie in the order of the headline metric, every one opened shows whether its cell is counted where it belongs.

Order of the leaves: the table; for every step its used batches, label by label, then its excluded ones; every meter's days;
padding up to `size`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.audit.records import DIGEST_BYTES, any_text
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.fields import Fields, malformed
from benchmarks.wire.schema import MOST_REVISIONS, read_period

CONTENTS, VERSION = "contents", 1
FEWEST_LEAVES = 64
_MOST = 100_000  # entries of any list here; far more than there are
_COUNT = 2**40  # no plant has as many records
_MOST_YEARS = 100
_KIND = re.compile(CONTENTS)


@dataclass(frozen=True, slots=True)
class Cell:
    """The batches used in the labels of one product and variant: leaves `first` to `first + used - 1`.

    They rise by their value of the step's headline metric at reference conditions; equal values go by batch id.
    """

    product: str
    variant: str
    first: int
    used: int


@dataclass(frozen=True, slots=True)
class StepPart:
    """One step: its cells one after the other, then its excluded batches by (reason, start, id).

    `metric` is the headline metric, by which used batches are ordered; "" for a step that the pack does not know, which has excluded
    batches only.
    """

    step: str
    metric: str
    unit: str
    cells: tuple[Cell, ...]
    excluded_first: int
    excluded: int

    @property
    def first(self) -> int:
        return self.cells[0].first if self.cells else self.excluded_first

    @property
    def used(self) -> int:
        return sum(cell.used for cell in self.cells)


@dataclass(frozen=True, slots=True)
class MeterPart:
    """One meter: a leaf for each of its days that holds a reading, in order; leaves `first` to `first + days - 1`."""

    meter: str
    first: int
    days: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What a release reads of the data: of one label, how many counted batches lie in each cell of the public grid.

    `cells` are (cell, batches), rising, none empty. Where days are protected, they are the batches that count of every day.
    """

    step: str
    product: str
    variant: str
    metric: str
    years: int
    cells: tuple[tuple[int, int], ...]

    @property
    def batches(self) -> int:
        return sum(number for _, number in self.cells)


@dataclass(frozen=True, slots=True)
class Contents:
    """The table of contents.

    `settings_digest` is SHA-256 of the site's configuration as read: mapping profile, meters, factors, without where its files lie
    and without access data. `seed_commitment` is what the portal holds since enrolment (`privacy.randomness.commitment`). `windows`
    are the steps whose labels cover several years, with how many.
    """

    site: str
    period: str
    revision: int
    size: int
    steps: tuple[StepPart, ...]
    meters: tuple[MeterPart, ...]
    counted: tuple[Counted, ...]
    pack_digest: bytes
    policy_digest: bytes
    settings_digest: bytes
    software: str
    seed_commitment: bytes
    windows: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The submission's, as it stands in the key of every salt and of every draw."""
        return f"{self.site}/{self.period}/{self.revision}"

    @property
    def padding_first(self) -> int:
        """The first leaf of padding, which goes up to `size`."""
        ends = [one.excluded_first + one.excluded for one in self.steps] + [one.first + one.days for one in self.meters]
        return max(ends, default=1)


def ranges(table: Contents) -> Iterator[tuple[str, int, int]]:
    """The parts of the tree from leaf 1 to its padding, one behind the other: name, first leaf, how many."""
    for step in table.steps:
        yield f"step {step.step}, used", step.first, step.used
        yield f"step {step.step}, excluded", step.excluded_first, step.excluded
    for meter in table.meters:
        yield f"meter {meter.meter}", meter.first, meter.days


def padded(leaves: int) -> int:
    """The size of a tree that has to hold so many leaves: the next power of two, never fewer than 64."""
    return max(FEWEST_LEAVES, 1 << (leaves - 1).bit_length())


def to_bytes(contents: Contents) -> bytes:
    """The leaf's content."""
    return encode(
        {
            "kind": CONTENTS,
            "v": VERSION,
            "site": contents.site,
            "period": contents.period,
            "revision": contents.revision,
            "size": contents.size,
            "steps": [_of_step(one) for one in contents.steps],
            "meters": [{"meter": one.meter, "first": one.first, "days": one.days} for one in contents.meters],
            "counted": [_of_counted(one) for one in contents.counted],
            "pack_digest": contents.pack_digest,
            "policy_digest": contents.policy_digest,
            "settings_digest": contents.settings_digest,
            "software": contents.software,
            "seed_commitment": contents.seed_commitment,
            "windows": dict(contents.windows),
        }
    )


def counted_bytes(counted: Sequence[Counted]) -> bytes:
    """What the table says of the released labels, alone."""
    return encode([_of_counted(one) for one in counted])


def read(raw: bytes) -> Contents:
    """The table that a leaf 0 holds, with every part where its neighbours leave room for it.

    Raises:
        VerificationError: not canonical, a field is missing, unknown or malformed, or `contents-inconsistent`.
    """
    fields = Fields(decode(raw))
    fields.matching("kind", _KIND, CONTENTS)
    fields.integer("v", VERSION, VERSION)
    contents = Contents(
        site=fields.identifier("site"),
        period=read_period(fields),
        revision=fields.integer("revision", 1, MOST_REVISIONS),
        size=fields.integer("size", FEWEST_LEAVES, _COUNT),
        steps=tuple(_step(one) for one in fields.each("steps", _MOST)),
        meters=tuple(_meter(one) for one in fields.each("meters", _MOST)),
        counted=tuple(_counted(one) for one in fields.each("counted", _MOST)),
        pack_digest=fields.octets("pack_digest", DIGEST_BYTES),
        policy_digest=fields.octets("policy_digest", DIGEST_BYTES),
        settings_digest=fields.octets("settings_digest", DIGEST_BYTES),
        software=fields.words("software"),
        seed_commitment=fields.octets("seed_commitment", DIGEST_BYTES),
        windows=_windows(fields),
    )
    fields.done()
    _refuse_gaps(contents)
    return contents


def _of_step(part: StepPart) -> Value:
    return {
        "step": part.step,
        "metric": part.metric,
        "unit": part.unit,
        "cells": [{"product": one.product, "variant": one.variant, "first": one.first, "used": one.used} for one in part.cells],
        "excluded_first": part.excluded_first,
        "excluded": part.excluded,
    }


def _of_counted(one: Counted) -> Value:
    return {
        "step": one.step,
        "product": one.product,
        "variant": one.variant,
        "metric": one.metric,
        "years": one.years,
        "cells": [[cell, number] for cell, number in one.cells],
    }


def _step(fields: Fields) -> StepPart:
    part = StepPart(
        step=any_text(fields, "step"),
        metric=any_text(fields, "metric"),
        unit=any_text(fields, "unit"),
        cells=tuple(_cell(one) for one in fields.each("cells", _MOST)),
        excluded_first=fields.integer("excluded_first", 1, _COUNT),
        excluded=fields.integer("excluded", 0, _COUNT),
    )
    fields.done()
    return part


def _cell(fields: Fields) -> Cell:
    cell = Cell(
        product=any_text(fields, "product"),
        variant=any_text(fields, "variant"),
        first=fields.integer("first", 1, _COUNT),
        used=fields.integer("used", 1, _COUNT),
    )
    fields.done()
    return cell


def _meter(fields: Fields) -> MeterPart:
    part = MeterPart(any_text(fields, "meter"), fields.integer("first", 1, _COUNT), fields.integer("days", 1, _COUNT))
    fields.done()
    return part


def _counted(fields: Fields) -> Counted:
    cells: list[tuple[int, int]] = []
    for entry in fields.items("cells", _MOST):
        match entry:
            case [int(cell), int(number)] if cell > (cells[-1][0] if cells else -1) and number > 0:
                cells.append((cell, number))
            case _:
                raise malformed(fields.path("cells"), "a rising list of cells, each with how many batches lie in it")
    one = Counted(
        step=any_text(fields, "step"),
        product=any_text(fields, "product"),
        variant=any_text(fields, "variant"),
        metric=any_text(fields, "metric"),
        years=fields.integer("years", 1, _MOST_YEARS),
        cells=tuple(cells),
    )
    fields.done()
    return one


def _windows(fields: Fields) -> dict[str, int]:
    named = fields.map_of("windows")
    within = Fields(named, fields.path("windows"))
    return {name: within.integer(name, 2, _MOST_YEARS) for name in (named if isinstance(named, dict) else ())}


def _refuse_gaps(contents: Contents) -> None:
    """Parts follow one another without a gap from leaf 1 on, and the size is the least that holds them."""
    place = 1
    for first, count in _parts(contents):
        if first != place:
            raise _inconsistent(f"a part begins at leaf {first}, the one before it ends at {place}")
        place += count
    if contents.size != padded(place):
        raise _inconsistent(f"it names {contents.size} leaves, its parts need {padded(place)}")


def _parts(contents: Contents) -> Iterator[tuple[int, int]]:
    for step in contents.steps:
        yield from ((cell.first, cell.used) for cell in step.cells)
        yield step.excluded_first, step.excluded
    yield from ((meter.first, meter.days) for meter in contents.meters)


def _inconsistent(found: str) -> VerificationError:
    return VerificationError(
        "contents-inconsistent",
        Phrase("The table of contents does not fit itself: %(found)s.", found=found),
        "Have the plant open leaf 0 again, with the agent that made the report.",
    )
