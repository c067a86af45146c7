"""A sector over two years: what it could save and what moved, on its page and as open data; and who
joined between the two.
"""

from __future__ import annotations

import csv
import io
import json

import pyarrow.parquet as pq
import pytest
from django.test import Client

from benchmarks.disclosure import GateReason, GateResult
from portal import keys
from portal.catalogue.periods import open_period
from portal.publication import drafting, publishing
from portal.publication.codebook import OVER_YEARS
from portal.publication.document import BenchmarkScope, document_of
from portal.publication.models import Publication
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    draft_page,
    make_cast,
    open_waiting,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"], transaction=True),
    pytest.mark.usefixtures("portal_keys"),
]

FIRMS, BEFORE = 14, "2015"
PAGE = "/sectors/cement/cn/dry-process/"


def drafted(cast: Cast, period: str, firms: int, *, best_first: bool = True) -> Publication:
    """A year in which the first so many plants report what they always do: of the first the least,
    or of the last.
    """
    opened = cast.period if period == PERIOD else open_period(cast.group, period, "test", NOW)
    for index, plant in enumerate(cast.plants[:firms]):
        shift = index if best_first else FIRMS - index
        deliver(plant.envelope(cast.pack, shift=shift, period=period))
    open_waiting()
    return drafting.draft(opened, cast.drafter, NOW)


def published(cast: Cast, period: str, firms: int, *, best_first: bool = True) -> Publication:
    draft = drafted(cast, period, firms, best_first=best_first)
    return publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)


def rows_of(client: Client) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"{PAGE}sector.csv").content.decode())))


def test_two_years_on_a_page_and_as_open_data(client: Client) -> None:
    cast = make_cast(FIRMS)
    assert client.get(PAGE).status_code == 404
    published(cast, BEFORE, FIRMS)
    newest = published(cast, PERIOD, FIRMS)
    english = client.get(PAGE).content.decode()
    chinese = client.get(PAGE, headers={"accept-language": "zh-hans"}).content.decode()
    sentences = {
        "en": (
            "No clear change since 2015",
            "if all came down to the best",
            "version 1",
            "not reported separately",
        ),
        "zh": ("无明显变化", "若全部降到最优值", "第 1 版", "未单独上报"),
    }
    for page, words in ((english, sentences["en"]), (chinese, sentences["zh"])):
        assert all(word in page for word in words)
    rows = rows_of(client)
    assert {entry["period"] for entry in rows} == {BEFORE, PERIOD}
    assert list(rows[0]) == [column.name for column in OVER_YEARS]
    assert newest.document is not None
    signed = {(step["step"], step["metric"]): step for step in newest.document["steps"]}
    worked_out = [
        row[name] for row in rows for name in row if name.startswith("spread") or "_moved" in name
    ]
    assert any(worked_out)
    assert max(len(figure.partition(".")[2]) for figure in worked_out) <= 3, (
        "no finer than a label's grid"
    )
    for row in rows:
        moved = row["best_moved"], row["typical_moved"]
        if row["period"] == BEFORE:
            assert (row["break_since"], *moved) == ("", "", "")
            continue
        assert row["digest"] == newest.digest
        assert (row["break_since"], row["breaks"]) == (f"{BEFORE} v1", "")
        assert float(row["best_moved_low"]) <= 0 <= float(row["best_moved_high"])
        step = signed[row["step"], row["metric"]]
        by_target = {saving["to"]: saving for saving in step["potential"]}
        assert by_target["best"]["value"] == pytest.approx(float(row["saved_at_best"]))
        assert {"typical", "best"} == by_target.keys() | set(step["potential_withheld"])
    read = pq.read_table(io.BytesIO(client.get(f"{PAGE}sector.parquet").content))
    assert [record["best"] for record in read.to_pylist()] == [float(row["best"]) for row in rows]
    linked = json.loads(client.get(f"{PAGE}sector.jsonld").content)
    assert linked["@id"].endswith(PAGE)
    assert [address.rsplit("/", 3)[-3] for address in linked["isBasedOn"]] == [BEFORE, PERIOD]


def test_february_is_held_against_january_and_not_against_the_last_month_of_thirty_days(
    client: Client,
) -> None:
    cast = make_cast(FIRMS)
    for month in ("2014-11", "2015-01", "2015-02", "2015-03"):
        published(cast, month, FIRMS)
    before = {row["period"]: row["break_since"] for row in rows_of(client)}
    assert before == {
        "2014-11": "",
        "2015-01": "2014-11 v1",
        "2015-02": "2015-01 v1",
        "2015-03": "2015-02 v1",
    }


def test_the_table_of_a_version_names_the_same_version_before_as_that_of_its_sector(
    client: Client,
) -> None:
    """A year is not held against the month that was published last before it, here nor there."""
    cast = make_cast(FIRMS)
    for period in ("2014", "2015-12", PERIOD):
        published(cast, period, FIRMS)
    of_sector = {row["period"]: row["break_since"] for row in rows_of(client)}
    assert of_sector == {"2014": "", "2015-12": "", PERIOD: "2014 v1"}
    for period, before in of_sector.items():
        text = client.get(
            f"/benchmarks/cement/cn/dry-process/{period}/v1/benchmark.csv"
        ).content.decode()
        assert {row["break_since"] for row in csv.DictReader(io.StringIO(text))} == {before}


def test_who_joined_between_two_years_is_not_told_by_what_they_could_save(client: Client) -> None:
    cast = make_cast(FIRMS)
    published(cast, BEFORE, FIRMS - 1)
    newest = published(cast, PERIOD, FIRMS)
    assert newest.document is not None
    shown = [step for step in newest.document["steps"] if step["gate"]["shown"]]
    assert shown
    assert all(step["potential"] == [] and "best" in step["potential_withheld"] for step in shown)
    assert "too few firms would contribute to it" in client.get(PAGE).content.decode()


def test_the_best_of_a_year_in_which_the_best_firm_joined_is_withheld_and_the_second_person_reads_why(
    client: Client,
) -> None:
    cast = make_cast(FIRMS)
    published(cast, BEFORE, FIRMS - 1, best_first=False)
    draft = drafted(cast, PERIOD, FIRMS, best_first=False)
    decided = {cell.measure: cell for cell in GateResult.from_json(draft.gate).cells}
    assert (decided["step"].shown, decided["step"].reason_code) == (False, GateReason.YEARS)
    client.force_login(cast.approver)
    page = draft_page(draft)
    english = client.get(page).content.decode()
    chinese = client.get(page, headers={"accept-language": "zh-hans"}).content.decode()
    for text, words in (
        (
            english,
            (
                "Difference from other years",
                f"{BEFORE}/v1, which is of another year, it could reveal a firm",
            ),
        ),
        (chinese, ("与其他年度的差异", "可推算出生产厂区仅在其中一年上报的企业")),
    ):
        assert all(word in text for word in words)


def test_a_sector_of_which_nothing_is_shown_has_a_page(client: Client) -> None:
    """Where the gate holds all of the newest version back; a regulator publishes none such, but a
    pack's policy may change.
    """
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    first = drafting.draft(cast.period, cast.drafter, NOW)
    document = document_of(
        GateResult.from_json(first.gate),
        first.explanation,
        first.version,
        NOW.date(),
        BenchmarkScope.of(cast.nation),
    )
    publishing.let_out(
        first,
        publishing.ApprovedVersion(first.gate, first.explanation, document),
        cast.approver.pk,
        NOW,
        "",
    )
    assert client.get(PAGE).status_code == 200
    assert rows_of(client) == []
    assert client.get(f"{PAGE}sector.jsonld").status_code == 200
