"""Exports of meters as systems write them, each with a table of runs beside it, through the one
door: every label is that of the readings meant.

Kinds of `shared/data/cases` that are done: daily-registers-multiplier, date-from-to-readings,
day-by-96-columns, day-night-registers, direction-column, green-button, meta-header,
missing-half-hour, mscons, multiplier-column, ok-comments, ok-first-zero, ok-start-end,
ok-steiermark, ok-unit-thousand, ok-wrap-16-bit, pi-dates, quality-column, range-in-a-cell,
rate-by-exception, start-end-split, start-end-split-other, two-tariff-registers, unit-column-pairs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reporting_agent.cli import main
from reporting_agent.config import Profile
from reporting_agent.sources.sheets import open_sheet

START = datetime(2024, 3, 11)  # noqa: DTZ001 - the plant's wall clock
DAYS, QUARTERS = 14, 96
VIENNA = ZoneInfo("Europe/Vienna")
QUARTER = timedelta(minutes=15)
Reading = tuple[datetime, float]  # the start of a quarter hour, and its kWh


def quarters() -> list[Reading]:
    """A mill that runs from 8 to 14 h, and hums at night."""
    return [
        (
            START + number * QUARTER,
            round((250 if 32 <= number % QUARTERS < 56 else 5) + number * 7 % 11 / 4 + 0.005, 3),
        )
        for number in range(DAYS * QUARTERS)
    ]


def runs(readings: list[Reading]) -> tuple[list[list[str]], list[float]]:
    """A run a day, as rows of day, start, end and t, and the kWh/t of each."""
    rows, values = [], []
    for day in range(DAYS):
        begins = START + timedelta(days=day, hours=8)
        ends = begins + timedelta(hours=6)
        tonnes = 170 + day % 5
        rows.append([f"{begins:%d.%m.%Y}", f"{begins:%H:%M}", f"{ends:%H:%M}", str(tonnes)])
        values.append(sum(kwh for at, kwh in readings if begins <= at < ends) / tonnes)
    return rows, values


def comma(number: float) -> str:
    return f"{number:.3f}".replace(".", ",")


def register(readings: list[Reading], by: float = 1.0) -> list[tuple[datetime, float]]:
    """What a counter shows at the start of each quarter, and at the end of the last."""
    shown, counts = 1000.0, []
    for at, kwh in readings:
        counts.append((at, shown))
        shown += kwh / by
    return [*counts, (readings[-1][0] + QUARTER, shown)]


def from_to(readings: list[Reading]) -> str:
    rows = ["Datum;Zeit von;Zeit bis;Werk Nord - AT01 - Verbrauch [kWh]"]
    rows += [f"{at:%d.%m.%Y;%H:%M:%S};{at + QUARTER:%H:%M:%S};{comma(kwh)}" for at, kwh in readings]
    return "\n".join(rows)


def range_in_a_cell(readings: list[Reading]) -> str:
    rows = ["Datum;AT01 Verbrauch (kWh)"]
    rows += [
        f"{at:%d.%m.%Y %H:%M} - {at + QUARTER:%d.%m.%Y %H:%M};{comma(kwh)}" for at, kwh in readings
    ]
    return "\n".join(rows)


def header_below_facts(readings: list[Reading]) -> str:
    rows = [
        "Zählpunktbezeichnung;Kennzahl;Zählernummer;Exportiere ab;Exportiere bis;Exportiere ab",
        "AT01;1-1:1.9.0;;11.03.2024;25.03.2024;00:00",
        "Startdatum;Startuhrzeit;Enddatum;Enduhrzeit;Verbrauch (in kWh);Status",
    ]
    rows += [
        f"{at:%d.%m.%Y;%H:%M};{at + QUARTER:%d.%m.%Y;%H:%M};{comma(kwh)};Wahrer Wert"
        for at, kwh in readings
    ]
    return "\n".join(rows)


def a_day_a_row(readings: list[Reading]) -> str:
    spans = [f"{at:%H:%M}-{at + QUARTER:%H:%M}" for at, _ in readings[:QUARTERS]]
    rows = [";".join(["Giorno", *spans])]
    for day in range(DAYS):
        own = readings[QUARTERS * day : QUARTERS * (day + 1)]
        rows.append(";".join([f"{own[0][0]:%d/%m/%Y}", *(comma(kwh) for _, kwh in own)]))
    return "\n".join(rows)


def process_historian(readings: list[Reading]) -> str:
    rows = ["Timestamp,MILL1:JI101.PV (kWh)"]
    rows += [f"{at + QUARTER:%d-%b-%y %H:%M:%S},{kwh}" for at, kwh in readings]
    rows[5] = f"{rows[5].partition(',')[0]},Bad"  # at night
    return "\n".join(rows)


def pairs_of_units(readings: list[Reading]) -> str:
    rows = ["meter_id,timestamp,value,unit"]
    for at, kwh in readings:
        stamp = f"{at + QUARTER:%Y-%m-%d %H:%M}"
        rows += [f"mill,{stamp},{kwh * 0.8:.3f},kVArh", f"mill,{stamp},{kwh},kWh"]
    return "\n".join(rows)


def directions(readings: list[Reading]) -> str:
    rows = ["Date Time,Meter,Reading Start,Unit,Direction"]
    for at, shown in register(readings):
        stamp = f"{at:%Y-%m-%d %H:%M:%S}"
        rows += [f"{stamp},99,{shown:.3f},kWh,Import", f"{stamp},99,900.000,kWh,Export"]
    return "\n".join(rows)


def ratio_beside(readings: list[Reading]) -> str:
    rows = ["电表编号,抄表时间,正向有功总示数(kWh),倍率"]
    rows += [f"M-01,{at:%Y-%m-%d %H:%M},{shown:.6f},200" for at, shown in register(readings, 200)]
    return "\n".join(rows)


def day_and_night(readings: list[Reading]) -> str:
    rows = ["From (date);From (time);Until (date);Until (time);Meter;Register;Volume;Unit"]
    for at, kwh in readings:
        span = f"{at:%d/%m/%Y;%H:%M:%S};{at + QUARTER:%d/%m/%Y;%H:%M:%S}"
        part = "Day" if 7 <= at.hour < 22 else "Night"
        rows += [
            f"{span};1SAG;Offtake {part};{comma(kwh)};kWh",
            f"{span};1SAG;Injection {part};;kWh",
        ]
    return "\n".join(rows)


def two_tariffs(readings: list[Reading]) -> str:
    rows, high, low = ["meterreadingdate;reading1 [kWh];reading2 [kWh]"], 15626.0, 17771.0
    for at, kwh in readings:
        rows.append(f"{at:%d-%m-%Y %H:%M};{comma(high)};{comma(low)}")
        high, low = (high + kwh, low) if 9 <= at.hour < 21 else (high, low + kwh)
    rows.append(f"{readings[-1][0] + QUARTER:%d-%m-%Y %H:%M};{comma(high)};{comma(low)}")
    return "\n".join(rows)


def green_button(readings: list[Reading]) -> str:
    """Wh in units of ten to the power of -1; a second series is given back to the grid."""
    espi = 'xmlns="http://naesb.org/espi"'
    feed = []
    for series, flow, factor in (("01", 1, 10_000), ("02", 19, 3_000)):
        reading, kind = f"/UsagePoint/1/MeterReading/{series}", f"/ReadingType/{series}"
        links = f'<link rel="self" href="{reading}"/><link rel="related" href="{kind}"/>'
        said = f"<commodity>1</commodity><flowDirection>{flow}</flowDirection>"
        said += "<powerOfTenMultiplier>-1</powerOfTenMultiplier><uom>72</uom>"
        values = "".join(
            "<IntervalReading><timePeriod><duration>900</duration>"
            f"<start>{int((at - timedelta(hours=1)).replace(tzinfo=UTC).timestamp())}</start>"
            f"</timePeriod><value>{round(kwh * factor)}</value></IntervalReading>"
            for at, kwh in readings
        )
        own = f'<link rel="self" href="{reading}/IntervalBlock/1"/>'
        block = f"{own}<content><IntervalBlock {espi}>{values}</IntervalBlock></content>"
        own = f'<link rel="self" href="{kind}"/>'
        of_type = f"{own}<content><ReadingType {espi}>{said}</ReadingType></content>"
        feed += [block, of_type, f"{links}<content><MeterReading {espi}/></content>"]
    entries = "".join(f"<entry>{entry}</entry>" for entry in feed)
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'


def nem12(readings: list[Reading]) -> str:
    """In the time of Australia's east; of the hours outside nothing is known."""
    of_day: dict[str, list[tuple[int, float]]] = {}
    for at, kwh in readings:
        there = at + timedelta(hours=9)
        slot = (there.hour * 60 + there.minute) // 15
        of_day.setdefault(f"{there:%Y%m%d}", []).append((slot, kwh))
    lines = ["100,NEM12,202403261300,MDP1,Retailer"]
    for suffix, unit, factor in (("E1", "KWH", 1.0), ("B1", "KWH", 0.3), ("Q1", "KVARH", 0.8)):
        lines.append(f"200,NMI1,E1B1Q1,01,{suffix},N1,SER1,{unit},15,20240401")
        for day, known in of_day.items():
            values = ["0"] * 96
            for slot, kwh in known:
                values[slot] = f"{kwh * factor:.3f}"
            first, last = known[0][0] + 1, known[-1][0] + 1
            whole = (first, last) == (1, 96)
            lines.append(f"300,{day},{','.join(values)},{'A' if whole else 'V'},,,20240326000000,")
            if first > 1:
                lines.append(f"400,1,{first - 1},N,,")
            if not whole:
                lines.append(f"400,{first},{last},A,,")
            if last < 96:
                lines.append(f"400,{last + 1},96,N,,")
    return "\r\n".join([*lines, "900"])


