"""A plant that runs an agent of its own making and draws until it is lucky: by edits, by revisions,
by periods, by giving up reports.

It knows its seed, so it can work out every draw whose challenge it has been given. What it wants is
looks: each challenge is one, and among its looks it sends the lowest. The real portal counts the
looks; the real mechanism says what each is worth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from secrets import token_bytes

import numpy as np
import pytest

from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import draw_grid_point, scores
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.released import rank
from benchmarks.wire import commitments
from benchmarks.wire.commitments import ReportCommitment
from portal import keys
from portal.intake import commitments as intake
from portal.problems import RefusedError
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.integration.portal_cast import NOW, PERIOD, Plant, make_cast
from tests.statistical.sectors import PACK, RULE, STEP

pytestmark = pytest.mark.django_db

EDITS = 12
LOOKS_ALLOWED = 1 + PACK.policy.corrections_per_year
HEATS = 670


def looks_granted(plant: Plant, tries: Iterable[tuple[int, int]]) -> tuple[int, set[str]]:
    """Challenges that the portal gives for edits of one year's data under these revisions; and how
    it refuses the others.
    """
    granted, refused = set[str](), set[str]()
    for edit, revision in tries:
        root = hashlib.sha256(f"edit {edit}".encode()).digest()
        raw = commitments.commit(
            ReportCommitment(plant.site.slug, PERIOD, revision, root),
            str(plant.device.pk),
            plant.key,
        )
        try:
            granted.add(intake.take(raw, keys.receipt_key(), NOW, token_bytes).commitment.nonce)
        except RefusedError as refusal:
            refused.add(refusal.code)
    return len(granted), refused


def gain(looks: int, plants: int) -> float:
    """How much lower the least of so many looks is than the first, in kWh/t, on the average of many
    plants.
    """
    gains = []
    for number in range(plants):
        heats = np.random.default_rng(number).normal(RULE.typical, RULE.spread, HEATS)
        points, _ = clamp_to_grid(heats.tolist(), RULE.grid)
        listed = scores(points, RULE.grid.points, rank(STEP.label_rule.quantile, HEATS))
        drawn = [
            draw_grid_point(listed, PACK.policy.epsilon_best, stream_of(number, look))
            for look in range(looks)
        ]
        gains.append(drawn[0] - min(drawn))
    return float(np.mean(gains) * float(RULE.grid.width))


def stream_of(plant: int, look: int, challenge: bytes | None = None) -> KeyedStream:
    challenge_bytes = (
        hashlib.sha256(f"challenge {plant} {look}".encode()).digest()
        if challenge is None
        else challenge
    )
    root = hashlib.sha256(f"root {plant} {look}".encode()).digest()
    return KeyedStream(
        hashlib.sha256(f"seed {plant}".encode()).digest(),
        challenge=challenge_bytes,
        data_root=root,
        name="best",
    )


@pytest.mark.usefixtures("portal_keys")
def test_drawing_again_until_lucky(
    stated: State, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    plants = 1_000 if long else 60
    cast = make_cast(2, "steel")
    every = list(product(range(EDITS), range(1, EDITS + 1)))
    looks, refused = looks_granted(cast.plants[0], every)
    assert looks == LOOKS_ALLOWED
    assert refused == {"commitment-conflict", "corrections-used", "revision-out-of-order"}

    monkeypatch.setattr(intake, "_require_turn", lambda *_: None)
    unbound, _ = looks_granted(cast.plants[1], [(edit, edit + 1) for edit in range(EDITS)])
    assert unbound == EDITS

    allowed, unlimited = gain(LOOKS_ALLOWED, plants), gain(EDITS, plants)
    assert allowed < 0.01 * RULE.typical  # within what a value is uncertain by in any case
    assert unlimited > 2 * allowed

    def energy_text(kwh: float) -> str:
        return f"{kwh:.1f} kWh/t ({kwh / RULE.typical:.1%})"

    stated(
        Row(
            "redraw",
            "drawing again until lucky, with an agent of one's own making",
            "draws keyed by a challenge given once; corrections counted",
            f"{LOOKS_ALLOWED} looks a year",
            f"{looks} looks of {len(every)} tried; lower by {energy_text(allowed)} on the average",
            f"every revision taken: {unbound} looks of {EDITS}; lower by {energy_text(unlimited)}",
        )
    )


def test_before_the_challenge_nothing_is_known_of_the_draw() -> None:
    """Twenty edits looked at beforehand under a guessed challenge: the luckiest is no luckier once
    the real one has come.
    """
    heats = np.random.default_rng(1).normal(RULE.typical, RULE.spread, HEATS)
    points, _ = clamp_to_grid(heats.tolist(), RULE.grid)
    listed = scores(points, RULE.grid.points, rank(STEP.label_rule.quantile, HEATS))

    def drawn(look: int, challenge: bytes) -> int:
        return draw_grid_point(listed, Fraction(3, 4), stream_of(7, look, challenge))

    guessed = [[drawn(look, b"guess %d" % game) for look in range(EDITS)] for game in range(40)]
    chosen = [looks.index(min(looks)) for looks in guessed]
    real = [drawn(look, b"real %d" % game) for game, look in enumerate(chosen)]
    plain = [drawn(0, b"real %d" % game) for game in range(40)]
    noise = float(np.std(plain)) * (2 / 40) ** 0.5
    assert abs(np.mean(real) - np.mean(plain)) < 3 * noise
    # where draws hang on nothing that comes later, what was looked at is what is drawn
    assert np.mean([min(looks) for looks in guessed]) < np.mean(plain) - 3 * noise
