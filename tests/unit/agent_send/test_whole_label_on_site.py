"""An auditor on site: the whole label again from the plant's files, and what a plant that cheated
cannot make come out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.measurements import Period
from benchmarks.privacy.randomness import ReportKey
from benchmarks.wire.schema import Report, decode_report
from reporting_agent.audit.whole_label_on_site import LABEL, RELEASE, ROOT, Recomputation, recompute
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.sending.eligibility import require_reportable
from reporting_agent.sending.enrolment import SEED_FILE
from reporting_agent.sending.kept_reports import Parcel
from reporting_agent.sending.planning import Subject
from reporting_agent.sending.privacy_ledger import Ledger
from reporting_agent.sending.report_material import gather, gather_again
from reporting_agent.sending.submission import ReportMaterial
from tests.unit.agent_send.cast import SITE, Desk

FIRST = datetime(2016, 1, 4, tzinfo=UTC)
HEATS = 120
STEP = timedelta(hours=3)
Row = list[str]


def batches() -> list[Row]:
    """A heat every three hours; the second and the last but one were tests."""
    rows = [
        [
            "batch_id",
            "step",
            "product",
            "variant",
            "start",
            "end",
            "output_quantity",
            "output_unit",
            "status",
            "var.hot_metal_pct",
        ]
    ]
    for index in range(HEATS):
        start = FIRST + index * STEP
        status = "test" if index in (1, HEATS - 2) else "good"
        row = [
            f"H{index:04d}",
            "eaf",
            "liquid-steel",
            "any",
            start.isoformat(),
            (start + timedelta(minutes=55)).isoformat(),
            "100",
            "t",
            status,
            "0",
        ]
        rows.append(row)
    return rows


def readings() -> list[Row]:
    """A register every five minutes: heats take between 380 and 440 kWh/t. It was read in the first
    and the last hour of the year.
    """
    rows, total = (
        [["meter_id", "timestamp", "value"], ["eaf-1", "2015-12-31T16:30:00+00:00", "5000.000"]],
        5_000.0,
    )
    for minute in range(0, HEATS * 180, 5):
        rows.append(["eaf-1", (FIRST + timedelta(minutes=minute)).isoformat(), f"{total:.3f}"])
        heat, within = divmod(minute, 180)
        if within < 55:
            total += (380 + heat * 37 % 60) * 100 / 11
    return [*rows, ["eaf-1", "2016-12-31T15:30:00+00:00", f"{total:.3f}"]]


def energies() -> list[Row]:
    """Gas and coke, by batch."""
    rows = [["batch_id", "step", "carrier", "quantity", "unit", "lhv", "lhv_unit"]]
    for index in range(HEATS):
        rows.append(
            [f"H{index:04d}", "eaf", "natural-gas", str(240 + index % 7), "Nm3", "36.0", "MJ/Nm3"]
        )
        rows.append([f"H{index:04d}", "eaf", "coke", "1.2", "t", "28400", "MJ/t"])
    return rows


def write(folder: Path, file: str, rows: list[Row]) -> None:
    (folder / file).write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")


@dataclasses.dataclass
class Works:
    """The plant's folder, its report, and what the auditor is given."""

    folder: Path
    report: Report
    parcel: Parcel
    seed: bytes

    def edit(self, file: str, change: Callable[[list[Row]], None]) -> None:
        """Change a file after the report was made."""
        rows = [
            line.split(",")
            for line in (self.folder / file).read_text(encoding="utf-8").splitlines()
        ]
        change(rows)
        write(self.folder, file, rows)

    def recompute(self, report: Report | None = None, **changes: object) -> Recomputation:
        arguments = {"windows": self.parcel.windows, "parts": self.parcel.parts, **changes}
        of = report or self.report
        return recompute(
            load_site(self.folder / "site.toml"),
            of,
            ReportKey.of(self.seed, SITE, "2016", of.released.revision),
            **arguments,  # type: ignore[arg-type]
        )


