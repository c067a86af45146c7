"""What a site commits to before it draws: the root of a tree over everything its labels were made
from, and what opens a leaf of it.

Leaves: the table of contents (`contents`), the batches and the meters' days in the order it tells
(`records`), padding up to the next power of two. A leaf is hashed as SHA-256(0x00 ‖ salt ‖ record),
nodes after RFC 9162, section 2.1.1.

Salts hide the records: batches are few and regular enough to be guessed at, and whoever sees a
neighbour's hash in a proof must learn nothing of it. They come from the report's own key
(`privacy.randomness.ReportKey`), so an unchanged revision has another root, and a crash or a retry
the same. Each is 128 bits of HMAC-SHA-512(salts' key, index // 4), four to a block (the cost of a
salt is then half of a leaf's hash, not twice), with salts' key = HMAC-SHA-256(report's key, label).
Whoever is given the report's key, as an auditor is, can tell every salt of this report, and none of
another.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import repeat
from typing import NamedTuple

from benchmarks.audit import contents, records
from benchmarks.audit.contents import Contents
from benchmarks.audit.records import PADDING_RECORD, MeterDay
from benchmarks.measurements import Batch
from benchmarks.wire import merkle

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
            return contents.to_bytes(self.contents)
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
        yield contents.to_bytes(self.contents)
        for name, first, count in contents.ranges(self.contents):
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
