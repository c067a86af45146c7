"""What a site commits to before it draws: the root of a tree over everything its labels were made
from, its table of contents (leaf 0), what opens a leaf, and which parts of two trees differ.

Leaves: the table; for every step its used batches, label by label, then its excluded ones; every
meter's days (`records`); padding up to the next power of two. A leaf is hashed as SHA-256(0x00 ‖
salt ‖ record), nodes after RFC 9162, section 2.1.1.

The table makes a part of the tree an answer about the whole: a record that is opened must be of the
step, of the kind and, among the used batches, of the rank that the table gives for its leaf. Its
counts by grid point are all that a release reads of the data, so table, report's key and challenge
give the released grid points again, to the digit.

Salts hide the records: batches are regular enough to be guessed at, and whoever sees a neighbour's
hash in a proof must learn nothing of it. They come from the report's own key
(`privacy.randomness.ReportKey`), so an unchanged revision has another root, and a crash or a retry
the same: 128 bits of HMAC-SHA-512(salts' key, index // 4), four to a block, with salts' key =
HMAC-SHA-256(report's key, label). Whoever is given the report's key can tell every salt of this
report, and none of another.

The digests of parts stay on the site: they are not salted.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import repeat
from typing import Annotated, NamedTuple, TypeAlias

from benchmarks.audit import records
from benchmarks.audit.records import DIGEST_BYTES, PADDING_RECORD, MeterDay, any_text
from benchmarks.errors import VerificationError
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase, in_context, in_number
from benchmarks.wire import merkle
from benchmarks.wire.canonical import decode, encode
from benchmarks.wire.records import (
    VERSION,
    FieldKind,
    Fields,
    Identifier,
    Record,
    each,
    malformed,
    octets,
    whole,
    words,
)
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


def contents_bytes(contents: Contents) -> bytes:
    """The leaf's content."""
    return encode({"kind": CONTENTS, "v": VERSION, **contents.to_wire()})


def counted_bytes(counted: Sequence[GridCounts]) -> bytes:
    """What the table says of the released labels, alone."""
    return encode([tally.to_wire() for tally in counted])


def read_contents(raw: bytes) -> Contents:
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


SALT_BYTES = 16
_SALTS = b"steplabel/1 leaf salts\x00"
_A_BLOCK = 4  # salts of one HMAC


class FiledBatch(NamedTuple):
    """A batch and why it is in no label; None where it is in one."""

    batch: Batch
    excluded: str | None


class DataTree:
    """A site's data for one submission as a tree: 64 bytes a leaf beside the batches themselves;
    records are spelled when asked for.
    """

    def __init__(
        self, table: Contents, batches: Sequence[FiledBatch], days: Sequence[MeterDay], key: bytes
    ) -> None:
        """Plant it.

        Args:
            table: of exactly these batches and days.
            batches, days: in the order of the leaves (`arrangement`).
            key: of the report; secret.
        """
        if table.padding_first != 1 + len(batches) + len(days):
            raise ValueError(
                f"the table tells of {table.padding_first - 1} records, there are "
                f"{len(batches) + len(days)}"
            )
        self.contents = table
        self.batches = batches
        self.days = days
        self.digests: dict[
            str, str
            # of every part by name: how many records, and SHA-256 over them; unsalted, for the site
            # alone
        ] = {}
        self._salts_key = _salts_key(key)
        self._tree = merkle.Tree(leaf_hashes(self._records(), key))
        self.root = self._tree.root()

    def __len__(self) -> int:
        return self.contents.size

    def record(self, index: int) -> bytes:
        """The record of a leaf; leaf 0 is the table of contents."""
        if not 0 <= index < len(self):
            raise IndexError(f"a tree of {len(self)} leaves has no leaf {index}")
        if index == 0:
            return contents_bytes(self.contents)
        if index <= len(self.batches):
            return records.of_batch(*self.batches[index - 1])
        if index < self.contents.padding_first:
            return records.of_day(self.days[index - 1 - len(self.batches)])
        return PADDING_RECORD

    def salt(self, index: int) -> bytes:
        """The salt of a leaf."""
        return _salt(self._salts_key, index)

    def proof(self, index: int) -> list[bytes]:
        """The inclusion proof of a leaf, the nearest hash first: the sibling on every level, for
        the tree is full.
        """
        return [
            self._tree.node(merkle.Node(level, index >> level ^ 1))
            for level in range((len(self) - 1).bit_length())
        ]

    def _records(self) -> Iterator[bytes]:
        yield contents_bytes(self.contents)
        for name, first, count in ranges(self.contents):
            whole = sha256()
            for index in range(first, first + count):
                record = self.record(index)
                whole.update(len(record).to_bytes(8) + record)
                yield record
            self.digests[name] = f"{count} {whole.hexdigest()}"
        yield from repeat(PADDING_RECORD, self.contents.size - self.contents.padding_first)


