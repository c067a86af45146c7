"""The robust regression beneath the drivers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.robust import norms
from statsmodels.robust.robust_linear_model import RLM

from reporting_agent.analysis.drivers import sequence_fit

Batches = tuple[NDArray[np.float64], NDArray[np.float64]]


@pytest.fixture(params=range(12, 16))
def batches(request: pytest.FixtureRequest) -> Batches:
    """Of four furnaces, a tenth of them far off: what each took, and what moved it."""
    rng = np.random.default_rng(request.param)
    count = 900
    z = rng.normal(size=(count, 3))
    furnace = rng.integers(0, 4, count)
    x = np.column_stack(
        [np.ones(count), *((furnace == code).astype(float) for code in (1, 2, 3)), z]
    )
    y = 400 + 5 * furnace + z @ np.array([3.0, -2.0, 0.5]) + rng.normal(size=count)
    y[::10] += rng.exponential(60, len(y[::10]))
    return y, x


def test_an_estimate_leaves_aside_what_lies_far_off(batches: Batches) -> None:
    y, x = batches
    own = sequence_fit.m_estimate(y, x, tukey=True)
    plain = np.linalg.lstsq(x, y, rcond=None)[0]
    planted = np.array([400, 5, 10, 15, 3.0, -2.0, 0.5])
    assert np.abs(own - planted).max() < 0.5 < np.abs(plain - planted).max()


def test_an_estimate_is_that_of_statsmodels(batches: Batches) -> None:
    y, x = batches
    asked: dict[str, Any] = {
        "conv": "coefs",
        "tol": sequence_fit.MOVED,
        "maxiter": sequence_fit.MOST_STEPS,
    }
    huber = RLM(y, x, M=norms.HuberT(sequence_fit.HUBER_C)).fit(**asked).params
    np.testing.assert_allclose(sequence_fit.m_estimate(y, x, tukey=False), huber, rtol=1e-9)
    fixed = {
        "start_params": huber,
        "start_scale": sequence_fit.mad(y - x @ huber),
        "update_scale": False,
    }
    biweight = RLM(y, x, M=norms.TukeyBiweight(sequence_fit.TUKEY_C)).fit(**asked, **fixed).params
    np.testing.assert_allclose(sequence_fit.m_estimate(y, x, tukey=True), biweight, rtol=1e-9)
