"""A joint run's parts are what the meter of its line counted, and no part of a shared meter that
counts beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from reporting_agent.analysis.waste.evidence import Use
from reporting_agent.analysis.waste.use import uses
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.site_flows import of_steps
from tests.unit.meters.conftest import heats, meter, register

Build = Callable[..., SiteSettings]
Label = Callable[[SiteSettings], LabelResult]
DAYS = 30
HOURS = 24 * DAYS
SHARED = meter("pumps", allocation='{ by = "power", power = { eaf = 30, ladle-refining = 10 } }')
METERS = meter("lf", step='"ladle-refining"', accuracy_class=0.5) + meter(
    "f1", step='"eaf"', accuracy_class=0.5
)
JOINT = '[[joint]]\nstep = "ladle-refining"\nratios = { any = 1.0, vacuum-treated = 1.5 }\n'


def ladle(moment: datetime) -> float:
    return 6_000.0 if moment.minute < 50 else 600.0


@pytest.fixture
def site(a_site: Build) -> SiteSettings:
    """Every second hour a run of 60 t and 40 t of two variants; 5,000 kWh a run and 100 kWh between
    two.
    """
    rows = [row.replace(",t,,,", ",t,any,,") for row in heats(HOURS, step="ladle-refining")]
    for number in range(0, HOURS, 2):
        row = rows[number]
        rows[number] = row.replace(",100.0,", ",60.0,")
        rows.append(row.replace(",100.0,", ",40.0,").replace(",any,", ",vacuum-treated,"))
    curves = {"lf": ladle, "f1": lambda _: 30_000.0, "pumps": lambda _: 40.0}
    return a_site(
        METERS + SHARED + JOINT,
        heats(HOURS) + rows,
        {name: register(curve, DAYS, 300) for name, curve in curves.items()},
    )


def test_the_step_used_what_its_meter_counted_and_its_part_of_the_shared_one_once(
    site: SiteSettings, labelled: Label
) -> None:
    raws = [raw for carrier, raw in of_steps(labelled(site).sitewide(site), 0.01)]
    ladles = sorted(raw.quantity for raw in raws if raw.name == "ladle-refining")
    assert ladles == pytest.approx(
        [HOURS * 50 / 60 * 10, HOURS * 5_100], rel=1e-3
    )  # of the pumps 10 kW while it runs


def test_what_no_run_carries_is_what_the_meter_counted_between_them(
    site: SiteSettings, labelled: Label
) -> None:
    assert labelled(site).sitewide(site).accounts["lf"].rest == pytest.approx(HOURS * 100, rel=1e-3)


def test_what_it_was_for_knows_the_joint_runs_too(site: SiteSettings, labelled: Label) -> None:
    (use,) = [use for use in uses(site, labelled(site)) if use.meter == "lf"]
    assert use.parts[Use.VALUE_ADDING] == pytest.approx(HOURS * 5_000, rel=1e-3)
    assert Use.EXCLUDED not in use.parts