def material_of(site: SiteSettings, desk: Desk) -> ReportMaterial:
    period = Period.parse("2016", site.zone)
    return gather(
        site,
        require_reportable(site),
        period,
        (),
        Ledger(desk.connection),
        pool=False,
        correct=False,
        commit=True,
    )


@pytest.fixture
def works(tmp_path: Path, enrolled: Desk) -> Works:
    folder = tmp_path / "works"
    folder.mkdir()
    for file, rows in (
        ("batches.csv", batches()),
        ("readings.csv", readings()),
        ("energy.csv", energies()),
    ):
        write(folder, file, rows)
    (folder / "site.toml").write_text(
        f'[site]\nid = "{SITE}"\ntimezone = "Asia/Shanghai"\npack = "steel"\n'
        '[inputs]\nbatches = "batches.csv"\nreadings = "readings.csv"\nenergy = "energy.csv"\n'
        '[[meters]]\nid = "eaf-1"\nstep = "eaf"\ncarrier = "electricity"\nreading = '
        '"register"\nunit = "kWh"\n',
        encoding="utf-8",
    )
    data = material_of(load_site(folder / "site.toml"), enrolled)
    with enrolled.road as road:
        parcel = enrolled.submission().prepare(data, "2016", road, correct=False)
    assert parcel.plaintext is not None
    seed, report = enrolled.state.read_secret(SEED_FILE), decode_report(parcel.plaintext)
    return Works(folder, report, parcel, seed)


def test_an_honest_plant_comes_out_the_same_to_the_digit(works: Works) -> None:
    recomputed = works.recompute()
    assert recomputed.agrees
    assert recomputed.root == works.report.data_root == works.parcel.data_root
    assert recomputed.released == works.report.released.labels
    assert [(label.metric.value, label.used) for label in recomputed.labels] == [
        ("total", HEATS - 2),
        ("electricity", HEATS - 2),
    ]


def test_it_comes_out_the_same_from_files_in_another_order_and_in_other_places(
    works: Works,
) -> None:
    for file in ("batches.csv", "readings.csv", "energy.csv"):
        works.edit(file, lambda rows: rows.__setitem__(slice(1, None), rows[:0:-1]))
        (works.folder / file).rename(works.folder / f"moved-{file}")
    site = works.folder / "site.toml"
    site.write_text(
        site.read_text(encoding="utf-8")
        .replace('s = "', 's = "moved-')
        .replace('y = "', 'y = "moved-'),
        encoding="utf-8",
    )
    assert "moved-energy.csv" in site.read_text(encoding="utf-8")
    assert works.recompute().agrees


def test_years_that_were_pooled_are_told_by_the_report_alone(works: Works, enrolled: Desk) -> None:
    earlier = [
        [
            row[0].replace("H", "E"),
            *row[1:4],
            *(cell.replace("2016-", "2015-") for cell in row[4:6]),
            *row[6:],
        ]
        for row in batches()[1:]
    ]
    read = [[row[0], row[1].replace("2016-", "2015-"), row[2]] for row in readings()[1:]]
    gas = [[row[0].replace("H", "E"), *row[1:]] for row in energies()[1:]]
    for file, more in (("batches.csv", earlier), ("readings.csv", read), ("energy.csv", gas)):
        works.edit(file, lambda rows, more=more: rows.extend(more))  # type: ignore[misc]
    site = load_site(works.folder / "site.toml")
    with enrolled.road as road:
        data = gather_again(site, Period.parse("2016", site.zone), {"eaf": 2})
        parcel = enrolled.submission().prepare(data, "2016", road, correct=True)
    assert parcel.plaintext is not None
    report = decode_report(parcel.plaintext)
    assert {label.years for label in report.released.labels} == {2}
    recomputed = works.recompute(report, windows=None, parts=parcel.parts)
    assert recomputed.agrees, recomputed.differences
    assert {label.used for label in recomputed.labels} == {2 * (HEATS - 2)}
    assert "windows: not the same" in {
        difference.found
        for difference in works.recompute(report, windows={}, parts=parcel.parts).differences
    }


