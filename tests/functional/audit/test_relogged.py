"""A commitment that was handed in again after a restart of the log is found where it stands now, by
the coordinator's signature alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.audit.draw_and_commitment import commitment_logged, drawn_after_commitment
from benchmarks.audit.evidence import CheckState
from benchmarks.audit.sample_file import ProvenEntry
from benchmarks.wire import challenges, heads, restarts
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import DirectoryKey
from reporting_agent.audit.openings.log_entries import relogged
from tests.functional.audit import plants
from tests.functional.audit.plants import DAY, PORTAL, Reported, examined, public_of
from tests.functional.audit.test_tampering import opened_truly

KEYS = {PORTAL.key_id: PORTAL.public}
COORDINATOR = DirectoryKey.generate()
AT = 1_790_000_000
"""Seconds since 1970, months after the challenge."""


def statement(
    lost_from: int, lost_to: int, signer: DirectoryKey = COORDINATOR, at: int = AT
) -> bytes:
    before, after = (
        heads.issue(size, bytes([size]) * 32, at - 100, PORTAL) for size in (lost_to, lost_from)
    )
    return restarts.issue(
        LogRestartStatement(before, lost_to, after, at, "The disk failed."), signer
    )


def test_the_commitment_is_proven_at_its_new_entry(
    works: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant = opened_truly(works).plant  # whose challenge names the entry that is lost
    was, now = plants.ENTRY, plants.ENTRY + 1
    monkeypatch.setattr(plants, "ENTRY", now)
    draw, promise = plants.drawn_by_auditor(plant)
    opening = opened_truly(works).opening
    public = public_of(plant, promise)
    assert public.inclusion is not None
    entry = ProvenEntry(now, DAY, bytes.fromhex(plant.commitment.digest), public.inclusion)
    lost = examined(plant, draw, promise, opening, public)
    again = examined(plant, draw, promise, opening, replace(public, relogged=entry))
    assert commitment_logged(lost).state is CheckState.FAILED
    finding = commitment_logged(again)
    assert finding.state is CheckState.HELD
    assert f"The challenge names entry {was}, which was lost" in finding.sentence
    assert f"entry {now} of the log" in drawn_after_commitment(again).sentence


@pytest.mark.parametrize(
    ("raw", "excused"),
    [
        (statement(plants.ENTRY - 10, plants.ENTRY + 10), True),
        (statement(plants.ENTRY + 1, plants.ENTRY + 10), False),
        (statement(plants.ENTRY - 10, plants.ENTRY), False),
        (statement(plants.ENTRY - 10, plants.ENTRY + 10, DirectoryKey.generate()), False),
        (
            statement(plants.ENTRY - 10, plants.ENTRY + 10, at=1_700_000_000),
            False,
        ),  # made before the challenge
    ],
    ids=("lost", "kept", "later", "another-signer", "earlier-restart"),
)
def test_only_a_signed_loss_of_that_entry_excuses_it(
    plant: Reported, raw: bytes, excused: bool
) -> None:
    challenge = challenges.parse(plant.challenge)
    entry = ProvenEntry(7, DAY, bytes.fromhex(plant.commitment.digest), ())
    assert relogged(entry, (raw,), COORDINATOR.public.key_id, KEYS, challenge) == (
        entry if excused else None
    )