def two_tariffs_without_a_unit(readings: list[Reading]) -> str:
    rows, high, low = (
        ["eancodeasn,meternummer,meterreadingdate,reading1,reading2"],
        15626.0,
        17771.0,
    )
    for at, kwh in [*readings, (readings[-1][0] + QUARTER, 0.0)]:
        rows.append(f"8716800001,E0045,{at:%d-%m-%Y %H:%M},{high:.3f},{low:.3f}")
        high, low = (high + kwh, low) if 9 <= at.hour < 21 else (high, low + kwh)
    return "\n".join(rows)


def number_of_the_plant(readings: list[Reading]) -> str:
    rows = ["Anlagennummer;Tarif;Beginn;Ende;Verbrauch;Einheit"]
    for at, kwh in readings:
        span = f"{at:%d.%m.%Y %H:%M};{at + QUARTER:%d.%m.%Y %H:%M}"
        rows.append(f"12345678;;{span};{comma(kwh)};KWH")
    return "\n".join(rows)


def amounts_beside_the_count_at_their_end(readings: list[Reading]) -> str:
    rows = ["Start;Ende;Vorschub (kWh);Zählerstand (kWh)"]
    for (at, kwh), (_, shown) in zip(readings, register(readings)[1:], strict=True):
        span = f"{at:%d.%m.%Y %H:%M:%S};{at + QUARTER:%d.%m.%Y %H:%M:%S}"
        rows.append(f"{span};{comma(kwh)};{comma(shown)}")
    return "\n".join(rows)


