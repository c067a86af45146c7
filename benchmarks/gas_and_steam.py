"""Properties of gas and steam: normal volume, dry share of a humid gas, density, enthalpy, and
which "superheated" steam is water.

*Gas.* Normal state is 0 degC and 101.325 kPa (ISO 13443 calls it normal; GB/T 2589 counts gas in
it). By the law of ideal gases

    V_n = V * (p / 101.325 kPa) * (273.15 K / T),        p absolute, T in kelvin

Compressibility is left out: for fuel gas, air and oxygen up to 1 MPa near room temperature it moves
the result by up to 2.5 % (natural gas; below 0.5 % at 0.1 MPa), and a meter whose computer corrects
for it gives Nm3 already.

*Humidity.* A heating value is of dry gas, and washed gas is saturated: at 60 degC and 101.325 kPa a
fifth of it is water vapour (4.2 % at 30 degC). Dry gas is what its own partial pressure makes of
the volume, p - phi p_s(T) in place of p, with phi the relative humidity and p_s the pressure of
saturation (IAPWS SR1-86(1992), eq. 1; Wagner and Pruss, J. Phys. Chem. Ref. Data 22, 783 (1993)):

    ln(p_s / p_c) = (T_c / T) (a1 t + a2 t^1.5 + a3 t^3 + a4 t^3.5 + a5 t^4 + a6 t^7.5),        t =
    1 - T / T_c

from 0 to 374 degC, of pure water to 0.1 %. Beside another gas at 0.1 MPa the vapour is up to 0.5 %
more, which is left out: 0.1 % of the dry gas at 60 degC. Ten points of relative humidity are 2 % of
it there, 0.4 % at 30 degC.

*Steam.* Enthalpy of water and steam by IAPWS-IF97 (Revised Release R7-97(2012)) from CoolProp's
backend of that formulation. The heat of a step's steam is its enthalpy less that of the water it
was made from (GB/T 2589, working media and heat):

    h_net = h(steam) - r h'(condensate) - (1 - r) h'(feed water),        r the share of the mass
    that comes back

with h' the enthalpy of saturated water at that temperature. Arrays in and out; NaN where the state
is outside the formulation (0.000611 to 100 MPa, to 800 degC) or was NaN.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase

Floats = NDArray[np.float64]

ZERO_CELSIUS_K = 273.15
NORMAL_KPA = 101.325
WET_BELOW_K = 2.0
"""Steam declared superheated and measured this little below saturation is dry saturated steam read
by imperfect sensors.
"""

_FLUID, _TABLES, _LOADING = "IF97::Water", "CoolProp.CoolProp", Lock()
_HIGHEST_K = 1073.15
_LOWEST_KPA, _HIGHEST_KPA = 0.6112127, 100_000.0
_CRITICAL_K, _CRITICAL_KPA = 647.096, 22_064.0
_SATURATION = (
    (-7.85951783, 1),
    (1.84408259, 1.5),
    (-11.7866497, 3),
    (22.6807411, 3.5),
    (-15.9618719, 4),
    (1.80122502, 7.5),
)
"""a1 to a6 of IAPWS SR1-86(1992), each with its power."""


def normal_volume(temperature_k: Floats, pressure_kpa: Floats) -> Floats:
    """Nm3 per m3 of a gas at this temperature and absolute pressure; NaN where either is not above
    0.
    """
    sound = (temperature_k > 0) & (pressure_kpa > 0)
    factor = np.full(np.broadcast(temperature_k, pressure_kpa).shape, np.nan)
    np.divide(pressure_kpa * ZERO_CELSIUS_K, temperature_k * NORMAL_KPA, out=factor, where=sound)
    return factor


def saturation_kpa(temperature_k: Floats) -> Floats:
    """Pressure of water vapour over water; NaN above the critical point. Below 0 degC, where ice
    is, a little more than there is.
    """
    in_range = (temperature_k > 0) & (temperature_k <= _CRITICAL_K)
    kelvin = np.where(in_range, temperature_k, _CRITICAL_K)
    t = 1 - kelvin / _CRITICAL_K
    exponent = sum(a * t**power for a, power in _SATURATION)
    return np.where(in_range, _CRITICAL_KPA * np.exp(_CRITICAL_K / kelvin * exponent), np.nan)


def dry_share(
    temperature_k: Floats, pressure_kpa: Floats, relative_humidity: float = 1.0
) -> Floats:
    """Of a gas's volume, what is no water vapour; NaN where nothing else would be left."""
    share = 1 - relative_humidity * saturation_kpa(temperature_k) / np.where(
        pressure_kpa > 0, pressure_kpa, np.nan
    )
    return np.where(share > 0, share, np.nan)


