"""Gas brought to normal state and steam turned into heat, from readings to the label, with the sum
closing to the last digit.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from benchmarks import gas_and_steam
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import LabelResult, read
from tests.unit.meters.conftest import heats, meter, rate, register

Label = Callable[[SiteSettings], LabelResult]
Build = Callable[..., SiteSettings]

GAS = "natural-gas"


def record(result: LabelResult, name: str) -> MeterRecord:
    return next(entry for entry in result.data.meters if entry.meter.id == name)


def state(name: str, unit: str, **keys: Any) -> str:
    return meter(name, "rate", unit, carrier="None", role='"state"', **keys)


def gas_site(a_site: Build, pressure_kpa: Callable[[datetime], float], **keys: Any) -> SiteSettings:
    toml = meter(
        "gas",
        carrier=f'"{GAS}"',
        unit="m3",
        step='"eaf"',
        temperature_meter='"t"',
        pressure_meter='"p"',
        **keys,
    )
    toml += state("t", "°C") + state("p", "kPa", pressure_is='"gauge"', atmosphere_kpa=100.0)
    readings = {
        "gas": register(lambda _: 600.0, 4),
        "t": rate(lambda _: 20.0, 4, 300),
        "p": rate(pressure_kpa, 4, 300),
    }
    return a_site(toml, heats(48), readings)


def test_a_volume_becomes_normal_cubic_metres_by_the_state_beside_it(
    a_site: Build, labelled: Label
) -> None:
    result = labelled(gas_site(a_site, lambda _: 21.325))
    entry = result.data.batches[3].energy[0]
    assert (entry.carrier, entry.unit) == (GAS, "Nm3")
    assert entry.quantity == pytest.approx(500 * 121.325 / 101.325 * 273.15 / 293.15, rel=1e-7)
    gas = record(result, "gas")
    assert gas.unit == "Nm3"
    assert gas.per_reading == pytest.approx(1.1156937, rel=1e-6)


def test_batches_outside_and_unplaced_add_up_to_the_meter_in_normal_cubic_metres(
    a_site: Build, labelled: Label
) -> None:
    result = labelled(gas_site(a_site, lambda moment: 20.0 + moment.hour))
    gas = record(result, "gas")
    assert gas.total == gas.in_batches + gas.outside + gas.unplaced
    assert float(gas.hour_energy.sum()) == gas.total - gas.unplaced
    in_batches = sum(energy.quantity for batch in result.data.batches for energy in batch.energy)
    assert in_batches == gas.in_batches
    later, sooner = (
        result.data.batches[20].energy[0].quantity,
        result.data.batches[2].energy[0].quantity,
    )
    assert later / sooner == pytest.approx((100 + 20 + 20.4) / (100 + 20 + 2.4), rel=0.005)


def test_where_the_pressure_is_not_read_the_gas_is_not_known(
    a_site: Build, labelled: Label
) -> None:
    site = gas_site(a_site, lambda _: 21.325)
    path = site.folder / "readings.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    remaining = [
        line for line in lines if not (line.startswith("p,") and "2024-03-01T0" in line)
    ]  # ten hours of the first day
    path.write_text("\n".join(remaining) + "\n", encoding="utf-8")
    result = labelled(site)
    assert result.data.batches[3].energy[0].completeness == 0.0
    assert result.data.batches[12].energy[0].completeness == 1.0
    unknown_state = next(finding for finding in result.findings if finding.code == "state-unknown")
    assert "10.0 h" in unknown_state.sentence


def test_superheated_steam_counts_by_enthalpy_less_feed_water(
    a_site: Build, labelled: Label
) -> None:
    steam = '{ state = "superheated", feed_water_c = 104 }'
    toml = meter(
        "steam",
        "rate",
        "t/h",
        carrier='"steam"',
        step='"eaf"',
        temperature_meter='"t"',
        pressure_kpa=1000,
        steam=steam,
    )
    toml += state("t", "K")
    result = labelled(
        a_site(toml, heats(24), {"steam": rate(lambda _: 6.0, 2), "t": rate(lambda _: 523.15, 2)})
    )
    entry = result.data.batches[3].energy[0]
    # steam tables: h(1 MPa, 250 degC) = 2943.1 kJ/kg, h'(104 degC) = 436.0 kJ/kg; 5 t in 50 minutes
    assert entry.unit == "MJ"
    assert entry.quantity == pytest.approx(5 * (2943.1 - 436.0), rel=1e-4)


def test_a_steam_that_is_measured_as_water_counts_nowhere(a_site: Build, labelled: Label) -> None:
    steam = '{ state = "superheated", feed_water_c = 104 }'
    toml = meter(
        "steam",
        "rate",
        "t/h",
        carrier='"steam"',
        step='"eaf"',
        temperature_c=150,
        pressure_kpa=1000,
        steam=steam,
    )
    result = labelled(a_site(toml, heats(24), {"steam": rate(lambda _: 6.0, 2)}))
    assert result.data.batches[3].energy[0].completeness == 0.0
    assert "state-unknown" in {finding.code for finding in result.findings}


def test_saturated_steam_by_volume_takes_its_density_and_dryness(
    a_site: Build, labelled: Label
) -> None:
    steam = (
        '{ state = "saturated", dryness = 0.95, feed_water_c = 20, condensate_returned = 0.6, '
        "condensate_c = 80 }"
    )
    toml = meter(
        "steam", "rate", "m3/h", carrier='"steam"', step='"eaf"', pressure_meter='"p"', steam=steam
    )
    toml += state("p", "MPa", pressure_is='"absolute"')
    result = labelled(
        a_site(toml, heats(24), {"steam": rate(lambda _: 600.0, 2), "p": rate(lambda _: 0.8, 2)})
    )
    enthalpy, density = gas_and_steam.saturated("P", np.array([800.0]), 0.95)
    water = 0.6 * gas_and_steam.water_enthalpy(80) + 0.4 * gas_and_steam.water_enthalpy(20)
    wanted = 500 * density[0] * (enthalpy[0] - water) / 1000
    assert result.data.batches[3].energy[0].quantity == pytest.approx(wanted, rel=1e-6)


def test_a_virtual_meter_of_gas_adds_what_is_already_at_normal_state(
    a_site: Build, labelled: Label
) -> None:
    toml = meter("a", carrier=f'"{GAS}"', unit="m3", temperature_c=20, pressure_kpa=121.325)
    toml += meter("b", carrier=f'"{GAS}"', unit="kNm3", parent='"a"')
    toml += f'\n[[meters]]\nid = "rest"\nstep = "eaf"\ncarrier = "{GAS}"\nunit = "Nm3"\nrole = "virtual"\n'
    toml += 'formula = { plus = ["a"], minus = ["b"] }\n'
    result = labelled(
        a_site(
            toml, heats(48), {"a": register(lambda _: 600.0, 3), "b": register(lambda _: 0.12, 3)}
        )
    )
    assert result.data.batches[5].energy[0].quantity == pytest.approx(
        500 * 1.1156937 - 100, rel=1e-5
    )
    rest = record(result, "rest")
    assert rest.total == rest.in_batches + rest.outside + rest.unplaced


def test_an_orifice_that_computes_with_one_state_is_put_right_by_the_root_of_the_density(
    a_site: Build, labelled: Label
) -> None:
    # computed at 20 degC and 400 kPa, flowing at 20 degC and 100 kPa: twice as much is read as
    # flows
    design = "{ temperature_c = 20, pressure_kpa = 400 }"
    toml = meter(
        "gas",
        "rate",
        "Nm3/h",
        carrier=f'"{GAS}"',
        step='"eaf"',
        temperature_c=20,
        pressure_kpa=100,
        computed_at=design,
    )
    result = labelled(a_site(toml, heats(24), {"gas": rate(lambda _: 600.0, 2)}))
    assert result.data.batches[3].energy[0].quantity == pytest.approx(250, rel=1e-6)


def test_an_orifice_for_steam_is_put_right_likewise(a_site: Build, labelled: Label) -> None:
    keys = {"pressure_kpa": 800, "computed_at": "{ temperature_c = 175, pressure_kpa = 800 }"}
    steam = '{ state = "saturated", feed_water_c = 104 }'

    def read_at(pressure_kpa: float) -> float:
        meter_keys = keys | {"pressure_kpa": pressure_kpa}
        toml = meter(
            "steam", "rate", "t/h", carrier='"steam"', step='"eaf"', steam=steam, **meter_keys
        )
        return (
            labelled(a_site(toml, heats(24), {"steam": rate(lambda _: 6.0, 2)}))
            .data.batches[3]
            .energy[0]
            .quantity
        )

    (h_low, d_low), (h_design, d_design) = (
        gas_and_steam.saturated("P", np.array([kpa]), 1.0) for kpa in (600.0, 800.0)
    )
    water = gas_and_steam.water_enthalpy(104)
    assert read_at(800) == pytest.approx(5 * (h_design[0] - water), rel=1e-6)
    assert read_at(600) == pytest.approx(
        5 * (h_low[0] - water) * (d_low[0] / d_design[0]) ** 0.5, rel=1e-6
    )


def test_the_classes_of_temperature_and_pressure_enter_the_uncertainty(
    a_site: Build, labelled: Label
) -> None:
    def expanded(**of_pressure: Any) -> float:
        toml = meter(
            "gas",
            "rate",
            "m3/h",
            carrier=f'"{GAS}"',
            step='"eaf"',
            temperature_c=0,
            pressure_meter='"p"',
            accuracy_class=1.0,
        )
        toml += state("p", "kPa", pressure_is='"absolute"', range="[0.0, 400.0]", **of_pressure)
        result = labelled(
            a_site(
                toml, heats(24), {"gas": rate(lambda _: 600.0, 2), "p": rate(lambda _: 200.0, 2)}
            )
        )
        uncertainty = result.data.batches[3].energy[0].relative_systematic
        assert uncertainty is not None
        return uncertainty

    assert expanded() == pytest.approx(2 * 0.01 / 3**0.5, rel=1e-6)
    # half a percent of 400 kPa is 1 % of 200
    assert expanded(accuracy_class=0.5, accuracy_of='"range"') == pytest.approx(
        2 * (2 * 0.01**2 / 3) ** 0.5, rel=1e-4
    )


def test_without_a_period_nothing_is_said_to_be_missing(a_site: Build) -> None:
    site = gas_site(a_site, lambda _: 21.325)
    loaded = read(site)
    assert loaded.batches[3].energy[0].completeness == 1.0
    assert "state-unknown" not in {finding.code for finding in loaded.findings}
    assert loaded.meters[0].total == loaded.meters[0].in_batches + loaded.meters[0].outside
