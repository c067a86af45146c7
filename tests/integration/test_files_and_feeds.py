"""Every table as a workbook with the same rows, publications as a feed, a map of public addresses,
and lists in GBK.
"""

from __future__ import annotations

import csv
import io
import re

import pytest
from defusedxml.ElementTree import fromstring
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from portal import keys
from portal.accounts.models import Site
from portal.assurance.assigning import assign
from portal.catalogue.obliged_rows import read_list
from portal.publication import drafting, publishing
from portal.standings import computing as standings
from portal.web.lists import obliged_files
from portal.web.lists.workbooks import workbook_of
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(10)
    for number, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=number))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    return cast


def rows_of(raw: bytes) -> list[list[str]]:
    sheet = load_workbook(io.BytesIO(raw)).active
    return [
        ["" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)
    ]


def test_a_workbook_has_the_rows_of_the_csv(cast: Cast) -> None:
    Site.objects.filter(slug="works-1").update(name="=1+1")
    parts = [cast.group.pk, cast.period.name]
    for client, name, args in (
        (signed_in(cast.approver), "participation", parts),
        (signed_in(cast.approver), "periods", []),
        (signed_in(cast.plants[0].owner), "our-plant", ["works-1"]),
    ):
        text = client.get(reverse(f"web:{name}-csv", args=args)).content.decode("utf-8-sig")
        answer = client.get(reverse(f"web:{name}-xlsx", args=args))
        assert answer.headers["Content-Disposition"].endswith('.xlsx"')
        rows, wanted = rows_of(answer.content), list(csv.reader(io.StringIO(text)))
        assert len(rows) == len(wanted) > 1
        assert rows[0] == wanted[0]
    assert signed_in(cast.plants[0].owner).get(reverse("web:periods-xlsx")).status_code == 403


def test_a_workbook_runs_nothing_and_keeps_numbers_as_numbers() -> None:
    book = load_workbook(io.BytesIO(workbook_of("a,b,c,d\r\n'=1+1,12.5,007,-3\r\n")))
    cells = next(iter(book.active.iter_rows(min_row=2)))
    assert [cell.value for cell in cells] == ["=1+1", 12.5, "007", -3]
    assert [cell.data_type for cell in cells] == ["s", "n", "s", "n"]


def test_our_plant_is_a_table_of_ones_own_values(cast: Cast) -> None:
    text = (
        signed_in(cast.plants[0].owner)
        .get(reverse("web:our-plant-csv", args=["works-1"]))
        .content.decode("utf-8-sig")
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["site"] for row in rows} == {"works-1"}
    assert all(float(row["low"]) <= float(row["high"]) for row in rows)
    assert any(row["industry_best"] for row in rows)
    route = rows[-1]
    assert (route["step"], bool(route["industry_best"])) == ("whole-route", True)
    assert all(re.fullmatch(r"-?\d+(\.\d{1,6})?", row["protected_best"]) for row in rows)


def test_publications_and_withdrawals_are_a_feed_and_every_version_is_on_the_map(
    cast: Cast,
) -> None:
    feed = Client().get(reverse("web:feed"))
    assert feed.headers["Content-Type"].startswith("application/atom+xml")
    entries = fromstring(feed.content).findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 1
    assert "Withdrawn" not in feed.content.decode()
    row = cast.period.publications.get()
    publishing.withdraw(row, cast.approver, "A meter was counted twice.", NOW)
    assert "Withdrawn: Cement" in Client().get(reverse("web:feed")).content.decode()
    listed = fromstring(Client().get(reverse("web:sitemap")).content)
    addresses = [
        location.text or ""
        for location in listed.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert any(address.endswith("/v1/") for address in addresses)
    assert all(
        Client().get(address.removeprefix("http://testserver")).status_code == 200
        for address in addresses
    )


def test_a_list_of_the_obliged_may_be_in_gbk(cast: Cast) -> None:
    """As spreadsheets in China save it: the note is no UTF-8 there, and the sites are read."""
    note = "\u6c34\u6ce5"
    text = f"site,cohort,note\r\nworks-1,thousand,{note}\r\n"
    for encoding in ("utf-8-sig", "gbk", "gb18030"):
        entries, faults = read_list(obliged_files.rows_of(text.encode(encoding))[0], cast.group)
        assert (faults, [(entry.site, entry.cohort) for entry in entries]) == (
            (),
            [("works-1", "thousand")],
        )
    assert obliged_files.rows_of(b"site\r\n\xff\xff\xff")[1]


def test_lists_say_in_words_what_their_codes_mean_and_keep_the_codes(cast: Cast) -> None:
    """In the reader's language; codes stand where they stood, for who reads by column."""
    assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    standings = reverse("web:standings-csv", args=[cast.group.pk, PERIOD])
    for language, step, course in (
        ("en", "Clinker burning", "Under way"),
        ("zh-hans", "熟料烧成", "进行中"),
    ):
        office, firm = (Client(headers={"Accept-Language": language}) for _one in range(2))
        office.force_login(cast.approver)
        firm.force_login(cast.plants[0].owner)
        for reader, address, column in (
            (office, standings, 3),
            (firm, reverse("web:our-plant-csv", args=["works-1"]), 2),
        ):
            _head, *rows = csv.reader(reader.get(address).content.decode("utf-8-sig").splitlines())
            words = {row[column]: row[-2] for row in rows}
            assert words["clinker-burning"] == step, address
        (_head, row) = csv.reader(
            office.get(reverse("web:assignments-csv")).content.decode("utf-8-sig").splitlines()
        )
        assert (row[6], row[-1]) == ("under-way", course)
