"""What site.toml says of a meter counts in `watch` as it does in `label`, also while a batch runs
where that can be known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.conversion import Basis
from benchmarks.measurements import Period
from extras.live.running import explaining
from extras.live.running.batch_log import RunningBatch
from extras.live.running.explaining import why_not_known
from extras.live.running.plant import Plant
from extras.live.running.reopening import LateRecount
from extras.live.spool.reading import Reading
from extras.live.spool.writer import Spool
from fixtures.simulator.furnaces import Furnaces, Sent
from reporting_agent import pipeline
from reporting_agent.analysis.energy_costs.prices import Prices, priced
from reporting_agent.config import SiteSettings, load_site

FURNACES = Furnaces(furnaces=1, heats=12)
REGISTER, GAS = "eaf-1-electricity", "eaf-1-gas"
Sending = Callable[[Sequence[Sent]], Iterator[Sent]]


class Works:
    """A furnace whose site.toml and readings were changed, as `watch` and as `label` count its
    batches in kgce.
    """

    def __init__(self, folder: Path, change: Callable[[str], str], sending: Sending) -> None:
        path = FURNACES.fed_by(folder, "")
        path.write_text(change(path.read_text("utf-8")), "utf-8")
        self.site: SiteSettings = load_site(path)
        rows = FURNACES.batches()
        self.plant, self.spool = Plant(self.site, date(2025, 1, 2)), Spool(folder / "spool")
        self.last = RunningBatch(
            "", "eaf", "", "eaf-1", _us(datetime.fromisoformat(rows[-1]["start"]))
        )
        sent = sorted(sending(FURNACES.readings()), key=lambda entry: entry.stamp)
        readings = [
            Reading(entry.meter, _us(entry.stamp), entry.value, received_us=_us(entry.stamp))
            for entry in sent
        ]
        outcome = self.spool.append(readings, [{"table": "batches", **row} for row in rows])
        self.plant.take(outcome.readings, outcome.rows)
        end_us = _us(datetime.fromisoformat(rows[-1]["end"]))
        self.so_far = self.plant.totals.energy(
            self.last.line, np.array([self.last.start_us, end_us])
        )[-1]
        self.plant.settle()
        LateRecount(self.site, folder / "spool").settle(self.plant)

    def watched(self) -> list[float]:
        return [batch.kgce or np.nan for batch in self.plant.log.batches.values()]

    def labelled(self) -> list[float]:
        """NaN where less of a batch's time is known than a label may use: of the declared ratio a
        fall of 1.5 million is no rollover.
        """
        pack, kgce = self.plant.totals.pack, self.site.emissions.factors.kgce
        assert pack is not None
        least = pack.step("eaf").label_rule.least_completeness
        return [
            sum(
                kgce(entry, Basis.CALORIFIC, batch.start.date())
                if entry.completeness >= least
                else np.nan
                for entry in batch.energy
            )
            for batch in pipeline.read(self.site, Period.parse("2025", self.site.zone)).batches
        ]


def _us(stamp: datetime) -> int:
    return round(stamp.timestamp() * 1e6)


def as_it_is(sent: Sequence[Sent]) -> Iterator[Sent]:
    yield from sent


def named(old: str, new: str, since: datetime | None = None) -> Sending:
    def sending(sent: Sequence[Sent]) -> Iterator[Sent]:
        for entry in sent:
            later = since is None or entry.stamp >= since
            yield replace(entry, meter=new) if entry.meter == old and later else entry

    return sending


def also(meter: str, value: Callable[[int], float]) -> Sending:
    """A further meter, by the number of its reading."""

    def sending(sent: Sequence[Sent]) -> Iterator[Sent]:
        yield from sent
        yield from (
            Sent(meter, entry.stamp, value(entry.number), entry.number)
            for entry in sent
            if entry.meter == GAS
        )

    return sending


def ahead(sent: Sequence[Sent]) -> Iterator[Sent]:
    for entry in sent:
        yield (
            replace(entry, stamp=entry.stamp + timedelta(minutes=10))
            if entry.meter == REGISTER
            else entry
        )


def by_interval(sent: Sequence[Sent]) -> Iterator[Sent]:
    """Of a register what each minute took, stamped where it starts."""
    counts = [entry for entry in sent if entry.meter == REGISTER]
    for entry in sent:
        if entry.meter != REGISTER:
            yield entry
        elif entry.number < len(counts) - 1:
            yield replace(entry, value=(counts[entry.number + 1].value - entry.value) % 1_000_000.0)


def put(*pairs: tuple[str, str], more: str = "") -> Callable[[str], str]:
    def change(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return text + more

    return change


_STATE = (
    '\n[[meters]]\nid = "p"\nrole = "state"\nreading = "rate"\nunit = "kPa"\npressure_is = '
    '"gauge"\n'
)
_SECOND = (
    '\n[[meters]]\nid = "new"\nfrom = 2025-01-02\nstep = "eaf"\nequipment = "eaf-1"\ncarrier = '
    '"electricity"\nreading = "register"\n'
    'unit = "kWh"\nrollover = 1000000.0\n'
)
_HEAT = (
    '\n[[meters]]\nid = "h"\nstep = "eaf"\nequipment = "eaf-1"\ncarrier = "heat"\ndirection = '
    '"recovered"\nreading = "register"\n'
    'unit = "GJ"\n'
)
_LHV = (
    '\n[[lhv]]\ncarrier = "natural-gas"\nfrom = 2024-12-01\nvalue = 30.0\nunit = "MJ/Nm3"\nsource '
    '= "measured"\n'
)
_EVENT = (
    '\n[[events]]\nmeter = "eaf-1-electricity"\nfrom = 2024-11-01\nkind = "ratio"\nfactor = '
    '1.5\nreason = "transformer"\n'
)
_OLD_PLACE = 'step = "eaf"\nequipment = "eaf-1"\ncarrier = "electricity"'
_VIRTUAL = (
    '\n[[meters]]\nid = "all"\nstep = "eaf"\nequipment = "eaf-1"\ncarrier = "electricity"\nrole = '
    '"virtual"\nunit = "kWh"\n'
    'formula = { plus = ["eaf-1-electricity"] }\n'
)
_COLD = ('unit = "Nm3/h"', 'unit = "m3/h"\ntemperature_c = 20\npressure_kpa = 121.3')
_MEASURED = ('unit = "Nm3/h"', 'unit = "m3/h"\ntemperature_c = 20\npressure_meter = "p"')
_INTERVAL = (
    'reading = "register"\nunit = "kWh"\nrollover = 1000000.0\n',
    'reading = "interval"\nunit = "kWh"\nstamp = "start"\ninterval_s = 60\n',
)

FOLLOWED = {
    "as it is": (put(), as_it_is),
    "a gas at a constant state": (put(_COLD), as_it_is),
    "a gas at a measured pressure": (put(_MEASURED, more=_STATE), also("p", lambda _: 200.0)),
    "recovered heat": (put(more=_HEAT), also("h", lambda number: number * 0.36)),
    "a heating value of the laboratory": (
        put(('lhv = 35.6\nlhv_source = "measured"\n', ""), more=_LHV),
        as_it_is,
    ),
    "a clock ahead": (
        put(("rollover = 1000000.0", "rollover = 1000000.0\nclock_offset_s = 600")),
        ahead,
    ),
    "intervals stamped at their start": (put(_INTERVAL), by_interval),
    "a meter that took another's place": (
        put(("rollover = 1000000.0", "rollover = 1000000.0\nuntil = 2025-01-02"), more=_SECOND),
        named(REGISTER, "new"),
    ),
    "both registers sent on": (
        put(("rollover = 1000000.0", "rollover = 1000000.0\nuntil = 2025-01-02"), more=_SECOND),
        lambda sent: iter(
            [*sent, *(replace(entry, meter="new") for entry in sent if entry.meter == REGISTER)]
        ),
    ),
}
LATER: dict[str, tuple[Callable[[str], str], Sending, str]] = {
    "a declared ratio": (put(more=_EVENT), as_it_is, "an event"),
    "a shared meter": (
        put(
            (
                _OLD_PLACE,
                (
                    'carrier = "electricity"\nallocation = { by = "shares", shares = { "eaf" = '
                    "0.7, "
                    '"ladle-refining" = 0.3 } }'
                ),
            )
        ),
        as_it_is,
        "shared",
    ),
    "a virtual meter": (
        put((_OLD_PLACE, 'carrier = "electricity"'), more=_VIRTUAL),
        as_it_is,
        "worked out",
    ),
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_a_batch_took_what_the_label_says_and_so_far_nearly_that(tmp_path: Path, case: str) -> None:
    works = Works(tmp_path, *FOLLOWED[case])
    assert works.watched() == pytest.approx(works.labelled(), rel=1e-7)
    assert works.so_far == pytest.approx(
        works.labelled()[-1], rel=0.02
    )  # before cleaning, and without what its edges cut


def test_a_heating_value_holds_from_midnight_at_the_site(tmp_path: Path) -> None:
    """Of batches from 14:00 until 2:00 there, which begin on one day of UTC."""
    gas, zone = (
        ('lhv = 35.6\nlhv_source = "measured"\n', ""),
        ('timezone = "Europe/Berlin"', 'timezone = "Asia/Shanghai"'),
    )
    works = Works(
        tmp_path,
        put(
            gas, zone, more=_LHV + _LHV.replace("2024-12-01", "2025-01-03").replace("30.0", "31.0")
        ),
        as_it_is,
    )
    assert works.watched() == pytest.approx(works.labelled(), rel=1e-7)


@pytest.mark.parametrize("case", LATER)
def test_what_cannot_be_followed_is_unknown_with_its_reason_until_the_batch_ended(
    tmp_path: Path, case: str
) -> None:
    change, sending, why = LATER[case]
    works = Works(tmp_path, change, sending)
    assert works.watched() == pytest.approx(works.labelled(), rel=1e-7, nan_ok=True)
    assert np.isfinite(works.watched()).sum() >= len(works.watched()) - 1
    assert np.isnan(works.so_far)
    assert why in str(why_not_known(works.plant.totals, works.last, works.site.zone))


def test_no_energy_is_taken_across_a_declared_reset(tmp_path: Path) -> None:
    """A register that is read every four minutes began anew a minute before the sixth heat: of its
    first two minutes nothing is known.
    """
    reset = (
        '\n[[events]]\nmeter = "eaf-1-electricity"\nfrom = 2025-01-02T12:01:00\nkind = '
        '"reset"\nreason = "new register"\n'
    )
    works = Works(
        tmp_path,
        put(more=reset),
        lambda sent: (entry for entry in sent if entry.meter != REGISTER or entry.number % 4 == 0),
    )
    assert works.watched() == pytest.approx(works.labelled(), rel=1e-7, nan_ok=True)
    assert np.flatnonzero(np.isnan(works.watched())).tolist() == [5]


def test_a_declared_ratio_of_outputs_is_put_to_each_row(tmp_path: Path) -> None:
    more = _EVENT.replace('meter = "eaf-1-electricity"', 'step = "eaf"')
    outputs = [
        batch.output for batch in Works(tmp_path, *FOLLOWED["as it is"]).plant.log.batches.values()
    ]
    (tmp_path / "declared").mkdir()
    declared = Works(tmp_path / "declared", put(more=more), as_it_is).plant.log.batches.values()
    assert [batch.output for batch in declared] == pytest.approx(
        [1.5 * (tonnes or 0.0) for tonnes in outputs]
    )


def test_a_row_that_ends_before_it_starts_has_no_energy(tmp_path: Path) -> None:
    works = Works(tmp_path, *FOLLOWED["as it is"])
    batch = works.plant.log.batches["eaf", "H1-0005"]
    batch.end_us = batch.start_us - 300_000_000
    LateRecount(works.site, tmp_path / "spool").settle(works.plant)
    works.plant.awaited.settling[batch.key] = batch
    LateRecount(works.site, tmp_path / "spool").settle(works.plant)
    assert batch.kgce is None


_TARIFF = (
    '\n[tariff]\ncurrency = "EUR"\n\n[[tariff.prices]]\ncarrier = "natural-gas"\nunit = '
    '"{unit}"\nprice = {price}\n'
)


@pytest.mark.parametrize(("unit", "price"), [("Nm3", "0.5"), ("GJ", "14.0")])
def test_a_gas_at_its_state_is_paid_as_the_label_pays_it(
    tmp_path: Path, unit: str, price: str
) -> None:
    """By volume at the standard state, or by its heat: what `label` says that all batches' gas
    cost.
    """
    works = Works(tmp_path, put(_COLD, more=_TARIFF.format(unit=unit, price=price)), as_it_is)
    data = pipeline.read(works.site, Period.parse("2025", works.site.zone))
    prices = Prices.of(works.site, data.batches[0].start, data.batches[-1].start)
    assert prices is not None
    (of_gas,) = priced(prices, data.batches, carriers={"natural-gas"})
    gas = works.plant.totals.by_meter[GAS]
    assert gas.counted is not None
    paid = explaining.price(works.site, gas, works.plant.totals.now_us)
    assert paid is not None
    volume_m3 = of_gas.amount.sum() / (1.0 if unit == "Nm3" else 0.0356) / gas.of_counted
    assert paid * volume_m3 == pytest.approx(of_gas.cost.sum(), rel=1e-9)
    assert gas.of_counted == pytest.approx(121.3 / 101.325 * 273.15 / 293.15, rel=1e-6)
