"""The table of contents, leaf 0 of the data's tree: where each part lies, what the labels counted
by grid point, and by what rules.

It is what makes a part of the tree an answer about the whole: a record that is opened at a leaf
must be of the step, of the kind and, among the batches used, of the rank that the table gives for
that leaf. The counts by point of the public grid are all that a release reads of the data, so that
the table, the report's key and the challenge give the released grid points again, to the digit; and
as used batches lie in the order of the headline metric, every one opened shows whether it was
counted at the grid point where it belongs.

Order of the leaves: the table; for every step its used batches, label by label, then its excluded
ones; every meter's days; padding up to `size`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from benchmarks.audit.records import DIGEST_BYTES, any_text
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import decode, encode
from benchmarks.wire.fields import VERSION, Fields, malformed
from benchmarks.wire.records import FieldKind, Identifier, Record, each, octets, whole, words
from benchmarks.wire.schema import MOST_REVISIONS, PeriodName

CONTENTS = "contents"
FEWEST_LEAVES = 64
_MOST = 100_000  # entries of any list here; far more than there are
_COUNT = 2**40  # no plant has as many records
_MOST_YEARS = 100
_KIND = re.compile(CONTENTS)


def _counts_by_point(fields: Fields, name: str) -> tuple[tuple[int, int], ...]:
    counts: list[tuple[int, int]] = []
    for entry in fields.items(name, _MOST):
        match entry:
            case [int(point), int(number)] if (
                point > (counts[-1][0] if counts else -1) and 0 < number <= _COUNT
            ):
                counts.append((point, number))
            case _:
                raise malformed(
                    fields.path(name),
                    Phrase("a rising list of grid points, each with how many batches lie at it"),
                )
    return tuple(counts)


def _windows(fields: Fields, name: str) -> dict[str, int]:
    named = fields.map_of(name)
    within = Fields(named, fields.path(name))
    return {
        step: within.integer(step, 2, _MOST_YEARS)
        for step in (named if isinstance(named, dict) else ())
    }


_BY_POINT = FieldKind(
    _counts_by_point, lambda counts: [list(count) for count in counts], name="cells"
)
AnyText = Annotated[str, FieldKind(any_text)]
Digest = Annotated[bytes, octets(DIGEST_BYTES)]
LeafIndex = Annotated[int, whole(1, _COUNT)]


@dataclass(frozen=True, slots=True)
class UsedLeaves(Record):
    """The batches used in the labels of one product and variant: leaves `first` to `first + used -
    1`.

    They rise by their value of the step's headline metric at reference conditions; equal values go
    by batch id.
    """

    product: AnyText
    variant: AnyText
    first: LeafIndex
    used: Annotated[int, whole(1, _COUNT)]


@dataclass(frozen=True, slots=True)
class StepPart(Record):
    """One step: its cells one after the other, then its excluded batches by (reason, start, id).

    `metric` is the headline metric, by which used batches are ordered; "" for a step that the pack
    does not know, which has excluded batches only.
    """

    step: AnyText
    metric: AnyText
    unit: AnyText
    cells: Annotated[tuple[UsedLeaves, ...], each(UsedLeaves, _MOST)]
    excluded_first: LeafIndex
    excluded: Annotated[int, whole(0, _COUNT)]

    @property
    def first(self) -> int:
        return self.cells[0].first if self.cells else self.excluded_first

    @property
    def used(self) -> int:
        return sum(cell.used for cell in self.cells)


@dataclass(frozen=True, slots=True)
class MeterPart(Record):
    """One meter: a leaf for each of its days that holds a reading, in order; leaves `first` to
    `first + days - 1`.
    """

    meter: AnyText
    first: LeafIndex
    days: Annotated[int, whole(1, _COUNT)]


@dataclass(frozen=True, slots=True)
class GridCounts(Record):
    """What a release reads of the data: of one label, how many counted batches lie at each point of
    the public grid.

    `by_point` are (grid point, batches), rising, none empty. Where days are protected, they are the
    batches that count of every day.
    """

    step: AnyText
    product: AnyText
    variant: AnyText
    metric: AnyText
    years: Annotated[int, whole(1, _MOST_YEARS)]
    by_point: Annotated[tuple[tuple[int, int], ...], _BY_POINT]

    @property
    def batches(self) -> int:
        return sum(number for _, number in self.by_point)


@dataclass(frozen=True, slots=True)
class Contents(Record):
    """The table of contents.

    `settings_digest` is SHA-256 of the site's configuration as read: mapping profile, meters,
    factors, without where its files lie and without access data. `key_commitment` binds the report
    to the key of its noise and salts, and this to the seed that the site enrolled with
    (`privacy.randomness.ReportKey.commitment`). `windows` are the steps whose labels cover several
    years, with how many.
    """

    site: Identifier
    period: PeriodName
    revision: Annotated[int, whole(1, MOST_REVISIONS)]
    size: Annotated[int, whole(FEWEST_LEAVES, _COUNT)]
    steps: Annotated[tuple[StepPart, ...], each(StepPart, _MOST)]
    meters: Annotated[tuple[MeterPart, ...], each(MeterPart, _MOST)]
    counted: Annotated[tuple[GridCounts, ...], each(GridCounts, _MOST)]
    pack_digest: Digest
    policy_digest: Digest
    settings_digest: Digest
    software: Annotated[str, words()]
    key_commitment: Digest
    windows: Annotated[Mapping[str, int], FieldKind(_windows, dict)] = field(default_factory=dict)

    @property
    def padding_first(self) -> int:
        """The first leaf of padding, which goes up to `size`."""
        ends = [step.excluded_first + step.excluded for step in self.steps] + [
            meter.first + meter.days for meter in self.meters
        ]
        return max(ends, default=1)


def ranges(table: Contents) -> Iterator[tuple[str, int, int]]:
    """The parts of the tree from leaf 1 to its padding, one behind the other: name, first leaf, how
    many.
    """
    for step in table.steps:
        yield f"step {step.step}, used", step.first, step.used
        yield f"step {step.step}, excluded", step.excluded_first, step.excluded
    for meter in table.meters:
        yield f"meter {meter.meter}", meter.first, meter.days


def padded(leaves: int) -> int:
    """The size of a tree that has to hold so many leaves: the next power of two, never fewer than
    64.
    """
    return max(FEWEST_LEAVES, 1 << (leaves - 1).bit_length())


def to_bytes(contents: Contents) -> bytes:
    """The leaf's content."""
    return encode({"kind": CONTENTS, "v": VERSION, **contents.to_wire()})


