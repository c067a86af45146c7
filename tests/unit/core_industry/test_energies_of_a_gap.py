"""Whether an amount lies in electricity or in fuel, by the boundary of its step and by what was
told apart.
"""

from __future__ import annotations

import pytest

from benchmarks.comparison.energies import (
    Bounds,
    Energies,
    energies_of,
    fuel_within,
    may_take,
    must_report,
)
from benchmarks.declared import Words
from benchmarks.routes import Boundary


def boundary(
    *carriers: str, credited: tuple[str, ...] = (), media: tuple[str, ...] = ()
) -> Boundary:
    return Boundary(
        id="b", words=Words(en="b", zh="界"), carriers=carriers, credited=credited, media=media
    )


@pytest.mark.parametrize(
    ("of_step", "heat", "energies", "fuel"),
    [
        (boundary("electricity"), None, "electricity", (0.0, 0.0)),
        (boundary("coal", "electricity"), None, "either", (0.0, 12.0)),
        (boundary("coal", "electricity"), (8.0, 9.5), "apart", (8.0, 9.5)),
        (boundary("coal", "electricity", credited=("heat",)), (8.0, 9.5), "unknown", None),
        (None, None, "unknown", None),
    ],
)
def test_an_amount_lies_where_the_boundary_lets_it_lie(
    of_step: Boundary | None, heat: Bounds | None, energies: Energies, fuel: Bounds | None
) -> None:
    assert energies_of(of_step, heat) == energies
    assert fuel_within(energies, 12.0, heat) == fuel


def test_media_that_were_made_elsewhere_took_electricity() -> None:
    assert must_report(boundary("coal", media=("oxygen",))) == ("coal", "electricity")
    assert may_take(boundary("electricity")) == ("electricity",)
