"""Where the marks of the step ladder stand."""

from __future__ import annotations

import pytest

from benchmarks.comparison.estimates import Estimate
from portal.web.charts.ladder import RungPicture, StepRung, ValueMark, draw
from portal.web.words.figures import MINUS

BURNING = StepRung(0.75, Estimate(98.0, 97.0, 99.0), Estimate(103.0))
COOLING = StepRung(0.75, Estimate(-0.9, -1.1, -0.7), Estimate(-0.3))
WHOLE = StepRung(
    1.0, Estimate(76.1, 75.5, 76.7), Estimate(83.2), reached=Estimate(77.9, 77.3, 78.5)
)


def place(text: str) -> float:
    return float(text.removesuffix("%"))


def drawn(*rungs: StepRung) -> tuple[RungPicture, ...]:
    pictures = draw(rungs).rungs
    assert all(picture is not None for picture in pictures)
    return tuple(picture for picture in pictures if picture is not None)


def typical(picture: RungPicture) -> ValueMark:
    assert picture.typical is not None
    return picture.typical


def test_every_best_stands_at_the_same_zero() -> None:
    pictures = drawn(BURNING, COOLING, WHOLE)
    assert len({picture.zero for picture in pictures}) == 1


def test_rungs_are_measured_per_tonne_of_the_routes_product_so_that_they_add_up() -> None:
    burning, cooling = drawn(BURNING, COOLING)
    assert (
        typical(burning).label == "+3.75"
    )  # 0.75 t of clinker a tonne of cement, 5 kgce above the best
    width = place(typical(burning).x) - place(burning.zero)
    other = place(typical(cooling).x) - place(cooling.zero)
    assert other / width == pytest.approx((0.75 * 0.6) / 3.75, abs=0.01)


def test_a_negative_step_is_measured_like_any_other() -> None:
    (cooling,) = drawn(COOLING)
    assert typical(cooling).label == "+0.45"
    assert place(typical(cooling).x) > place(cooling.zero)


def test_what_is_below_the_best_stands_left_of_it_with_the_label_clear_of_the_rail() -> None:
    (picture,) = drawn(StepRung(1.0, Estimate(10.0, 9.9, 10.1), Estimate(9.0, 8.9, 9.1)))
    assert place(typical(picture).x) < place(picture.zero)
    assert place(typical(picture).label_x) >= place(picture.zero)
    assert typical(picture).label == f"{MINUS}1.00"


def test_every_mark_and_band_lies_inside_the_drawing() -> None:
    for picture in drawn(BURNING, COOLING, WHOLE):
        bands = [
            picture.best_band,
            picture.silhouette,
            picture.reached.band if picture.reached else None,
        ]
        for band in bands:
            if band is not None:
                assert place(band.x) >= 0
                assert place(band.x) + place(band.width) <= 100


def test_a_label_with_no_room_to_its_right_stands_over_the_rung() -> None:
    (picture,) = drawn(BURNING)
    assert typical(picture).label_inside
    assert place(picture.zero) < place(typical(picture).label_x) < place(typical(picture).x)


def test_a_step_without_a_value_has_no_drawing_and_does_not_move_the_others() -> None:
    picture = draw([BURNING, StepRung(1.0, None)])
    assert picture.rungs[1] is None
    assert picture.rungs[0] == draw([BURNING]).rungs[0]


def test_bests_alone_are_drawn_on_any_scale() -> None:
    picture = draw([StepRung(1.0, Estimate(5.0))])
    assert picture.rungs[0] is not None
    assert picture.ticks[0].label == "0"


@pytest.mark.parametrize("top", [0.004, 0.7, 3.9, 29.0, 480.0, 13000.0])
def test_ticks_are_round_numbers_and_few(top: float) -> None:
    ticks = draw([StepRung(1.0, Estimate(1.0), Estimate(1.0 + top))]).ticks
    assert 2 <= len(ticks) <= 6
    assert ticks[0].label == "0"
    assert ticks[1].label.lstrip("+").replace(",", "").strip("0.") in {"1", "2", "5"}
    assert all(3.0 <= place(tick.x) <= 92.0 for tick in ticks)


def test_a_rung_without_a_best_has_no_zero_to_measure_from() -> None:
    with pytest.raises(ValueError, match="no zero"):
        StepRung(1.0, None).above(3.0)
