"""A small plant's data as a tree: an arc furnace of which some heats are excluded, and two
meters.
"""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks import packs
from benchmarks.audit.arrangement import arrange, counted
from benchmarks.audit.committed_tree import Contents, DataTree, padded
from benchmarks.audit.records import DAY_US, MeterDay
from benchmarks.measurements import Batch, OperatingState
from benchmarks.privacy.randomness import SEED_BYTES, ReportKey
from benchmarks.wire.pack_conformity import policy_digest
from tests.unit.agent_send.cast import heats, material

SEED = b"s" * SEED_BYTES
KEY = ReportKey.of(SEED, "works-2", "2016", 1).secret
DAY_ONE_US = 1_451_606_400_000_000  # 2016-01-01T00:00Z


def plant_heats() -> list[Batch]:
    """120 heats: two with a fault that was found at metering, one of them a start-up too, and one
    test of another step.
    """
    first, second, third, *rest = heats(120)
    return [
        dataclasses.replace(first, excluded="overlap"),
        dataclasses.replace(second, state=OperatingState.START_UP),
        dataclasses.replace(third, step="polishing"),  # no step of the pack
        *rest,
    ]


def plant_days() -> list[MeterDay]:
    return [
        MeterDay(meter, "kWh", DAY_ONE_US + day * DAY_US, 24 + day, bytes([day]) * 32)
        for meter in ("eaf-2", "eaf-1")
        for day in (1, 0)
    ]


def data_tree(
    batches: list[Batch], days: list[MeterDay], *, revision: int = 1, seed: bytes = SEED
) -> DataTree:
    """The tree of these data, as the agent plants it."""
    data, key = material(batches), ReportKey.of(seed, "works-2", "2016", revision)
    arranged = arrange(data.site_label, data.batches, data.pack, lambda _batch: True, days)
    step, policy = data.pack.step("eaf"), data.pack.policy
    labels = [
        label
        for label in data.site_label.steps
        if label.variant == "any" and (rule := step.metric(label.metric)) and rule.released
    ]
    table = Contents(
        site="works-2",
        period="2016",
        revision=revision,
        size=padded(arranged.leaves),
        steps=arranged.steps,
        meters=arranged.meters,
        counted=tuple(
            counted(label, step, rule, policy, 1)
            for label in labels
            if (rule := step.metric(label.metric))
        ),
        pack_digest=packs.digest(data.pack),
        policy_digest=policy_digest(policy),
        settings_digest=bytes(32),
        software="steplabel-agent/test",
        key_commitment=key.commitment,
    )
    return DataTree(table, arranged.batches, arranged.days, key.secret)


@pytest.fixture
def tree() -> DataTree:
    return data_tree(plant_heats(), plant_days())