def amounts_beside_registers(readings: list[Reading]) -> str:
    rows = ["Ablesezeitpunkt,Zaehlerstand ET,Zaehlerstand HT,Verbrauch ET,Verbrauch HT"]
    rows += [
        f"{at + QUARTER:%Y-%m-%d %H:%M},{shown:.3f},0,{kwh},0"
        for (at, kwh), (_, shown) in zip(readings, register(readings)[1:], strict=True)
    ]
    return "\n".join([rows[0], f"{START:%Y-%m-%d %H:%M},1000.000,0,0,0", *rows[1:]])


def count_of_16_bits(readings: list[Reading]) -> str:
    rows = ["meter_id,timestamp,value"]
    rows += [f"mill,{at:%Y-%m-%d %H:%M},{shown % 6553.6:.3f}" for at, shown in register(readings)]
    return "\n".join(rows)


def power_with_comments(readings: list[Reading]) -> str:
    rows = ["# Created by a data browser", "# ", "# Channel: MILL:POWER", "# Time\tValue"]
    for at, kwh in readings:  # the same power from one stamp to just before the next
        rows.append(f"{at:%Y/%m/%d %H:%M:%S}.155155541\t{4 * kwh:.3f}")
        rows.append(f"{at + QUARTER:%Y/%m/%d %H:%M:%S}.0\t{4 * kwh:.3f}")
    rows.insert(40, rows[40].rpartition("\t")[0].replace(".0", ".1") + "\t#N/A")
    return "\n".join(rows)


def watt_hours_with_offsets(readings: list[Reading]) -> str:
    rows = ["meter_id,timestamp,value,unit"]
    rows += [
        f"mill,{at + QUARTER:%Y-%m-%dT%H:%M:%S}+0100,{1000 * kwh:.0f},Wh" for at, kwh in readings
    ]
    return "\n".join(rows)


