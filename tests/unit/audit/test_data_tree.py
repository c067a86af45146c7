"""The tree that a site commits to: its order, its salts, its size, and what opens a leaf of it."""

from __future__ import annotations

import dataclasses
import random

import pytest

from benchmarks.audit import committed_tree, records
from benchmarks.audit.committed_tree import Contents, DataTree, padded, require_record
from benchmarks.audit.records import MeterDay, Padding
from benchmarks.errors import VerificationError
from benchmarks.measurements import Batch, CarrierEnergy
from benchmarks.wire import merkle
from benchmarks.wire.canonical import decode, encode
from tests.unit.agent_send.cast import heats, material
from tests.unit.audit.conftest import KEY, data_tree, plant_days, plant_heats


def batches_of(tree: DataTree, first: int, count: int) -> list[Batch]:
    entries = [records.read(tree.record(index)) for index in range(first, first + count)]
    return [entry for entry in entries if isinstance(entry, Batch)]


def test_the_table_tells_where_everything_lies(tree: DataTree) -> None:
    table = committed_tree.read_contents(tree.record(0))
    assert table == tree.contents
    assert [(part.step, part.metric, part.used, part.excluded) for part in table.steps] == [
        ("eaf", "total", 117, 2),
        ("polishing", "", 0, 1),
    ]
    assert [(part.meter, part.first, part.days) for part in table.meters] == [
        ("eaf-1", 121, 2),
        ("eaf-2", 123, 2),
    ]
    assert (table.padding_first, table.size, len(tree)) == (125, 128, 128)
    assert [tally.batches for tally in table.counted] == [117, 117]
    kinds = [type(records.read(tree.record(index))) for index in range(1, len(tree))]
    assert kinds == [Batch] * 120 + [MeterDay] * 4 + [Padding] * 3


def test_used_batches_rise_by_the_headline_metric_and_the_rest_by_reason(tree: DataTree) -> None:
    label = material(plant_heats()).site_label.steps[0]
    assert label.metric == "total"
    value = {batch.batch_id: batch.at_reference for batch in label.values if batch.excluded is None}
    part, outside = tree.contents.steps
    used = batches_of(tree, part.first, part.used)
    assert [batch.batch_id for batch in used] == sorted(value, key=lambda name: (value[name], name))
    assert [batch.excluded for batch in used] == [None] * 117
    assert [batch.excluded for batch in batches_of(tree, part.excluded_first, 2)] == [
        "not-normal-state",
        "overlap",
    ]
    assert [batch.excluded for batch in batches_of(tree, outside.excluded_first, 1)] == [
        "step-outside-pack"
    ]


def test_the_order_of_the_files_changes_nothing(tree: DataTree) -> None:
    batches, days = plant_heats(), plant_days()
    random.Random(3).shuffle(batches)  # noqa: S311  # any order
    assert data_tree(batches, days[::-1]).root == tree.root


def test_batches_alike_in_reason_start_and_id_stand_in_one_order() -> None:
    """Two rows of one batch: both are excluded, and which came first in the file is no part of the
    data.
    """
    first, *rest = heats(80)
    twins = [
        dataclasses.replace(first, excluded="duplicate", output=output) for output in (119.0, 121.0)
    ]
    assert data_tree([*twins, *rest], []).root == data_tree([*twins[::-1], *rest], []).root


def test_every_leaf_opens_and_nothing_else_passes_for_it(tree: DataTree) -> None:
    for index in range(len(tree)):
        salt, record, proof = tree.salt(index), tree.record(index), tree.proof(index)
        require_record(tree.root, len(tree), index, salt, record, proof)
        for wrong in (
            (index ^ 1, salt, record, proof),
            (index, salt[::-1], record, proof),
            (index, salt, record + b"\x00", proof),
        ):
            with pytest.raises(VerificationError) as refused:
                require_record(tree.root, len(tree), *wrong)
            assert refused.value.code == "not-included"


@pytest.mark.parametrize(
    "change",
    [
        "energy",
        "left out",
        "added",
        "excluded",
        "reading",
        "day left out",
        "revision",
        "seed",
        "settings",
    ],
)
def test_any_change_is_another_root(tree: DataTree, change: str) -> None:
    batches, days = plant_heats(), plant_days()
    other: DataTree | None = None
    match change:
        case "energy":
            entry = batches[9].energy[0]
            more = dataclasses.replace(entry, quantity=entry.quantity * (1 + 2**-52))
            batches[9] = dataclasses.replace(batches[9], energy=(more, *batches[9].energy[1:]))
        case "left out":
            del batches[9]
        case "added":
            batches.append(dataclasses.replace(batches[9], batch_id="one more"))
        case "excluded":
            batches[9] = dataclasses.replace(batches[9], excluded="overlap")
        case "reading":
            days[0] = dataclasses.replace(days[0], digest=bytes(32))
        case "day left out":
            del days[0]
        case "revision":
            other = data_tree(batches, days, revision=2)
        case "seed":
            other = data_tree(batches, days, seed=b"t" * 32)
        case "settings":
            other = DataTree(
                dataclasses.replace(tree.contents, settings_digest=b"1" * 32),
                _filed(tree),
                _days(tree),
                KEY,
            )
    assert (other or data_tree(batches, days)).root != tree.root