def test_a_pooled_label_without_a_month_of_five_batches_comes_out_the_same(
    works: Works, enrolled: Desk
) -> None:
    """Four heats a month over two years, each with its own energy."""
    header, rows, energy = batches()[0], [], [energies()[0]]
    for year in (2015, 2016):
        for month in range(1, 13):
            for day in (2, 9, 16, 23):
                start, name = (
                    datetime(year, month, day, 8, tzinfo=UTC),
                    f"S{year}{month:02}{day:02}",
                )
                end = start + timedelta(minutes=55)
                rows.append(
                    [
                        name,
                        "eaf",
                        "liquid-steel",
                        "any",
                        start.isoformat(),
                        end.isoformat(),
                        "100",
                        "t",
                        "good",
                        "0",
                    ]
                )
                energy.append(
                    [
                        name,
                        "eaf",
                        "electricity",
                        str(40_000 + 100 * day + month + year % 2015 / 10),
                        "kWh",
                        "",
                        "",
                    ]
                )
                energy.append([name, "eaf", "natural-gas", "240", "Nm3", "36.0", "MJ/Nm3"])
                energy.append([name, "eaf", "coke", "1.2", "t", "28400", "MJ/t"])
    write(works.folder, "batches.csv", [header, *rows])
    write(works.folder, "energy.csv", energy)
    (works.folder / "site.toml").write_text(
        f'[site]\nid = "{SITE}"\ntimezone = "Asia/Shanghai"\npack = "steel"\n[inputs]\nbatches = '
        '"batches.csv"\nenergy = "energy.csv"\n',
        encoding="utf-8",
    )
    site = load_site(works.folder / "site.toml")
    with enrolled.road as road:
        data = gather_again(site, Period.parse("2016", site.zone), {"eaf": 2})
        parcel = enrolled.submission().prepare(data, "2016", road, correct=True)
    assert parcel.plaintext is not None
    report = decode_report(parcel.plaintext)
    assert {(label.years, label.months) for label in report.released.labels} == {(2, 1)}
    recomputed = works.recompute(report, windows=parcel.windows, parts=parcel.parts)
    assert recomputed.agrees, recomputed.differences


def test_files_that_have_grown_since_give_the_same_root(works: Works) -> None:
    """The site's year ends within a day of UTC: what the next year's file adds to that day is no
    part of this year's report.
    """
    more = [
        ["eaf-1", "2015-12-31T15:55:00+00:00", "4999.000"],
        ["eaf-1", "2016-12-31T16:00:00+00:00", "9999999.000"],
    ]
    works.edit("readings.csv", lambda rows: rows.extend(more))
    assert works.recompute().agrees


@pytest.mark.parametrize(("place", "more"), [(1, -0.001), (-1, 0.001)], ids=["first", "last"])
def test_a_reading_in_the_first_or_the_last_hour_is_part_of_it(
    works: Works, place: int, more: float
) -> None:
    works.edit(
        "readings.csv",
        lambda rows: rows[place].__setitem__(2, f"{float(rows[place][2]) + more:.3f}"),
    )
    assert [difference.found for difference in works.recompute().differences] == [
        "meter eaf-1: not the same"
    ]


def _one_kwh_less(rows: list[Row]) -> None:
    rows[700][2] = f"{float(rows[700][2]) - 1:.3f}"


def _best_heat_invented(rows: list[Row]) -> None:
    rows[40][6] = "130"


def _one_heat_more(rows: list[Row]) -> None:
    start = datetime.fromisoformat(
        rows[50][5]
    )  # where the one before ends: two on one meter at once would keep the step on the site
    rows.append(
        [
            "HX",
            *rows[50][1:4],
            start.isoformat(),
            (start + timedelta(minutes=55)).isoformat(),
            *rows[50][6:],
        ]
    )


