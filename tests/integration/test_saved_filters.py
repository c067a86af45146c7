"""A person names the filter of a list, finds it at that list and on the first page, renames and
deletes it; nobody else sees it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import SavedFilter
from portal.accounts.saved_filters import MOST
from portal.standings import computing as standings
from portal.web.lists.saved_lists import LISTS
from portal.web.presenters.regulator import TABS
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

NARROWED = "/periods/?stage=all&region=cn%2Fhe"


def build_scene() -> Cast:
    cast = make_cast(8)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    return cast


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def save(client: Client, name: str, address: str = NARROWED) -> str:
    """By the link that stands at the list, as somebody without scripts does."""
    to_save = re.search(r'href="(/saved-filters/new/[^"]+)"', page_of(client, address))
    assert to_save, "no filter is offered to be saved"
    answer = client.post(to_save[1].replace("&amp;", "&"), {"name": name}, follow=True)
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("language", "saved", "name"),
    [("en", "The filter is saved.", "Hebei, all"), ("zh-hans", "筛选条件已保存。", "河北全部")],
)
def test_a_filter_is_found_at_its_list_and_on_the_first_page(
    cast: Cast, language: str, saved: str, name: str
) -> None:
    officer = signed_in(cast.approver, language)
    after = save(officer, name)
    assert saved in after
    assert f'<b aria-current="true">{name}</b>' in after, "the list is told to be narrowed by it"
    link = f'href="{NARROWED.replace("&", "&amp;")}">{name}</a>'
    for page in (reverse("web:periods"), reverse("web:home"), reverse("mfa_index")):
        assert link in page_of(officer, page), page
    assert name not in page_of(officer, reverse("web:trail")), "not at another list"
    for other in (cast.drafter, cast.provincial):
        for page in (reverse("web:periods"), reverse("web:home"), reverse("mfa_index")):
            assert name not in page_of(signed_in(other, language), page)


def test_it_is_renamed_and_deleted_by_its_person_alone(cast: Cast) -> None:
    officer, colleague = signed_in(cast.approver), signed_in(cast.drafter)
    save(officer, "Hebei")
    save(officer, "China", "/periods/?stage=all")
    row = SavedFilter.objects.get(name="Hebei")
    rename, delete = (reverse(f"web:{act}-filter", args=[row.pk]) for act in ("rename", "delete"))
    for address in (rename, delete):
        assert colleague.get(address).status_code == 404
        colleague.post(address, {"name": "mine"})
    row.refresh_from_db()
    assert row.name == "Hebei"
    refused = officer.post(rename, {"name": "China"})
    assert (
        refused.status_code,
        "You already have a filter with this name" in refused.content.decode(),
    ) == (400, True)
    assert officer.post(rename, {"name": " "}).status_code == 400
    assert (
        "is now called “North”"
        in officer.post(rename, {"name": "North"}, follow=True).content.decode()
    )
    assert "Delete the filter “North”?" in page_of(officer, delete)
    assert SavedFilter.objects.filter(pk=row.pk).exists(), "asked, not done"
    assert "The filter “North” is deleted." in officer.post(delete, follow=True).content.decode()
    assert "North" not in page_of(officer, reverse("web:home"))
    assert officer.post(delete).status_code == 302, "sent twice"


def test_what_a_list_no_longer_knows_is_told_and_left_out(cast: Cast) -> None:
    for name, page, path, query in (
        ("field gone", "periods", "/periods/", "stage=all&carrier=coal"),
        ("list gone", "obliged-firms", "/obliged-firms/", "q=he"),
        ("value gone", "periods", "/periods/", "region=cn%2Fxx"),
    ):
        SavedFilter.objects.create(
            user=cast.approver, page=page, path=path, query=query, name=name, saved_at=NOW
        )
    officer = signed_in(cast.approver)
    for address in (reverse("web:home"), reverse("mfa_index")):
        page = page_of(officer, address)
        assert 'href="/periods/?stage=all">field gone</a>' in page
        assert "This filter also used carrier=coal, which this list no longer offers." in page
        assert "list gone</a>" not in page
        assert "This list no longer exists." in page
    narrowed = page_of(officer, "/periods/?region=cn%2Fxx")
    assert "cn/xx (no longer in this list)" in narrowed
    assert "No period matches this filter." in narrowed


def test_a_filter_of_one_period_serves_the_others_of_its_list(cast: Cast) -> None:
    officer = signed_in(cast.approver)
    here = reverse("web:period", args=[cast.group.pk, PERIOD, "reports"])
    save(officer, "small ones", f"{here}?size=small&q=&state=")
    assert f'href="{here}?size=small">small ones</a>' in page_of(officer, here)
    SavedFilter.objects.update(
        path=reverse("web:period", args=[cast.group.pk + 9, "2015", "reports"])
    )
    assert f'href="{here}?size=small">small ones</a>' in page_of(officer, here)


def test_a_filter_of_a_period_that_never_was_is_named_as_it_was_typed(cast: Cast) -> None:
    officer = signed_in(cast.approver)
    of = quote(f"/periods/{cast.group.pk}/2026-13/reports/?state=late", safe="")
    officer.post(f"/saved-filters/new/?of={of}", {"name": "typed"})
    assert SavedFilter.objects.filter(name="typed").exists()
    for address in (reverse("web:home"), reverse("mfa_index")):
        assert "2026-13" in page_of(officer, address)


def test_every_list_with_a_filter_can_keep_it_and_knows_its_fields(cast: Cast) -> None:
    period = [cast.group.pk, PERIOD]
    officer, owner = signed_in(cast.approver), signed_in(cast.plants[0].owner)
    args: dict[str, list[Any]] = {
        "record": [cast.plants[0].site.organisation_id],
    }
    for name, listing in LISTS.items():
        client = owner if name == "record" else officer
        address = (
            reverse("web:period", args=[*period, name])
            if name in TABS
            else reverse(f"web:{name}", args=args.get(name))
        )
        page = page_of(client, f"{address}?{listing.fields[0]}=x")
        assert (
            f"/saved-filters/new/?of={quote(address + '?' + listing.fields[0] + '=x', safe='')}"
            in page
        ), name
        form = re.search(r'<form class="sl-filter" method="get".*?</form>', page, re.DOTALL)
        if form:
            assert set(re.findall(r'name="(\w+)"', form[0])) <= {*listing.fields, "sort"}, name
        assert "/saved-filters/new/" not in page_of(client, address), "nothing is narrowed"


def test_an_address_that_is_no_list_of_ours_is_not_kept_nor_led_to(cast: Cast) -> None:
    officer = signed_in(cast.approver)
    for of in (
        "",
        "/periods/",
        "/about/?stage=all",
        "https://example.org/periods/?stage=all",
        "//example.org/periods/?stage=all",
        "/periods/?x=1",
    ):
        assert (
            officer.post(f"/saved-filters/new/?of={quote(of)}", {"name": "x"}).status_code == 404
        ), of
    SavedFilter.objects.bulk_create(
        SavedFilter(
            user=cast.approver,
            page="periods",
            path="/periods/",
            query="stage=all",
            name=f"{n}",
            saved_at=NOW,
        )
        for n in range(MOST)
    )
    assert (
        "the most that can be stored"
        in officer.post(
            f"/saved-filters/new/?of={quote(NARROWED)}", {"name": "more"}
        ).content.decode()
    )