def _filed(tree: DataTree) -> list[committed_tree.FiledBatch]:
    entries = [records.read(tree.record(index)) for index in range(1, len(tree))]
    return [
        committed_tree.FiledBatch(entry, entry.excluded)
        for entry in entries
        if isinstance(entry, Batch)
    ]


def _days(tree: DataTree) -> list[MeterDay]:
    entries = [records.read(tree.record(index)) for index in range(1, len(tree))]
    return [entry for entry in entries if isinstance(entry, MeterDay)]


def test_a_tree_planted_from_its_records_is_the_same(tree: DataTree) -> None:
    assert DataTree(tree.contents, _filed(tree), _days(tree), KEY).root == tree.root


def test_an_unchanged_revision_shares_no_leaf_and_salts_repeat_nowhere(tree: DataTree) -> None:
    again = data_tree(plant_heats(), plant_days(), revision=2)
    leaves = [
        merkle.leaf_hash(version.salt(index) + version.record(index))
        for version in (tree, again)
        for index in range(len(version))
    ]
    assert len(set(leaves)) == len(leaves)
    assert len({tree.salt(index) for index in range(len(tree))}) == len(tree)


def test_the_size_tells_the_next_power_of_two_and_never_less_than_64() -> None:
    assert [padded(leaves) for leaves in (1, 63, 64, 65, 128, 129, 100_000)] == [
        64,
        64,
        64,
        128,
        128,
        256,
        131_072,
    ]
    assert {len(data_tree(heats(number), [])) for number in (3, 50, 63)} == {64}


def test_a_table_of_other_records_plants_nothing(tree: DataTree) -> None:
    with pytest.raises(ValueError, match="124 records"):
        DataTree(tree.contents, _filed(tree), [], KEY)


def test_a_leaf_that_is_not_there_is_not_opened(tree: DataTree) -> None:
    for index in (-1, len(tree)):
        with pytest.raises(IndexError):
            tree.record(index)


def _table(tree: DataTree, **changes: object) -> bytes:
    fields = decode(tree.record(0))
    assert isinstance(fields, dict)
    return encode({**fields, **changes})  # type: ignore[dict-item]  # what a stranger may write


def test_a_table_with_a_gap_an_overlap_or_another_size_is_refused(tree: DataTree) -> None:
    first, second = (
        {"meter": meter.meter, "first": meter.first, "days": meter.days}
        for meter in tree.contents.meters
    )
    for changes in (
        {"size": 256},
        {"meters": [{**first, "days": 1}, second]},
        {"meters": [second, first]},
        {"meters": [{**first, "first": 120}, second]},
    ):
        with pytest.raises(VerificationError) as refused:
            committed_tree.read_contents(_table(tree, **changes))
        assert refused.value.code == "contents-inconsistent"


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"kind": "batch"},
        {"size": 32},
        {"counted": [{}]},
        {
            "counted": [
                {
                    "step": "eaf",
                    "product": "",
                    "variant": "",
                    "metric": "energy",
                    "years": 1,
                    "cells": [[0, 2**40 + 1]],
                }
            ]
        },
        {"windows": []},
        {"windows": {"eaf": 1}},
        {"key_commitment": b""},
    ],
    ids=str,
)
def test_a_malformed_table_is_refused(tree: DataTree, changes: dict[str, object]) -> None:
    with pytest.raises(VerificationError) as refused:
        committed_tree.read_contents(_table(tree, **changes))
    assert refused.value.code in {"field-malformed", "field-missing", "wire-version-unknown"}


def test_counts_by_grid_point_are_the_ones_of_the_batches_used() -> None:
    """What the auditor of a sample may rely on: in the order of the leaves, grid points fill from
    the lowest.
    """
    data, tree = material(plant_heats()), data_tree(plant_heats(), [])
    step = data.pack.step("eaf")
    rule = step.metrics[0]
    label = next(
        step_label for step_label in data.site_label.steps if step_label.metric == rule.metric
    )
    by_id = {entry.batch_id: entry.at_reference for entry in label.values}
    part = tree.contents.steps[0]
    expected = [point for point, number in tree.contents.counted[0].by_point for _ in range(number)]
    for batch, point in zip(batches_of(tree, part.first, part.used), expected, strict=True):
        value = by_id[batch.batch_id]
        assert value is not None
        assert (
            abs(value - float(rule.grid.lower) - point * float(rule.grid.width))
            <= float(rule.grid.width) * 0.5000001
        )


def test_contents_survive_their_bytes_with_pooled_years_and_negative_energies() -> None:
    batches = [
        dataclasses.replace(
            batch, energy=(*batch.energy, CarrierEnergy("electricity", -1.5, "kWh"))
        )
        for batch in heats(70)
    ]
    tree = data_tree(batches, [])
    pooled: Contents = dataclasses.replace(tree.contents, windows={"eaf": 3})
    assert committed_tree.read_contents(committed_tree.contents_bytes(pooled)) == pooled
