"""The transparency log's rows: its head, entries, those that wait, hashes of complete subtrees,
witnesses' cosignatures, restarts.
"""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Node
from portal.auditlog.models import AppendOnly

HEX_32 = RegexValidator(r"^[0-9a-f]{64}\Z", "64 hexadecimal digits, lower case.")


def kinds() -> list[tuple[str, str]]:
    """What an entry may be about. A function, so that a new kind is no new migration."""
    return [(kind.value, kind.value) for kind in EntryKind]


class LogHead(models.Model):
    """How many entries there are; its one row is locked by whoever appends."""

    size = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.size} entries"


class LogEntry(AppendOnly):
    """One thing that was logged, by its digest. Indices count from 0 without a gap.
    `benchmarks.wire.logged` makes its leaf.
    """

    index = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=32, choices=kinds)
    digest = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    appended_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("index",)

    def __str__(self) -> str:
        return f"{self.index}: {self.kind} {self.digest}"


class WaitingEntry(models.Model):
    """Something that is logged for certain and has no number yet: its row goes when
    `portal.translog.log` gives it one.
    """

    kind = models.CharField(max_length=32, choices=kinds)
    digest = models.CharField(max_length=64, unique=True, validators=[HEX_32])

    def __str__(self) -> str:
        return f"{self.kind} {self.digest}"


class Cosignature(AppendOnly):
    """A witness's line under the checkpoint of one size, as it was handed in and found to hold
    (`portal.translog.witnesses`).
    """

    witness = models.CharField(
        max_length=64, validators=[HEX_32]
    )  # fingerprint of its key; the directory has the name
    size = models.PositiveBigIntegerField()
    root = models.CharField(max_length=64, validators=[HEX_32])
    signed_at = models.DateTimeField()  # by the witness's clock
    line = models.CharField(max_length=300)
    received_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                fields=("witness", "size", "signed_at"), name="one_cosignature_a_moment"
            ),
        )
        indexes = (models.Index(fields=("size", "witness"), name="cosignatures_of_a_size"),)

    def __str__(self) -> str:
        return f"{self.size} by {self.witness[:16]}"


class LogNode(AppendOnly):
    """The hash of a complete subtree, leaves included, under the number that it has when all nodes
    are counted from left to right.

    The node over the leaves [position · 2^level, (position + 1) · 2^level) is number (2 · position
    + 1) · 2^level - 1: one column names it, and all nodes of a proof are read by one query.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)

    class Meta(AppendOnly.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"{self.number}: {bytes(self.hash).hex()}"

    @staticmethod
    def number_of(node: Node) -> int:
        return ((2 * node.position + 1) << node.level) - 1


class LogRestart(AppendOnly):
    """A signed statement of what the log lost (`benchmarks.wire.restarts`)."""

    digest = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    signed = models.BinaryField()
    taken_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.digest
