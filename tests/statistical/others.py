"""The private quantiles that two libraries offer ready made, as exact laws on the plants of these
checks.

diffprivlib: `tools.quantile`, the exponential mechanism over the gaps between sorted records, then
a uniform number in the gap (Smith 2011). opendp: `make_private_quantile`, permute-and-flip over
candidates, here the points of the same grid. Both libraries draw one value at a time, and errors of
small plants are decided by rare draws, so their laws are written out: diffprivlib's from its
definition, opendp's from its own scores and its own statement of what they cost. `sampler` holds
both against draws.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.privacy.mechanism import exact_law
from benchmarks.released import Grid

Values = NDArray[np.float64]


def diffprivlib_law(
    values: Values, bounds: tuple[float, float], quantile: Fraction, epsilon: Fraction
) -> tuple[Values, Values]:
    """The ends of the gaps, ascending, and the probability of each gap."""
    ends = np.concatenate(([bounds[0]], np.sort(np.clip(values, *bounds)), [bounds[1]]))
    utility = -np.abs(np.arange(len(values) + 1) - float(quantile) * len(values))
    weight = np.diff(ends) * np.exp(float(epsilon) / 2 * (utility - utility.max()))
    return ends, weight / weight.sum()


def diffprivlib_square_error(
    values: Values, bounds: tuple[float, float], quantile: Fraction, epsilon: Fraction, exact: float
) -> float:
    """Mean of (drawn - exact) squared: of a uniform number between a and b it is ((b - e)^3 - (a -
    e)^3) / (3 (b - a)).
    """
    ends, law = diffprivlib_law(values, bounds, quantile, epsilon)
    low, high = ends[:-1] - exact, ends[1:] - exact
    return float(law @ (low * low + low * high + high * high)) / 3


def diffprivlib_draws(
    values: Values, bounds: tuple[float, float], quantile: Fraction, epsilon: Fraction, draws: int
) -> list[float]:
    """The library's own draws, from the operating system's chance."""
    from diffprivlib.tools import quantile as ready_made

    return [
        float(ready_made(values, float(quantile), epsilon=float(epsilon), bounds=bounds))
        for _ in range(draws)
    ]


def opendp_law(
    points: list[int], grid: Grid, quantile: Fraction, epsilon: Fraction, *, size_is_public: bool
) -> Values:
    """Probability of every grid point when a replaced record may cost epsilon.

    Replacing one record is a symmetric distance of 2. Where the number of records is public
    opendp's scores move half as far; a record added or removed is then not protected at all.
    """
    select, scores, one_record = _opendp(points, grid, quantile, size_is_public=size_is_public)
    scale = select(1.0).map(2) / float(epsilon)
    return exact_law((-2 * scores / (one_record * scale)).tolist(), Fraction(1))


def opendp_draws(
    points: list[int],
    grid: Grid,
    quantile: Fraction,
    epsilon: Fraction,
    draws: int,
    *,
    size_is_public: bool,
) -> list[int]:
    """The library's own draws; its chance is the operating system's, so they are others on every
    run.
    """
    select, _, _ = _opendp(points, grid, quantile, size_is_public=size_is_public)
    measurement = select(select(1.0).map(2) / float(epsilon))
    return [int(measurement(points)) for _ in range(draws)]


def opendp_selects(point_scores: list[int], epsilon: Fraction, draws: int) -> list[int]:
    """A second opinion on permute-and-flip: opendp's own, on our scores, at the scale that it says
    costs epsilon.
    """
    dp = _library()
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.linf_distance(T=int)
    scale = 2 / float(epsilon)
    measurement = dp.m.make_noisy_max(*space, dp.max_divergence(), scale=scale)
    if measurement.map(1) > float(epsilon) * (1 + 1e-12):  # it rounds up
        raise ArithmeticError(
            f"opendp says that scores of sensitivity 1 at scale {scale} cost "
            f"{measurement.map(1)}, not {epsilon}"
        )
    return [int(measurement(point_scores)) for _ in range(draws)]


def _opendp(
    points: list[int], grid: Grid, quantile: Fraction, *, size_is_public: bool
) -> tuple[Any, Values, float]:
    """The measurement by scale, the scores (less is better), and by how much a score moves with a
    record in its own units.
    """
    dp = _library()
    domain = dp.vector_domain(dp.atom_domain(T=int), size=len(points) if size_is_public else None)
    metric, candidates = dp.symmetric_distance(), list(range(grid.points))
    scored = np.array(
        dp.t.make_quantile_score_candidates(domain, metric, candidates, float(quantile))(points),
        dtype=float,
    )
    # with no record below it and all above, a candidate is quantile * n records off
    nothing = dp.t.make_quantile_score_candidates(domain, metric, candidates, float(quantile))(
        [grid.points - 1] * len(points)
    )[0]
    one_record = nothing / (float(quantile) * len(points))

    def select(scale: float) -> Any:
        return dp.m.make_private_quantile(
            domain, metric, dp.max_divergence(), candidates, float(quantile), scale
        )

    return select, scored, one_record


def _library() -> Any:
    import opendp.prelude as dp  # 264 MB: only where it is asked

    dp.enable_features("contrib")
    return dp