def superheated(temperature_k: Floats, pressure_kpa: Floats) -> tuple[Floats, Floats]:
    """Enthalpy (kJ/kg) and density (kg/m3) of steam above saturation.

    NaN more than `WET_BELOW_K` below saturation: such a state is water, and the reading is not what
    was declared. Within it, dry saturated.
    """
    temperature_k, pressure_kpa = np.broadcast_arrays(temperature_k, pressure_kpa)
    enthalpy, density = np.full(temperature_k.shape, np.nan), np.full(temperature_k.shape, np.nan)
    in_range = (
        (pressure_kpa >= _LOWEST_KPA)
        & (pressure_kpa <= _HIGHEST_KPA)
        & (temperature_k <= _HIGHEST_K)
        & (temperature_k >= ZERO_CELSIUS_K)
    )
    saturation_k = np.full(temperature_k.shape, -np.inf)
    below_critical = in_range & (pressure_kpa < _CRITICAL_KPA)
    saturation_k[below_critical] = _property("T", "P", pressure_kpa[below_critical] * 1e3, "Q", 1.0)
    vapour = (
        in_range & (temperature_k > saturation_k) & (below_critical | (temperature_k > _CRITICAL_K))
    )
    dry = (
        below_critical
        & (temperature_k <= saturation_k)
        & (temperature_k >= saturation_k - WET_BELOW_K)
    )
    for name, scale, into in (("H", 1e-3, enthalpy), ("D", 1.0, density)):
        into[vapour] = (
            _property(name, "P", pressure_kpa[vapour] * 1e3, "T", temperature_k[vapour]) * scale
        )
        into[dry] = _property(name, "P", pressure_kpa[dry] * 1e3, "Q", 1.0) * scale
    return enthalpy, density


def saturated(variable: Literal["T", "P"], value: Floats, dryness: float) -> tuple[Floats, Floats]:
    """Enthalpy (kJ/kg) and density (kg/m3) of wet steam at a temperature (`T`, K) or absolute
    pressure (`P`, kPa).

    `dryness` is the share of the mass that is vapour; the density is that of the mixture.
    """
    enthalpy, density = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    low, high = (ZERO_CELSIUS_K, _CRITICAL_K) if variable == "T" else (_LOWEST_KPA, _CRITICAL_KPA)
    in_range = (value >= low) & (value < high)
    asked = value[in_range] * (1.0 if variable == "T" else 1e3)
    enthalpy[in_range] = _property("H", variable, asked, "Q", dryness) * 1e-3
    vapour, water = (
        _property("D", variable, asked, "Q", 1.0),
        _property("D", variable, asked, "Q", 0.0),
    )
    density[in_range] = 1.0 / (dryness / vapour + (1.0 - dryness) / water)
    return enthalpy, density


def water_enthalpy(temperature_c: float) -> float:
    """Enthalpy (kJ/kg) of saturated water; of feed water under pressure it is right to 0.1 % of the
    heat of steam.
    """
    return (
        float(_property("H", "T", np.array([temperature_c + ZERO_CELSIUS_K]), "Q", 0.0)[0]) * 1e-3
    )


def _property(name: str, first: str, value: Floats, second: str, other: Floats | float) -> Floats:
    """One property from CoolProp, SI units; NaN where it has none.

    Raises:
        InputError: `steam-tables-not-installed`.
    """
    if not len(value):
        return np.zeros(0)
    with _LOADING:
        tables = sys.modules.get(_TABLES) or _loaded()
    values: Floats = np.asarray(
        tables.PropsSI(
            name, first, value, second, np.broadcast_to(other, value.shape).astype(float), _FLUID
        ),
        dtype=float,
    )
    return np.where(np.isfinite(values), values, np.nan)


def _loaded() -> Any:
    """CoolProp's compiled part without its package, whose import reads every fluid that it knows: 4
    s, and steam needs none of them.
    """
    package = find_spec("CoolProp")
    part = package and PathFinder.find_spec(_TABLES, package.submodule_search_locations)
    if part is None or part.loader is None:
        raise InputError(
            "steam-tables-not-installed",
            "This plant counts steam by its state, but the steam tables are not installed.",
            "Install them: pip install 'steplabel-agent[steam]'.",
            found=Phrase("no CoolProp"),
        )
    tables = sys.modules[_TABLES] = module_from_spec(part)
    part.loader.exec_module(tables)
    return tables
