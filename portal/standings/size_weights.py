"""The weight of each firm by the declared size of its sites (1, 3, 10, 30), by which the gate
judges dominance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.accounts.models import SizeClass

SIZE_WEIGHTS: Mapping[str, float] = {
    SizeClass.SMALL: 1.0,
    SizeClass.MEDIUM: 3.0,
    SizeClass.LARGE: 10.0,
    SizeClass.VERY_LARGE: 30.0,
}
"""Declared weights of the size classes (an assumption of ours, public): about a factor of three a
class.
"""


def weights_of(sites: Iterable[tuple[str, str]]) -> dict[str, float]:
    """The weight of each firm: those of its sites added up.

    Args:
        sites: of each site the controlling firm and the declared size class.
    """
    weights: dict[str, float] = {}
    for firm, size_class in sites:
        weights[firm] = weights.get(firm, 0.0) + SIZE_WEIGHTS[size_class]
    return weights