def counted_bytes(counted: Sequence[GridCounts]) -> bytes:
    """What the table says of the released labels, alone."""
    return encode([tally.to_wire() for tally in counted])


def read(raw: bytes) -> Contents:
    """The table that a leaf 0 holds, with every part where its neighbours leave room for it.

    Raises:
        VerificationError: not canonical, a field is missing, unknown or malformed, or
            `contents-inconsistent`.
    """
    fields = Fields(decode(raw))
    fields.matching("kind", _KIND, CONTENTS)
    fields.version()
    contents = Contents.from_wire(fields)
    _refuse_gaps(contents)
    return contents


def _refuse_gaps(contents: Contents) -> None:
    """Parts follow one another without a gap from leaf 1 on, and the size is the least that holds
    them.
    """
    leaf = 1
    for first, count in _parts(contents):
        if first != leaf:
            raise _inconsistent(
                Phrase(
                    "a part begins at leaf %(first)s, the one before it ends at %(leaf)s",
                    first=first,
                    leaf=leaf,
                )
            )
        leaf += count
    if contents.size != padded(leaf):
        raise _inconsistent(
            Phrase(
                "it names %(size)s leaves, its parts need %(needed)s",
                size=contents.size,
                needed=padded(leaf),
            )
        )


def _parts(contents: Contents) -> Iterator[tuple[int, int]]:
    for step in contents.steps:
        yield from ((cell.first, cell.used) for cell in step.cells)
        yield step.excluded_first, step.excluded
    yield from ((meter.first, meter.days) for meter in contents.meters)


def _inconsistent(contradiction: Phrase) -> VerificationError:
    return VerificationError(
        "contents-inconsistent",
        Phrase("The table of contents contradicts itself: %(found)s.", found=contradiction),
        "Have the plant open leaf 0 again, with the agent that made the report.",
    )
