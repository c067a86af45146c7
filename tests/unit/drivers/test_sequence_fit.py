"""The robust regression beneath the drivers gives what statsmodels gives, a second opinion that only this test asks."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.robust import norms
from statsmodels.robust.robust_linear_model import RLM

from benchmarks.labels.columns import Floats
from reporting_agent.analysis import sequence_fit


def rows(rng: np.random.Generator, *, twin: float) -> tuple[Floats, Floats]:
    """Batches of four furnaces, a tenth of them far off; the last column is the one before it but for `twin`."""
    count = 900
    z = rng.normal(size=(count, 3))
    furnace = rng.integers(0, 4, count)
    apart = [(furnace == code).astype(float) for code in (1, 2, 3)]
    x = np.column_stack([np.ones(count), *apart, z, z[:, 2] + twin * rng.normal(size=count)])
    y = 400 + 5 * furnace + z @ np.array([3.0, -2.0, 0.5]) + rng.normal(size=count)
    y[::10] += rng.exponential(60, len(y[::10]))
    return y, x


def asked_elsewhere(y: Floats, x: Floats, *, tukey: bool) -> Floats:
    found = RLM(y, x, M=norms.HuberT(1.345)).fit(conv="coefs", tol=1e-7, maxiter=60).params
    if tukey:
        residual = y - x @ found
        scale = float(np.median(np.abs(residual - np.median(residual)))) / 0.6744897501960817
        fixed = {"start_params": found, "start_scale": scale, "update_scale": False}
        found = RLM(y, x, M=norms.TukeyBiweight(4.685)).fit(**fixed, conv="coefs", tol=1e-7, maxiter=60).params
    return np.asarray(found, dtype=float)


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.SingularMatrixWarning")
@pytest.mark.parametrize(("twin", "tukey"), [(1.0, False), (1.0, True), (1e-4, False), (1e-4, True), (0.0, False)])
def test_an_estimate_is_that_of_statsmodels_also_of_columns_that_hardly_differ_or_do_not(twin: float, tukey: bool) -> None:
    y, x = rows(np.random.default_rng(11), twin=twin)
    own = sequence_fit._m_estimate(y, x, tukey=tukey)
    assert own == pytest.approx(asked_elsewhere(y, x, tukey=tukey), rel=1e-8)


def test_an_estimate_leaves_aside_what_lies_far_off() -> None:
    y, x = rows(np.random.default_rng(12), twin=1.0)
    own = sequence_fit._m_estimate(y, x, tukey=True)
    plain = np.linalg.lstsq(x, y, rcond=None)[0]
    planted = np.array([400, 5, 10, 15, 3.0, -2.0, 0.5, 0.0])
    assert np.abs(own - planted).max() < 0.4 < np.abs(plain - planted).max()