EXPORTS: tuple[tuple[Callable[[list[Reading]], str], tuple[str, ...]], ...] = (
    (from_to, ()),
    (range_in_a_cell, ()),
    (header_below_facts, ()),
    (a_day_a_row, ("readings.unit=kWh",)),
    (process_historian, ()),
    (pairs_of_units, ()),
    (directions, ()),
    (ratio_beside, ()),
    (day_and_night, ()),
    (two_tariffs, ()),
    (green_button, ()),
    (nem12, ("timezone=Europe/Vienna",)),  # its stamps are of another zone
    (two_tariffs_without_a_unit, ("readings.unit=kWh",)),
    (number_of_the_plant, ()),
    (amounts_beside_the_count_at_their_end, ()),
    (amounts_beside_registers, ("readings.unit=kWh",)),
    (count_of_16_bits, ("readings.unit=kWh",)),
    (power_with_comments, ("readings.unit=kW",)),
    (watt_hours_with_offsets, ()),
)
TABLE = "Charge;Datum;Startzeit;Endzeit;Menge [t]"
SPLIT = (
    "Charge;Startdatum;Startzeit;Enddatum;Endzeit;Menge [t]",
    "Charge;Beginn Datum;Beginn Uhrzeit;Ende Datum;Ende Uhrzeit;Menge [t]",
    "Lote;Fecha inicio;Hora inicio;Fecha fin;Hora fin;Cantidad [t]",
    "Lot;Date début;Heure début;Date fin;Heure fin;Quantité [t]",
    "Order;Act. start date;Act. start time;Act. finish date;Act. finish time;Yield [t]",
)


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TZ", "Europe/Vienna")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def best(*options: str) -> float:
    assert main(["label", *options]) == 0
    (step,) = json.loads(Path("label/label.json").read_text(encoding="utf-8"))["steps"]
    assert step["batches"]["used"] == DAYS
    return float(step["best"]["value"])


