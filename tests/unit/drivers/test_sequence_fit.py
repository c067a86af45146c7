"""The robust regression beneath the drivers."""

from __future__ import annotations

import numpy as np

from reporting_agent.analysis import sequence_fit


def test_an_estimate_leaves_aside_what_lies_far_off() -> None:
    """Batches of four furnaces, a tenth of them far off."""
    rng = np.random.default_rng(12)
    count = 900
    z = rng.normal(size=(count, 3))
    furnace = rng.integers(0, 4, count)
    x = np.column_stack([np.ones(count), *((furnace == code).astype(float) for code in (1, 2, 3)), z])
    y = 400 + 5 * furnace + z @ np.array([3.0, -2.0, 0.5]) + rng.normal(size=count)
    y[::10] += rng.exponential(60, len(y[::10]))
    own = sequence_fit._m_estimate(y, x, tukey=True)
    plain = np.linalg.lstsq(x, y, rcond=None)[0]
    planted = np.array([400, 5, 10, 15, 3.0, -2.0, 0.5])
    assert np.abs(own - planted).max() < 0.4 < np.abs(plain - planted).max()
