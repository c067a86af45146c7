"""A portal of the release before: its chain of entries becomes the tree, every index kept, and a gap stops the upgrade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps

from benchmarks.wire.logged import Kind, hashed
from benchmarks.wire.merkle import Tree
from portal.translog import log, selectors
from portal.translog.models import LogEntry
from tests.integration.portal_cast import NOW

pytestmark = pytest.mark.django_db

moving = import_module("portal.translog.migrations.0001_initial")


@dataclass(frozen=True, slots=True)
class Chained:
    """A row of the chain: the table itself is gone from this release."""

    index: int
    kind: str
    digest: str
    appended_at: datetime


def chain(count: int) -> list[Chained]:
    kinds = (Kind.COMMITMENT, Kind.ENVELOPE)
    return [Chained(index, kinds[index % 2].value, sha256(bytes([index])).hexdigest(), NOW) for index in range(count)]


class AsItWas:
    """The apps as the migration is given them: the chain's rows beside the log's own tables."""

    def __init__(self, rows: list[Chained]) -> None:
        self._rows = rows

    def get_model(self, app: str, name: str) -> Any:
        if app == "intake":
            ordered = SimpleNamespace(iterator=lambda: iter(self._rows))
            return SimpleNamespace(objects=SimpleNamespace(order_by=lambda _name: ordered))
        return apps.get_model(app, name)


def test_the_entries_of_the_chain_become_leaves_under_their_own_indices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "AT_ONCE", 4)
    rows = chain(11)
    moving.move(AsItWas(rows), None)
    assert list(LogEntry.objects.order_by("index").values_list("digest", flat=True)) == [row.digest for row in rows]
    tree = Tree(hashed(Kind(row.kind), bytes.fromhex(row.digest), log.day_of(NOW)) for row in rows)
    assert (selectors.size(), selectors.first_fault()) == (11, None)
    assert selectors.consistency(4, 11) == tree.consistency_proof(4, 11)
    assert log.add(Kind.ENVELOPE, sha256(b"the next").hexdigest(), NOW) == 11


def test_an_empty_chain_gives_an_empty_log() -> None:
    moving.move(AsItWas([]), None)
    assert (selectors.size(), selectors.first_fault()) == (0, None)


def test_a_chain_with_a_gap_stops_the_upgrade() -> None:
    rows = chain(5)
    with pytest.raises(ValueError, match="entry 2 is missing"):
        moving.move(AsItWas([*rows[:2], *rows[3:]]), None)