@pytest.mark.parametrize(
    ("file", "change", "named"),
    [
        ("readings.csv", _one_kwh_less, "meter eaf-1: not the same"),
        (
            "batches.csv",
            lambda rows: rows.pop(50),
            "step eaf, used: 117 records, 118 when they were committed to",
        ),
        ("batches.csv", _one_heat_more, "step eaf, "),
        ("batches.csv", _best_heat_invented, "step eaf, used: not the same"),
        (
            "batches.csv",
            lambda rows: rows[60].__setitem__(8, "scrap"),
            "step eaf, excluded: 3 records, 2 when they were committed to",
        ),
        (
            "batches.csv",
            lambda rows: rows.pop(2),
            "step eaf, excluded: 1 record, 2 when they were committed to",
        ),
        ("energy.csv", lambda rows: rows[9].__setitem__(3, "239"), "step eaf, used: not the same"),
    ],
    ids=[
        "reading",
        "batch left out",
        "batch added",
        "batch changed",
        "exclusion invented",
        "exclusion dropped",
        "energy changed",
    ],
)
def test_what_was_changed_after_the_commitment_is_another_root_and_named(
    works: Works, file: str, change: Callable[[list[Row]], None], named: str
) -> None:
    works.edit(file, change)
    recomputed = works.recompute()
    assert recomputed.root != works.report.data_root
    assert any(
        difference.kind == ROOT and difference.found.startswith(named)
        for difference in recomputed.differences
    ), recomputed.differences


def test_without_the_parts_it_still_says_that_the_root_differs(works: Works) -> None:
    works.edit("readings.csv", _one_kwh_less)
    (sentence,) = [
        difference.found
        for difference in works.recompute(parts=None).differences
        if difference.kind == ROOT
    ]
    assert works.report.data_root.hex() in sentence


def test_the_table_of_an_opening_names_what_differs_in_number(works: Works) -> None:
    site = load_site(works.folder / "site.toml")
    planned = gather_again(site, Period.parse("2016", site.zone), {}).plan(
        Subject(SITE, "2016", 1, correction=False)
    )
    table = planned.tree(planned.key(works.seed), works.report.software).contents
    works.edit("readings.csv", lambda rows: rows[1].__setitem__(2, "4999.999"))
    (alike,) = works.recompute(parts=None, contents=table).differences
    assert alike.found.endswith(
        "the numbers of records and the rest of the table of contents are the same"
    )
    works.edit("batches.csv", lambda rows: rows.__delitem__(50))
    sentences = {
        difference.found
        for difference in works.recompute(parts=None, contents=table).differences
        if difference.kind == ROOT
    }
    assert "step eaf, used: 117 records, 118 when they were committed to" in sentences


def test_changed_settings_are_named(works: Works) -> None:
    site = works.folder / "site.toml"
    site.write_text(site.read_text(encoding="utf-8") + "accuracy_class = 0.5\n", encoding="utf-8")
    assert [difference.found for difference in works.recompute().differences] == [
        "settings: not the same"
    ]


def test_a_root_that_was_swapped_and_a_key_that_is_another_are_found(works: Works) -> None:
    swapped = dataclasses.replace(works.report, data_root=bytes(32))
    assert ROOT in {
        difference.kind for difference in works.recompute(swapped, parts=None).differences
    }
    works.seed = bytes(32)
    assert "key of the report: not the same" in {
        difference.found for difference in works.recompute().differences
    }


def test_a_draw_that_is_not_from_the_seed_is_found_although_the_data_are_right(
    works: Works,
) -> None:
    first, *others = works.report.released.labels
    lucky = dataclasses.replace(
        first, best=dataclasses.replace(first.best, grid_point=first.best.grid_point - 1)
    )
    report = dataclasses.replace(
        works.report, released=dataclasses.replace(works.report.released, labels=(lucky, *others))
    )
    (difference,) = works.recompute(report).differences
    assert difference.kind == RELEASE
    assert difference.found.startswith("eaf liquid-steel any total: ")


def test_a_label_that_the_data_do_not_give_is_found(works: Works) -> None:
    first, *others = works.report.released.labels
    foreign = dataclasses.replace(first, variant="stainless")
    report = dataclasses.replace(
        works.report, released=dataclasses.replace(works.report.released, labels=(foreign, *others))
    )
    assert [difference.kind for difference in works.recompute(report).differences] == [LABEL, LABEL]