def leaf_hashes(salted: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """The hash of every record under its salt, from leaf 0 on."""
    salts_key, block = _salts_key(key), b""
    for index, record in enumerate(salted):
        within = index % _A_BLOCK
        if not within:
            block = _block(salts_key, index // _A_BLOCK)
        yield merkle.leaf_hash(block[within * SALT_BYTES : (within + 1) * SALT_BYTES] + record)


def require_record(
    root: bytes, size: int, index: int, salt: bytes, record: bytes, proof: Sequence[bytes]
) -> None:
    """Refuse a record that is not what the root was committed to with, at this leaf of a tree of
    this size.

    Raises:
        VerificationError: `proof-malformed`, `not-included`.
    """
    merkle.require_inclusion(merkle.leaf_hash(salt + record), index, size, proof, root)


def salt_of(key: bytes, index: int) -> bytes:
    """The salt of a leaf, for whoever was given the report's key."""
    return _salt(_salts_key(key), index)


def _salts_key(key: bytes) -> bytes:
    return hmac.digest(key, _SALTS, "sha256")


def _salt(salts_key: bytes, index: int) -> bytes:
    within = index % _A_BLOCK
    return _block(salts_key, index // _A_BLOCK)[within * SALT_BYTES : (within + 1) * SALT_BYTES]


def _block(salts_key: bytes, number: int) -> bytes:
    return hmac.digest(salts_key, number.to_bytes(8), "sha512")


Parts: TypeAlias = dict[str, str]
"""Name -> number of records and digest, as `117 5e88…`."""

_OF_THE_TABLE = {
    str(part): part
    for part in (
        in_context("a part of a site's data", "pack"),
        in_context("a part of a site's data", "policy"),
        in_context("a part of a site's data", "settings"),
        in_context("a part of a site's data", "agent's version"),
        in_context("a part of a site's data", "key of the report"),
        in_context("a part of a site's data", "windows"),
        in_context("a part of a site's data", "labels"),
    )
}
_OF_RECORDS = (
    (re.compile(r"step (.+), used"), Phrase("step %(id)s, used")),
    (re.compile(r"step (.+), excluded"), Phrase("step %(id)s, excluded")),
    (re.compile(r"meter (.+)"), Phrase("meter %(id)s")),
)
"""Names are kept with reports as `ranges` writes them."""


def parts_of(tree: DataTree) -> Parts:
    """Every part by name: `step eaf, used`, `step eaf, excluded`, `meter eaf-1`, and what the table
    of contents holds besides.
    """
    return tree.digests | _alone(tree.contents)


def told_by(table: Contents) -> Parts:
    """The same names, as far as a table of contents alone tells them: of records, only how many
    there are.
    """
    return {name: f"{count}" for name, _, count in ranges(table)} | _alone(table)


def _alone(table: Contents) -> Parts:
    """What the table holds besides the positions of records."""
    alone = {
        "pack": table.pack_digest,
        "policy": table.policy_digest,
        "settings": table.settings_digest,
        "agent's version": table.software.encode(),
        "key of the report": table.key_commitment,
        "windows": repr(sorted(table.windows.items())).encode(),
        "labels": counted_bytes(table.counted),
    }
    return {name: f"1 {sha256(content).hexdigest()}" for name, content in alone.items()}


def differing(committed: Parts, now: Parts) -> list[Phrase]:
    """The parts that are not alike, each in words: what there is now, and what there was."""
    return list(_differing(committed, now))


def _differing(committed: Parts, now: Parts) -> Iterator[Phrase]:
    for name in dict.fromkeys([*committed, *now]):
        before, after = committed.get(name), now.get(name)
        if before == after:
            continue
        if before is None or after is None:
            new = Phrase("%(name)s: not there when it was committed to", name=_in_words(name))
            gone = Phrase("%(name)s: no longer there", name=_in_words(name))
            yield new if before is None else gone
            continue
        then, here = before.partition(" ")[0], after.partition(" ")[0]
        if here != then:
            yield in_number(
                int(here),
                "%(name)s: %(here)s record, %(there)s when they were committed to",
                "%(name)s: %(here)s records, %(there)s when they were committed to",
                name=_in_words(name),
                here=here,
                there=then,
            )
        else:
            yield Phrase("%(name)s: not the same", name=_in_words(name))


def _in_words(part: str) -> str:
    for pattern, phrase in _OF_RECORDS:
        if match := pattern.fullmatch(part):
            return Phrase(phrase.text, id=match[1])
    return _OF_THE_TABLE.get(part, part)
