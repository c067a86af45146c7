"""How small a change would show: beside the label's own uncertainty where it is larger, in the unit
of the step's output.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np

from benchmarks.catalogue import in_language
from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric
from reporting_agent.changes.smallest_change import SmallestChange, beside, of_lines
from reporting_agent.metering import MeterRecord


def label(
    half: float | None, metric: Metric = Metric.ELECTRICITY, best: float = 100.0
) -> StepLabel:
    """A label of 100, if no other value is given, with that half-width."""
    uncertainty = None if half is None else SimpleNamespace(best=SimpleNamespace(value=half))
    return cast(
        "StepLabel",
        SimpleNamespace(
            step="firing", metric=metric, best=SimpleNamespace(value=best), uncertainty=uncertainty
        ),
    )


def limit(
    energy: float | None, carrier: str = "electricity", step: str = "firing"
) -> SmallestChange:
    return SmallestChange("m", carrier, step, "1000 items", energy, 0.17)


def test_what_would_not_be_seen_stands_beside_a_smaller_uncertainty() -> None:
    assert str(beside(label(1.4), [limit(0.114)])) == (
        "changes below 11.4 % of energy per 1000 items or 17.0 % of output are not seen"
    )
    assert str(beside(label(None), [limit(0.03)])) == (
        "changes below 3.0 % of energy per 1000 items or 17.0 % of output are not seen"
    )


def test_nothing_is_said_where_the_label_is_no_surer_than_that() -> None:
    assert beside(label(18.0), [limit(0.114)]) is None
    assert beside(label(1.4), [limit(0.114, step="drying")]) is None


def test_a_step_that_gives_back_more_than_it_takes_has_a_label_below_zero_that_is_no_surer() -> (
    None
):
    """18 of −100 are 18 %, more than the 17 % that would not be seen; of a label of 0 any
    uncertainty is more.
    """
    assert beside(label(18.0, best=-100.0), [limit(0.114)]) is None
    assert beside(label(1.4, best=-100.0), [limit(0.114)]) is not None
    assert beside(label(1.4, best=0.0), [limit(0.114)]) is None


def test_a_metric_of_one_carrier_is_told_of_by_its_meters_and_another_by_all() -> None:
    of_both = [limit(0.03), limit(0.114, carrier="natural-gas")]
    assert "3.0 %" in str(beside(label(1.4), of_both))
    assert "11.4 %" in str(beside(label(1.4, Metric.TOTAL), of_both))


def test_too_few_runs_show_no_change_at_all() -> None:
    assert str(beside(label(1.4), [limit(None)])).startswith(
        "no change of energy per 1000 items would be seen"
    )


def test_a_meters_own_sentence_names_the_unit() -> None:
    sentence = limit(0.05).sentence
    assert (
        str(sentence)
        == "Meter m: changes below 5.0 % of energy per 1000 items or 17.0 % of output are not seen."
    )
    assert in_language(sentence, "zh").startswith("表计 m：")


def test_a_limit_of_more_than_half_is_none() -> None:
    """An analyst read "less than 167.3 %" as a mistake."""
    assert str(limit(1.673).sentence).startswith(
        "Meter m: no change of energy per 1000 items can be distinguished from this scatter; "
        "changes below 17.0 %"
    )
    both = SmallestChange("m", "electricity", "firing", "t", 3.576, 0.971)
    assert (
        str(beside(label(1.4), [both]))
        == "no change of energy per t or of output can be distinguished from this scatter"
    )
    assert "0.971" not in str(both.sentence)
    assert "97.1" not in str(both.sentence)


def record(name: str, runs_us: list[int]) -> MeterRecord:
    """A meter over [100, 200) us that counts for runs that begin then."""
    meter = SimpleNamespace(id=name, carrier="electricity", step="firing")
    runs = SimpleNamespace(start_us=np.array(runs_us, dtype=np.int64))
    return cast(
        "MeterRecord",
        SimpleNamespace(meter=meter, counted=True, runs=runs, start_us=100, end_us=200),
    )


def test_a_meter_without_a_run_in_the_period_takes_no_sight_from_the_one_that_counts() -> None:
    """The other one of an exchanged meter stood beside 365 of 365 days as "too few runs or days of
    production".
    """
    limits = of_lines(
        (), [record("exchanged", [20, 99]), record("successor", [200, 300]), record("none", [])], {}
    )
    assert limits == ()
    (few,) = of_lines((), [record("few", [99, 100, 199])], {})
    assert (few.meter, few.energy) == ("few", None)
