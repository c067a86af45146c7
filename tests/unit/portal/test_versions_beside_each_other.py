"""A published version beside others: what follows what, what moved, what broke, how it is named,
cited and written as a table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from math import sqrt
from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks.composition.rules import CurvePoint
from benchmarks.label_keys import LabelKey
from benchmarks.phrases import Name
from portal.publication import citation, document, over_years
from portal.publication.api import BenchmarkStepSerializer
from portal.publication.definition_changes import (
    Breaks,
    DefinitionChange,
    breaks,
    breaks_with_totals,
)
from portal.publication.document import csv_of
from portal.publication.models import VersionStatus
from portal.publication.open_data import sector_json_ld
from portal.publication.rows import VersionColumns, VersionSeries, follows
from portal.publication.shapes import BenchmarkView, CellView, LabelView, TotalView
from portal.publication.who_may_publish import obstacle_by_state

KILN = CellView(
    step="clinker-burning",
    product="clinker",
    variant="any",
    boundary="kiln",
    metric="thermal",
    unit="MJ/t",
    ratio=0.75,
    headline=True,
    best=100.0,
    interval=(98.0, 103.0),
    typical=120.0,
    typical_interval=(117.0, 124.0),
    rule="trimmed-best-five",
    firms=24,
    shown=True,
    reason_code="shown",
    reason_en="Shown.",
    reason_zh="Gezeigt.",
    good_fit=True,
)
CELL = LabelKey.of(KILN)
HIDDEN = replace(
    KILN, best=None, interval=None, typical=None, typical_interval=None, rule=None, shown=False
)
TOTAL = TotalView(90.0, (88.0, 92.0), "kgce/t", 24, None, True, "shown", "Shown.", "Gezeigt.")


def row(start: datetime, end: datetime, **changed: Any) -> VersionColumns:
    fields: dict[str, Any] = dict.fromkeys(VersionColumns.__dataclass_fields__, "")
    fields |= {
        "start": start,
        "end": end,
        "period": str(start.year),
        "version": 1,
        "status": VersionStatus.PUBLISHED,
        "scope": Name("China"),
    }
    return VersionColumns(**fields | changed)


def day(year: int, month: int = 1, of_month: int = 1) -> datetime:
    return datetime(year, month, of_month, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((day(2015), day(2016)), True),  # 365 days before 366
        ((day(2013), day(2014)), True),  # a year lies between
        ((day(2015, 7), day(2016)), False),  # half a year
        ((day(2014), day(2016)), False),  # two years as one
        ((day(2015, 7), day(2016, 7)), False),  # half of it is the same time
        ((day(2016), day(2017)), False),
    ],
)
def test_a_year_follows_a_year_that_ended_before_it_began(
    before: tuple[datetime, datetime], expected: bool
) -> None:
    assert follows(row(*before), row(day(2016), day(2017))) == expected


def test_a_month_follows_the_month_before_whatever_their_days_and_a_quarter_follows_none() -> None:
    """28 days before 31 are nine in ten, as 31 before 30 are: both pairs lie within a tenth of each
    other or just beside.
    """
    march, april = row(day(2016, 3), day(2016, 4)), row(day(2016, 4), day(2016, 5))
    assert follows(march, april)
    assert not follows(row(day(2016), day(2016, 4)), april)


def year(now: CellView, then: CellView | None, broken: Breaks | None = None) -> over_years.Year:
    return over_years._year(cast(BenchmarkView, None), now, then, broken)


def test_what_moved_is_now_less_then_with_the_noise_of_both() -> None:
    """90 (88 to 91) less 100 (98 to 103): down the root of 4 and 9, up that of 1 and 4. The typical
    value, 3 to 4 wide, stayed: by 5.
    """
    now = replace(KILN, best=90.0, interval=(88.0, 91.0))
    moved = year(now, KILN, Breaks("2015 v1", (), {})).moved
    assert moved["best"][0] == -10.0
    assert moved["best"][1] == pytest.approx((-10 - sqrt(13), -10 + sqrt(5)))
    assert (moved["typical"][0], *moved["typical"][1]) == pytest.approx((0.0, -5.0, 5.0))
    assert "spread" not in moved, "there is no curve"


@pytest.mark.parametrize("where", ["whole", "cell"])
def test_across_a_break_nothing_has_moved_and_the_break_is_named(where: str) -> None:
    change = (DefinitionChange("boundary", "kiln", "kiln and cooler"),)
    broken = Breaks(
        "2015 v1", change if where == "whole" else (), {CELL: change} if where == "cell" else {}
    )
    of_year = year(KILN, KILN, broken)
    assert (of_year.moved, of_year.breaks, of_year.before) == ({}, ("boundary",), "2015 v1")
    assert set(of_year.figures) == {"best", "typical"}


def test_a_figure_that_one_of_two_versions_does_not_tell_has_not_moved() -> None:
    no_typical = replace(KILN, typical=None, typical_interval=None)
    assert set(year(KILN, no_typical).moved) == {"best"}
    assert set(year(no_typical, KILN).moved) == {"best"}
    assert year(KILN, None).moved == {}


def test_published_figures_stand_as_they_are_and_what_is_worked_out_has_three_decimals() -> None:
    curve = tuple(
        CurvePoint(percent, value, (value - 1, value + 1))
        for percent, value in ((25, 100.00049), (50, 101.0), (75, 103.0))
    )
    before = replace(KILN, best=100.1234567, curve=curve)
    of_year = year(replace(KILN, best=100.1239999, curve=curve), before)
    values = dict(over_years._values(of_year))
    assert values["best"] == 100.1239999
    assert values["spread"] == 3.0  # 2.99951
    assert values["best_moved"] == 0.001  # 0.0005432
    assert (values["best_low"], values["best_high"]) == (98.0, 103.0)


def defined(*cells: CellView, **changed: Any) -> Any:
    return SimpleNamespace(
        **{
            "period": "2016",
            "version": 1,
            "pack_version": "1",
            "pack_digest": "ab" * 32,
            "cells": cells,
            **changed,
        }
    )


def labelled(*cells: CellView, **changed: str) -> Any:
    return defined(*cells, **changed, label=LabelView(cells, TOTAL, TOTAL, TOTAL, None, 24))


@pytest.mark.parametrize(
    ("after", "codes"),
    [
        ({}, ()),
        ({"boundary": "kiln and cooler"}, ("boundary",)),
        ({"unit": "GJ/t"}, ("unit",)),
        ({"ratio": 0.8}, ("ratio",)),
        ({"rule": "trimmed-best-decile"}, ("rule",)),
        ({"pooled": ((3, 2),)}, ("years",)),
        ({"firms": 9, "best": 90.0, "in_part": 1}, ()),  # who takes part is no definition
    ],
)
def test_a_cell_breaks_where_it_is_defined_otherwise(
    after: dict[str, Any], codes: tuple[str, ...]
) -> None:
    assert breaks(defined(KILN), defined(replace(KILN, **after))).codes_of(CELL) == codes


def test_of_a_cell_that_is_held_back_rule_and_years_are_not_known_to_have_changed() -> None:
    held_back = replace(HIDDEN, pooled=((3, 2),))
    for pair in ((held_back, KILN), (KILN, held_back)):
        assert not breaks(*map(defined, pair)).any


def test_the_same_version_of_a_pack_with_another_content_breaks_everything() -> None:
    other = breaks(defined(KILN), defined(KILN, pack_digest="cd" * 32))
    assert other.whole == (DefinitionChange("pack-content", "ab" * 6, "cd" * 6),)
    newer = breaks(defined(KILN), defined(KILN, pack_digest="cd" * 32, pack_version="2"))
    assert newer.whole == (DefinitionChange("pack-version", "1", "2"),), (
        "another version has another content anyway"
    )


def test_cells_that_came_and_went_are_breaks_and_years_are_told_by_the_longest() -> None:
    mill = replace(KILN, step="raw-milling")
    both = breaks(defined(KILN), defined(mill))
    assert (both.codes_of(CELL), both.codes_of(LabelKey.of(mill))) == (("gone",), ("new",))
    pooled = replace(KILN, pooled=((2, 5), (3, 1)))
    assert breaks(defined(KILN), defined(pooled)).cells[CELL] == (
        DefinitionChange("years", "1", "1-3"),
    )


def table(
    broken: Breaks | None, *cells: CellView, bands: dict[str, Any] | None = None
) -> list[dict[str, str]]:
    head = dict.fromkeys(
        (
            "pack",
            "pack_version",
            "jurisdiction",
            "route",
            "period",
            "version",
            "status",
            "published_on",
            "source",
        ),
        "x",
    )
    document = {**head, "product": "cement", "steps": [{"bands": bands}] * len(cells)}
    label = LabelView(
        cells,
        TOTAL,
        replace(TOTAL, value=95.0),
        replace(TOTAL, value=110.0),
        "trimmed-best-five",
        24,
    )
    return list(csv.DictReader(io.StringIO(csv_of(document, label, broken))))


def test_the_schema_of_the_api_has_every_field_of_a_signed_step() -> None:
    assert set(document._cell(KILN, None)) == set(BenchmarkStepSerializer().fields)


def test_a_total_breaks_where_a_step_that_enters_it_does() -> None:
    beside = replace(KILN, metric="electricity", headline=False)
    for before, codes in (
        ((replace(KILN, boundary="a"), beside), "boundary"),
        ((KILN, replace(beside, boundary="a")), ""),
        ((KILN, beside, replace(beside, step="raw-milling")), ""),
        ((beside,), "summands new"),
        ((KILN, beside, replace(KILN, step="raw-milling")), "summands gone"),
    ):
        broken = breaks_with_totals(labelled(*before, period="2015"), labelled(KILN, beside))
        rows = table(broken, KILN, beside)
        assert [line["breaks"] for line in rows[2:]] == [codes] * 3
        assert {line["break_since"] for line in rows} == {"2015 v1"}
    assert {line["breaks"] for line in table(None, KILN)} == {""}


def test_totals_that_add_up_another_variant_of_a_step_break_though_both_versions_show_both() -> (
    None
):
    """Which variant enters the totals goes by where enough firms are, so that it may change within
    a version of a pack.
    """
    bars, plates = replace(KILN, variant="bars"), replace(KILN, variant="plates")
    after = bars, replace(plates, headline=False)
    broken = breaks_with_totals(labelled(replace(bars, headline=False), plates), labelled(*after))
    assert [line["breaks"] for line in table(broken, *after)] == [
        "",
        "",
        "summands",
        "summands",
        "summands",
    ]
    assert broken.any


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [("2015", "2016-Q1", ("length",)), ("2015", "2016", ()), ("2016-02", "2016-03", ())],
)
def test_a_year_and_a_quarter_are_no_series(
    before: str, after: str, codes: tuple[str, ...]
) -> None:
    broken = breaks_with_totals(labelled(KILN, period=before), labelled(KILN, period=after))
    assert (broken.codes_of(CELL), broken.codes_of_totals) == (codes, codes)


def test_the_three_totals_of_a_table_stand_in_their_own_rows_and_firms_with_several_years_are_added_up() -> (
    None
):
    cell = replace(KILN, pooled=((2, 1), (3, 4)), in_part=2)
    rows = table(None, cell, HIDDEN, bands={"quarters": [6, 5, 4, 3], "untold": 2})
    assert [(line["step"], line["best"]) for line in rows[2:]] == [
        ("route-total", "90.0"),
        ("best-reached-total", "95.0"),
        ("typical-total", "110.0"),
    ]
    assert (rows[0]["pooled_firms"], rows[0]["in_part_firms"]) == ("5", "2")
    assert [rows[0][f"quarter_{quarter}"] for quarter in (1, 2, 3, 4, "untold")] == [
        "6",
        "5",
        "4",
        "3",
        "2",
    ]
    assert (rows[0]["shown"], rows[0]["best_low"], rows[0]["typical_high"]) == (
        "true",
        "98.0",
        "124.0",
    )
    assert (rows[1]["shown"], rows[1]["best"], rows[1]["best_low"]) == ("false", "", "")
    assert (rows[1]["pooled_firms"], rows[1]["in_part_firms"]) == ("", ""), (
        "not that there are none"
    )


def versions(*states: str) -> VersionSeries:
    """Newest first, the highest number first."""
    count = len(states)
    return VersionSeries(
        tuple(
            row(day(2016), day(2017), version=count - index, status=state)
            for index, state in enumerate(states)
        )
    )


@pytest.mark.parametrize(
    ("states", "in_force", "meant"),
    [
        ((VersionStatus.PUBLISHED, VersionStatus.PUBLISHED), 2, 2),
        ((VersionStatus.WITHDRAWN, VersionStatus.PUBLISHED), 1, 1),
        (
            (VersionStatus.WITHDRAWN, VersionStatus.WITHDRAWN),
            None,
            2,
        ),  # the last that was taken back
        ((), None, None),
    ],
)
def test_who_names_no_version_means_the_one_in_force_or_the_last_withdrawn(
    states: Sequence[str], in_force: int | None, meant: int | None
) -> None:
    series = versions(*states)
    assert series.in_force == in_force
    chosen = series.row(None)
    assert (chosen.version if chosen else None) == meant
    first = series.row(1)
    assert (first.version if first else None) == (1 if states else None)
    assert series.row(9) is None


def test_a_sector_over_its_years_covers_them_from_first_to_last_day_and_bears_the_day_of_the_latest_change() -> (
    None
):
    """The version of the earlier year was published again later: its day counts."""
    rows = [
        row(day(2015), day(2016), published_at=datetime(2018, 3, 4, 12, tzinfo=UTC)),
        row(
            day(2016),
            day(2017),
            published_at=datetime(2017, 6, 1, 12, tzinfo=UTC),
            jurisdiction="cn",
        ),
    ]
    linked = sector_json_ld(
        rows, "Cement", "https://portal.example/cement/", ["a", "b"], "Ministry"
    )
    assert linked["dateModified"] == "2018-03-04"
    assert linked["temporalCoverage"] == "2015-01-01/2016-12-31"
    assert linked["spatialCoverage"]["identifier"] == "cn"
    assert [form["contentUrl"].rsplit("/", 1)[-1] for form in linked["distribution"]] == [
        "sector.csv",
        "sector.parquet",
    ]


def test_a_sector_covers_the_days_until_the_last_of_any_version() -> None:
    """The version that began last need not be the one that ends last: here a third quarter beside a
    year of another group.
    """
    rows = [
        row(day(2016), day(2017), published_at=day(2017, 6)),
        row(day(2016, 7), day(2016, 10), published_at=day(2017, 6), period="2016-Q3"),
    ]
    linked = sector_json_ld(
        rows, "Cement", "https://portal.example/cement/", ["a", "b"], "Ministry"
    )
    assert linked["temporalCoverage"] == "2016-01-01/2016-12-31"


def cited(**changed: Any) -> BenchmarkView:
    fields = {
        "pack": "cement",
        "jurisdiction": "cn/he",
        "route": "dry-process",
        "period": "2016-01-01/2016-07-01",
        "version": 3,
    }
    days = {"published_on": date(2017, 6, 1), "withdrawn_on": None}
    return cast(BenchmarkView, SimpleNamespace(**fields, **days, **changed))


def test_a_citation_escapes_what_means_something_else_to_its_reader_and_bears_the_day() -> None:
    bib = citation.bibtex(
        cited(), "Best & typical, 95 %", "https://portal.example/", "ab", "Ministry & Co"
    )
    assert bib.splitlines()[:5] == [
        "@misc{steplabel-cement-cn.he-dry-process-2016-01-01_2016-07-01-v3,",
        "  author = {{Ministry \\& Co}},",
        "  title = {{Best \\& typical, 95 \\%}},",
        "  year = {2017},",
        "  month = {6},",
    ]
    ris = citation.ris(cited(), "Best & typical", "https://portal.example/", "ab", "Ministry")
    assert "DA  - 2017/06/01\r\n" in ris
    assert "TI  - Best & typical\r\n" in ris
    assert "ET  - 3\r\n" in ris


def test_every_letter_that_means_something_to_tex_is_escaped_and_no_brace_is_left_open() -> None:
    """BibTeX counts braces that stand behind a backslash, too."""
    author, title = citation.bibtex(
        cited(), "A_1 {open", "https://portal.example/", "ab", r"No #1 $ \ ~ ^"
    ).splitlines()[1:3]
    assert (
        author == r"  author = {{No \#1 \$ \textbackslash{} \textasciitilde{} \textasciicircum{}}},"
    )
    assert title == r"  title = {{A\_1 \textbraceleft{}open}},"


def test_a_version_that_was_withdrawn_is_cited_with_the_day() -> None:
    withdrawn = cited()
    cast(Any, withdrawn).withdrawn_on = date(2018, 1, 2)
    for record in (citation.bibtex, citation.ris):
        assert "CC BY 4.0. Withdrawn on 2018-01-02." in record(withdrawn, "t", "a", "d", "p")


def test_the_address_of_a_version_is_one_path_whatever_its_jurisdiction_and_period_hold() -> None:
    assert (
        citation.api_url(cited())
        == "/api/v1/benchmarks/cement/cn.he/dry-process/2016-01-01%2F2016-07-01/v3/"
    )


DRAFT: dict[str, Any] = {
    "status": VersionStatus.DRAFT,
    "waiting": False,
    "overtaken": False,
    "own": False,
    "hold": False,
    "shown": 4,
}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, ""),
        ({"shown": 1}, ""),
        ({"shown": 0}, "nothing-shown"),
        ({"hold": True, "shown": 0}, "gate-holds"),  # it may have something to show later
        ({"own": True, "hold": True}, "own-draft"),
        (
            {"overtaken": True, "own": True, "hold": True},
            "newer-published",
        ),  # who drafted it may discard it
        (
            {"waiting": True, "overtaken": True, "own": True},
            "newer-published",
        ),  # its time will come in vain
        ({"waiting": True, "own": True}, "is-scheduled"),
        ({"status": VersionStatus.PUBLISHED, "waiting": True}, "not-a-draft"),
    ],
)
def test_the_first_obstacle_to_publishing_is_the_one_that_is_told(
    changed: dict[str, Any], code: str
) -> None:
    state = DRAFT | changed
    assert obstacle_by_state(state.pop("status"), **state) == code