def p25(values: list[float]) -> float:
    return sorted(values)[-(-len(values) // 4) - 1]


@pytest.mark.parametrize(
    ("export", "answers"), EXPORTS, ids=lambda case: getattr(case, "__name__", "")
)
def test_what_qualifies_a_reading_is_read(
    export: Callable[[list[Reading]], str], answers: tuple[str, ...], plant: Path
) -> None:
    readings = quarters()
    rows, values = runs(readings)
    table = [TABLE, *(";".join([f"K{n}", *row]) for n, row in enumerate(rows))]
    (plant / "runs.csv").write_text("\n".join(table), encoding="utf-8")
    content = export(readings)
    file = "meter.xml" if content.startswith("<") else "meter.csv"
    (plant / file).write_text(content, encoding="utf-8")
    given = [part for answer in answers for part in ("--answer", answer)]
    assert best(file, "runs.csv", *given) == pytest.approx(p25(values), rel=1e-4)


@pytest.mark.parametrize("export", [green_button, nem12])
def test_each_value_of_a_market_is_read_to_the_digit_at_its_moment(
    export: Callable[[list[Reading]], str], plant: Path
) -> None:
    file = plant / ("meter.xml" if export is green_button else "meter.csv")
    file.write_text(export(quarters()), encoding="utf-8")
    rows = [cells for _, cells in open_sheet(file, Profile()).rows]
    read = [
        (datetime.fromisoformat(str(stamp)).astimezone(VIENNA).replace(tzinfo=None), value)
        for _, stamp, value, unit, direction in rows
        if direction == "import" and unit in {"kWh", "KWH"} and value is not None
    ]
    assert read == quarters()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("100,NEM12,1,A,B\n200,N,E1,1,E1,N1,S,KWH,30,\n300,20240301,1.0,x\n", "meter.csv"),
        ("100,NEM12,1,A,B\n200,N,E1,1,E1,N1,S,KWH,0,\n300,20240301,1.0\n", "meter.csv"),
        ('<feed xmlns:e="http://naesb.org/espi"><entry>', "meter.xml"),
        ('<!DOCTYPE f><feed xmlns="http://naesb.org/espi"/>', "meter.xml"),
        (green_button(quarters()[:9]).replace("<uom>72", "<uom>5"), "meter.xml"),
        (green_button(quarters()[:9]).replace("<start>", "<start>x"), "meter.xml"),
    ],
)
def test_a_market_export_that_is_damaged_is_refused(
    content: str, name: str, plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (plant / name).write_text(content, encoding="utf-8")
    assert main(["label", name]) == 1
    assert "export-unreadable" in capsys.readouterr().err


def test_a_power_that_is_written_when_it_changes_lasts_until_the_next(plant: Path) -> None:
    """A mill at 1,000 or 1,060 kW by turns of uneven minutes, 20 or 26 kW at night."""
    power: list[tuple[datetime, float]] = []
    at, number = START, 0
    while at < START + timedelta(days=DAYS):
        runs_now = 8 <= at.hour < 14
        power.append((at, (1000, 1060)[number % 2] if runs_now else (20, 26)[number % 2]))
        ends = at + timedelta(minutes=(5, 25, 10, 55)[number % 4])
        turns = [at.replace(hour=hour, minute=0) for hour in (8, 14)]
        at = min([ends, *(turn for turn in turns if at < turn < ends)])
        number += 1
    lasts = [*(start for start, _ in power[1:]), START + timedelta(days=DAYS)]
    rows, _ = runs(quarters())
    values = []
    for day, row in enumerate(rows):
        begins = START + timedelta(days=day, hours=8)
        ends = begins + timedelta(hours=6)
        kwh = sum(
            kw * max((min(until, ends) - max(since, begins)).total_seconds(), 0) / 3600
            for (since, kw), until in zip(power, lasts, strict=True)
        )
        values.append(kwh / float(row[3]))
    table = [TABLE, *(";".join([f"K{n}", *row]) for n, row in enumerate(rows))]
    (plant / "runs.csv").write_text("\n".join(table), encoding="utf-8")
    lines = ["meter_id,timestamp,value", *(f"mill,{at:%Y-%m-%d %H:%M},{kw}" for at, kw in power)]
    (plant / "meter.csv").write_text("\n".join(lines), encoding="utf-8")
    found = best("meter.csv", "runs.csv", "--answer", "readings.unit=kW")
    assert found == pytest.approx(p25(values), rel=1e-4)
    assert "holds = true" in Path("label/site.toml").read_text(encoding="utf-8")
    assert "written when it changes" in Path("label/site.toml").read_text(encoding="utf-8")


def test_a_power_read_by_the_clock_is_no_step(plant: Path) -> None:
    lines = ["meter_id,timestamp,value"]
    lines += [f"mill,{at:%Y-%m-%d %H:%M},{4 * kwh:.0f}" for at, kwh in quarters()]
    (plant / "meter.csv").write_text("\n".join(lines), encoding="utf-8")
    assert main(["label", "meter.csv", "--answer", "readings.unit=kW"]) == 0
    assert "holds = true" not in Path("label/site.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("stamp", ["{:%Y-%m-%dT%H:%M:%S}+0100", "{:%Y-%m-%d %H:%M:%S}"])
def test_the_time_zone_is_asked_where_this_computer_is_of_another(
    stamp: str, plant: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a computer at UTC the runs would begin an hour after their energy."""
    monkeypatch.setenv("TZ", "Etc/UTC")
    readings = quarters()
    rows, values = runs(readings)
    table = [TABLE, *(";".join([f"K{n}", *row]) for n, row in enumerate(rows))]
    (plant / "runs.csv").write_text("\n".join(table), encoding="utf-8")
    says_utc = "+" not in stamp
    lines = ["meter_id,Time UTC,value [kWh]" if says_utc else "meter_id,timestamp,value [kWh]"]
    shift = timedelta(hours=1 if says_utc else 0)
    lines += [f"mill,{stamp.format(at + QUARTER - shift)},{kwh}" for at, kwh in readings]
    (plant / "meter.csv").write_text("\n".join(lines), encoding="utf-8")
    assert main(["label", "meter.csv", "runs.csv"]) == 1
    assert "timezone=" in capsys.readouterr().err
    found = best("meter.csv", "runs.csv", "--answer", "timezone=Europe/Vienna")
    assert found == pytest.approx(p25(values), rel=1e-4)


def test_two_counts_a_day_and_the_ratio_of_their_transformer(plant: Path) -> None:
    rows, values, shown = ["日期,上日止码,本日止码,倍率,水泥产量(t)"], [], 1234.5
    for day in range(DAYS):
        used, tonnes = 62 + day * 7 % 5 / 4, 340 + day % 4
        rows.append(
            f"{START + timedelta(days=day):%Y-%m-%d},{shown:.2f},{shown + used:.2f},200,{tonnes}"
        )
        shown += used
        values.append(200 * used / tonnes)
    (plant / "days.csv").write_text("\n".join(rows), encoding="utf-8")
    given = ["--answer", "energy.unit=kWh", "--answer", "energy.carrier=electricity"]
    assert best("days.csv", *given) == pytest.approx(p25(values), rel=1e-4)


@pytest.mark.parametrize("header", SPLIT)
def test_a_date_and_a_clock_time_each_for_start_and_end(header: str, plant: Path) -> None:
    readings = quarters()
    rows, values = runs(readings)
    table = [header]
    table += [
        ";".join([f"K{n}", day, start, day, end, tonnes])
        for n, (day, start, end, tonnes) in enumerate(rows)
    ]
    (plant / "runs.csv").write_text("\n".join(table), encoding="utf-8")
    (plant / "meter.csv").write_text(pairs_of_units(readings), encoding="utf-8")
    assert best("runs.csv", "meter.csv") == pytest.approx(p25(values), rel=1e-4)


def test_a_bad_quality_is_a_reading_that_is_not_known(plant: Path) -> None:
    readings = quarters()
    rows, _ = runs(readings)
    table = [TABLE, *(";".join([f"K{n}", *row]) for n, row in enumerate(rows))]
    (plant / "runs.csv").write_text("\n".join(table), encoding="utf-8")
    bad = START + timedelta(days=6, hours=9)
    lines = ["meter_id,timestamp,value [kWh],quality"]
    for at, kwh in readings:
        is_bad = bad <= at < bad + 6 * QUARTER
        lines.append(
            f"mill,{at + QUARTER:%Y-%m-%d %H:%M},{0 if is_bad else kwh},{24 if is_bad else 192}"
        )
    (plant / "meter.csv").write_text("\n".join(lines), encoding="utf-8")
    assert main(["label", "meter.csv", "runs.csv"]) == 0
    (step,) = json.loads(Path("label/label.json").read_text(encoding="utf-8"))["steps"]
    assert step["batches"]["used"] == DAYS - 1  # and the run is not the least of all


def test_an_interval_that_is_missing_is_not_known(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readings = quarters()
    rows, _ = runs(readings)
    table = [TABLE, *(";".join([f"K{n}", *row]) for n, row in enumerate(rows))]
    (plant / "runs.csv").write_text("\n".join(table), encoding="utf-8")
    without = [reading for reading in readings if (reading[0].hour, reading[0].minute) != (9, 0)]
    (plant / "meter.csv").write_text(pairs_of_units(without), encoding="utf-8")
    assert main(["label", "meter.csv", "runs.csv"]) == 0
    (step,) = json.loads(Path("label/label.json").read_text(encoding="utf-8"))["steps"]
    assert step["batches"]["excluded"] == {"energy-incomplete": DAYS}
    said = capsys.readouterr().out
    assert "energy incomplete" in said
    assert f"{DAYS} intervals missing between stamps" in said


def test_a_second_table_without_values_is_no_clock_that_was_wrong(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = header_below_facts(quarters()).splitlines()
    blank = [f"{row.rsplit(';', 2)[0]};-;Wahrer Wert" for row in first[3:]]
    (plant / "meter.csv").write_text("\n".join([*first, *first[:3], *blank]), encoding="utf-8")
    assert main(["label", "meter.csv"]) == 0
    said = capsys.readouterr().out
    assert f"{sum(kwh for _, kwh in quarters()):,.0f} kWh" in said
    assert "clock" not in said


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("100,NEM13,200403011300,MDP1,Retailer\n250,NEM1\n", "NEM13"),
        ("UNA:+.? 'UNB+UNOC:3+9900+9901+240311:0000+1'", "EDIFACT"),
    ],
)
def test_exports_that_are_no_tables_are_known_by_name(
    content: str, name: str, plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = plant / "meter.txt"
    file.write_text(content, encoding="utf-8")
    assert main(["label", str(file)]) == 1
    refused = capsys.readouterr().err
    assert name in refused
    assert "CSV" in refused


def test_a_meter_that_begins_where_another_ends_takes_its_place(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readings = quarters()
    rows, values = runs(readings)
    table = [TABLE, *(";".join([f"K{n}", *row]) for n, row in enumerate(rows))]
    (plant / "runs.csv").write_text("\n".join(table), encoding="utf-8")
    changed = START + timedelta(days=6)
    lines = ["meter_id,timestamp,value [kWh]"]
    lines += [
        f"{'M1' if at < changed else 'M2'},{at + QUARTER:%Y-%m-%d %H:%M},{kwh}"
        for at, kwh in readings
    ]
    (plant / "meter.csv").write_text("\n".join(lines), encoding="utf-8")
    assert best("meter.csv", "runs.csv") == pytest.approx(p25(values), rel=1e-4)
    assert "its readings begin where those of M1 end" in capsys.readouterr().out
