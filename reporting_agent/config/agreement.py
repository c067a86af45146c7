"""What must hold between tables of site.toml: gas and steam states, shared meters, the site's
boundary, possible heating values.

Each refusal names the key. What only the method pack can tell (whether a step is there) is refused
where the pack is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, enumerated
from benchmarks.quantities import spelled
from reporting_agent.config.meters import Meter
from reporting_agent.config.site_boundary import Conversion
from reporting_agent.config.tree import PRESSURE_UNITS, TEMPERATURE_UNITS, MeterTree

if TYPE_CHECKING:
    from benchmarks.conversion import FactorTable
    from reporting_agent.config.site import SiteSettings

ACTUAL_VOLUME = frozenset({"m3", "km3"})
NORMAL_VOLUME = frozenset({"Nm3", "kNm3", "wan_Nm3"})
MASS = frozenset({"kg", "t", "g"})


def amount_unit(meter: Meter) -> str:
    """The unit of what the meter adds up, without the time of a rate: m3 for m3/h."""
    upper, slash, _ = spelled(meter.unit).rpartition("/")
    return upper if slash and meter.reading == "rate" else spelled(meter.unit)


def refuse_disagreement(site: SiteSettings) -> MeterTree:
    """The site's checked tree of meters.

    Raises:
        InputError: `meter-tree-invalid`, `carrier-unknown`, `site-invalid`; each with the key.
    """
    for meter in site.meters:
        if meter.role == "state":
            _refuse_state(site, meter)
        else:
            _refuse_carrier(site, meter)
    tree = MeterTree(site.meters, site.path)
    for meter in site.meters:
        _refuse_companions(site, meter, tree)
        _refuse_sinks(site, meter)
    _refuse_boundary(site, tree)
    _refuse_events(site)
    return tree


def _refuse_events(site: SiteSettings) -> None:
    """Events name meters and equipment that are declared, and end after they begin, of which one
    may have an offset and the other be of the site's clock; meters that were swapped measure the
    same."""
    meters, equipment = (
        {meter.id: meter for meter in site.meters},
        {machine.id for machine in site.equipment},
    )
    for index, event in enumerate(site.events):
        key = f"events.{index}"
        if (end := event.ends(site.zone)) is not None and end <= event.begins(site.zone):
            raise _wrong(
                site,
                f"{key}.until",
                str(event.until),
                Phrase("a moment later than from = %(start)s", start=event.start),
            )
        for name, wanted in (("meter", event.meter), ("with", event.other)):
            if wanted is not None and (wanted not in meters or meters[wanted].computed):
                meter_ids = sorted(meter.id for meter in site.meters if not meter.computed)
                with_readings = Phrase(
                    "the id of a meter with readings (%(meters)s)",
                    meters=enumerated(meter_ids or [Phrase("none")]),
                )
                raise _wrong(site, f"{key}.{name}", repr(wanted), with_readings)
        if event.equipment is not None and equipment and event.equipment not in equipment:
            under_equipment = Phrase(
                "an id under [[equipment]] (%(equipment)s)", equipment=enumerated(sorted(equipment))
            )
            raise _wrong(site, f"{key}.equipment", repr(event.equipment), under_equipment)
        if event.carrier is not None and event.carrier not in CARRIERS:
            raise _wrong(site, f"{key}.carrier", repr(event.carrier), ", ".join(CARRIERS))
        if event.meter is not None and event.other is not None:
            first, other = meters[event.meter], meters[event.other]
            measure, wanted = (
                f"{meter.carrier}, {meter.reading}, {meter.unit}" for meter in (other, first)
            )
            if measure != wanted:
                raise _wrong(
                    site, f"{key}.with", measure, Phrase("a meter of %(measure)s", measure=wanted)
                )


def _wrong(site: SiteSettings, key: str, found: str, wanted: str) -> InputError:
    return InputError(
        "site-invalid",
        "The site file contradicts itself.",
        "Correct the key named; docs/agent.md describes every key.",
        place=Place(str(site.path), column=key),
        found=found,
        wanted=wanted,
    )


def _refuse_carrier(site: SiteSettings, meter: Meter) -> None:
    if meter.carrier not in CARRIERS:
        raise InputError(
            "carrier-unknown",
            Phrase("Meter %(meter_id)s measures an unknown carrier.", meter_id=meter.id),
            "Use one of the carrier ids.",
            place=Place(str(site.path), column=f"meters.{meter.id}.carrier"),
            found=repr(meter.carrier),
            wanted=", ".join(CARRIERS),
        )


def _refuse_state(site: SiteSettings, meter: Meter) -> None:
    """A temperature or a pressure, read as a value at each stamp."""
    key = f"meters.{meter.id}"
    if meter.reading != "rate":
        raise _wrong(
            site,
            f"{key}.reading",
            meter.reading,
            Phrase("rate: a temperature or pressure is a value at the stamp"),
        )
    if meter.unit in PRESSURE_UNITS:
        if meter.pressure_is is None:
            raise _wrong(
                site,
                f"{key}.pressure_is",
                Phrase("nothing"),
                Phrase("absolute or gauge: the two differ by the atmosphere"),
            )
    elif meter.unit not in TEMPERATURE_UNITS:
        wanted = Phrase(
            "a temperature or pressure: %(units)s",
            units=enumerated([*TEMPERATURE_UNITS, *PRESSURE_UNITS]),
        )
        raise _wrong(site, f"{key}.unit", repr(meter.unit), wanted)
    if meter.step or meter.parent or meter.allocation:
        raise _wrong(
            site,
            key,
            Phrase("step, parent or allocation"),
            Phrase("none: a meter of temperature or pressure measures no energy"),
        )


def _refuse_companions(site: SiteSettings, meter: Meter, tree: MeterTree) -> None:
    key = f"meters.{meter.id}"
    for name, companion, units in (
        ("temperature_meter", meter.temperature_meter, TEMPERATURE_UNITS),
        ("pressure_meter", meter.pressure_meter, PRESSURE_UNITS),
    ):
        if companion is None:
            continue
        other = tree.by_id.get(companion)
        if other is None or other.role != "state" or other.unit not in units:
            wanted = Phrase("a meter of role = 'state' in %(units)s", units=enumerated(units))
            raise _wrong(site, f"{key}.{name}", repr(companion), wanted)
    temperature = meter.temperature_meter is not None or meter.temperature_c is not None
    pressure = meter.pressure_meter is not None or meter.pressure_kpa is not None
    if meter.computed or meter.role == "state":
        if (
            temperature
            or pressure
            or meter.steam is not None
            or meter.relative_humidity_pct is not None
        ):
            wanted = Phrase("none: only a meter with readings of gas or steam has a state")
            raise _wrong(site, key, Phrase("temperature, pressure or steam"), wanted)
        return
    unit = amount_unit(meter)
    if meter.steam is not None:
        if meter.relative_humidity_pct is not None:
            wanted = Phrase("none of steam: steam has a dryness")
            raise _wrong(
                site, f"{key}.relative_humidity_pct", f"{meter.relative_humidity_pct:g}", wanted
            )
        _refuse_steam(site, meter, unit, temperature, pressure)
    elif CARRIERS[meter.carrier].unit == "Nm3" and (
        unit in ACTUAL_VOLUME or (meter.computed_at is not None and unit in NORMAL_VOLUME)
    ):
        if meter.computed_at is not None and unit in ACTUAL_VOLUME:
            raise _wrong(
                site,
                f"{key}.computed_at",
                meter.unit,
                Phrase("Nm3: a volume as it flows is computed with no state"),
            )
        if not (temperature and pressure):
            raise _wrong(
                site,
                f"{key}.{'pressure' if temperature else 'temperature'}_meter",
                Phrase("nothing"),
                Phrase(
                    "temperature and pressure, by meter or as a constant: %(unit)s of a gas "
                    "becomes Nm3 only by its state",
                    unit=unit,
                ),
            )
    elif (
        temperature
        or pressure
        or meter.computed_at is not None
        or meter.relative_humidity_pct is not None
    ):
        wanted = Phrase(
            "a state, and a humidity with it, goes with a gas in m3 (in Nm3 with computed_at), a "
            "state with steam in kg, t or m3"
        )
        raise _wrong(site, key, Phrase("a state beside %(unit)s", unit=meter.unit), wanted)


def refuse_impossible_heat(site: SiteSettings, table: FactorTable) -> None:
    """Refuse a heating value of the site that its carrier cannot hold, by the table of the pack.

    Raises:
        InputError: `site-invalid`, with the key.
    """
    stated = [
        *(
            (
                f"lhv.{index}.value",
                heating_value.carrier,
                heating_value.mj_per(CARRIERS[heating_value.carrier].unit),
                "",
            )
            for index, heating_value in enumerate(site.lhv)
        ),
        *(
            (f"meters.{meter.id}.lhv", meter.carrier, meter.lhv, amount_unit(meter))
            for meter in site.meters
            if meter.role != "state"
        ),
        *(
            (f"site_boundary.{key}.{flow.carrier}.lhv", flow.carrier, flow.lhv, flow.unit or "")
            for key, flow in (site.site_boundary.flows if site.site_boundary else ())
            if flow.meter is None
        ),
    ]
    for key, carrier, lhv, unit in stated:
        per = unit or CARRIERS[carrier].unit
        if lhv is not None and (wanted := table.impossible(carrier, lhv, per)) is not None:
            if not key.startswith("site_boundary."):
                raise _wrong(site, key, f"{lhv:g} MJ/{per}", wanted)
            raise InputError(
                "site-invalid",
                "The heating value of a flow in [site_boundary] is impossible for its carrier.",
                (
                    "Correct the entry named. The lhv of a flow is in MJ per unit of the flow: "
                    "for a flow in t, 28.4 MJ/kg is lhv = 28400."
                ),
                place=Place(str(site.path), column=key),
                found=f"{lhv:g} MJ/{per}",
                wanted=wanted,
            )


def _refuse_steam(
    site: SiteSettings, meter: Meter, unit: str, temperature: bool, pressure: bool
) -> None:
    key = f"meters.{meter.id}"
    if meter.carrier != "steam" or unit not in MASS | ACTUAL_VOLUME:
        actual = Phrase("%(carrier)s in %(unit)s", carrier=meter.carrier, unit=meter.unit)
        raise _wrong(
            site,
            f"{key}.steam",
            actual,
            Phrase("steam in kg, t or m3; an amount in GJ needs no state"),
        )
    if meter.computed_at is not None and unit in ACTUAL_VOLUME:
        wanted = Phrase("steam in kg or t: a volume as it flows is computed with no state")
        raise _wrong(site, f"{key}.computed_at", meter.unit, wanted)
    if meter.lhv is not None:
        wanted = Phrase("either lhv (its enthalpy as a fixed figure) or steam, not both")
        raise _wrong(site, f"{key}.lhv", str(meter.lhv), wanted)
    superheated = meter.steam is not None and meter.steam.state == "superheated"
    if (superheated and not (temperature and pressure)) or (
        not superheated and temperature is pressure
    ):
        wanted = Phrase(
            "temperature and pressure of the steam"
            if superheated
            else "temperature or pressure, one of the two of the steam"
        )
        raise _wrong(site, f"{key}.steam", _states(temperature, pressure), wanted)


def _states(temperature: bool, pressure: bool) -> Phrase:
    """What a meter of steam has of the two."""
    if temperature and pressure:
        return Phrase("temperature and pressure")
    if temperature:
        return Phrase("temperature")
    return Phrase("pressure" if pressure else "nothing")


def _refuse_sinks(site: SiteSettings, meter: Meter) -> None:
    if meter.allocation is None:
        return
    key = f"meters.{meter.id}.allocation"
    if meter.equipment:
        beside = Phrase("equipment %(equipment)s beside it", equipment=repr(meter.equipment))
        raise _wrong(site, key, beside, Phrase("allocation names its equipment itself"))
    equipment = {machine.id: machine for machine in site.equipment}
    for sink in meter.allocation.sinks:
        sink_machine = equipment.get(sink)
        if sink_machine is None and meter.step:
            wanted = Phrase(
                "equipment of step %(step)s under [[equipment]]; leave step away to share among "
                "steps",
                step=repr(meter.step),
            )
            raise _wrong(site, key, repr(sink), wanted)
        if sink_machine is not None and not (sink_machine.step or meter.step):
            raise _wrong(
                site, key, repr(sink), Phrase("equipment whose [[equipment]] names its step")
            )
        if (
            sink_machine is not None
            and sink_machine.step
            and meter.step
            and sink_machine.step != meter.step
        ):
            of_another = Phrase(
                "%(equipment)s of step %(step)s", equipment=sink, step=sink_machine.step
            )
            raise _wrong(
                site, key, of_another, Phrase("equipment of step %(step)s", step=meter.step)
            )
        if meter.allocation.by == "rated-power" and (
            sink_machine is None or sink_machine.rated_power_kw is None
        ):
            raise _wrong(
                site,
                key,
                repr(sink),
                Phrase("equipment with rated_power_kw: the energy is shared by it"),
            )


def _refuse_boundary(site: SiteSettings, tree: MeterTree) -> None:
    if site.site_boundary is None:
        return
    for key, flow in site.site_boundary.flows:
        if flow.meter is None:
            continue
        meter = tree.by_id.get(flow.meter)
        if meter is None or meter.carrier != flow.carrier:
            meter_ids = enumerated(sorted(tree.by_id) or [Phrase("none")])
            wanted = Phrase(
                "the id of a meter of %(carrier)s: %(meters)s",
                carrier=flow.carrier,
                meters=meter_ids,
            )
            raise _wrong(site, f"site_boundary.{key}.meter", repr(flow.meter), wanted)
    for conversion in site.site_boundary.conversions:
        _refuse_medium_twice(site, tree, conversion)


def _refuse_medium_twice(site: SiteSettings, tree: MeterTree, conversion: Conversion) -> None:
    """A medium counts where its maker's electricity counts for no step, or else nowhere: both
    together count one energy twice.
    """
    makers = [
        meter for meter in tree.counted if meter.id in {flow.meter for flow in conversion.takes}
    ]
    for flow in conversion.gives:
        if not makers or CARRIERS[flow.carrier].form != "medium":
            continue
        for user in tree.counted:
            settled = user.step in site.steps and flow.carrier in site.steps[user.step].made_inside
            if user.carrier == flow.carrier and not settled:
                raise _wrong(
                    site,
                    f"site_boundary.conversions.{conversion.id}.takes",
                    Phrase(
                        "meter %(maker)s counts for step %(step)s, and meter %(user)s counts the "
                        "%(carrier)s made with it",
                        maker=makers[0].id,
                        step=repr(makers[0].step),
                        user=user.id,
                        carrier=flow.carrier,
                    ),
                    Phrase(
                        "one of the two: %(maker)s without step, or made_inside = [%(carrier)s] "
                        "under [steps.%(step)s]",
                        maker=makers[0].id,
                        carrier=repr(flow.carrier),
                        step=user.step,
                    ),
                )
