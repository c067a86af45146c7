"""Two peer groups alike in pack, route and period, of two jurisdictions: each has its own address,
numbers, files and citation.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.test import Client

from portal import keys
from portal.accounts.models import Jurisdiction, Organisation, Role
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import close_period, open_period
from portal.publication import drafting, publishing, selectors
from portal.publication.models import Publication
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    make_plant,
    open_waiting,
    person,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

HERE, THERE = (
    f"/benchmarks/cement/{jurisdiction}/dry-process/{PERIOD}/"
    for jurisdiction in ("cn", "xx.north")
)
API = "/api/v1/benchmarks/cement"


def build_scene() -> Cast:
    cast = make_cast(plants=10)
    send(cast, 0)
    publish(cast)
    return cast


@pytest.fixture
def beside(cast: Cast) -> Cast:
    """Another jurisdiction with ten works of its own, alike in all else; it publishes a day later,
    and twice.
    """
    nation = Jurisdiction.objects.create(path="xx", name="Xanadu", level="nation")
    north = Jurisdiction.objects.create(
        path="xx/north", name="North", name_zh="北方", level="province", parent=nation
    )
    office = Organisation.objects.create(name="Office", kind=Role.REGULATOR, jurisdiction=north)
    plants = [make_plant(number, north, cast.pack) for number in range(101, 111)]
    group = make_peer_group("cement", north, [plant.site for plant in plants])
    neighbour = Cast(
        **{
            name: getattr(cast, name)
            for name in ("pack", "province", "provincial", "stranger", "auditor", "body")
        },
        nation=north,
        drafter=person("drafter@north.example", office, Role.REGULATOR),
        approver=person("approver@north.example", office, Role.REGULATOR),
        group=group,
        period=open_period(group, PERIOD, "test", NOW),
        plants=plants,
    )
    send(neighbour, 7)
    publish(neighbour)
    return neighbour


def send(cast: Cast, shift: int) -> None:
    for number, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=number + shift - 5))
    open_waiting()


def publish(cast: Cast) -> Publication:
    drafted = drafting.draft(cast.period, cast.drafter, NOW)
    return publishing.publish(drafted, cast.approver, keys.receipt_key(), NOW + timedelta(days=1))


def test_each_has_its_own_page_file_and_document(beside: Cast, client: Client) -> None:
    by_place = {}
    for jurisdiction, address, name in (("cn", HERE, "China"), ("xx/north", THERE, "North")):
        page = client.get(f"{address}v1/").content.decode()
        rows = list(
            csv.DictReader(io.StringIO(client.get(f"{address}v1/benchmark.csv").content.decode()))
        )
        document = json.loads(client.get(f"{address}v1/benchmark.json").content)
        assert name in page
        assert {row["jurisdiction"] for row in rows} == {jurisdiction}
        assert document["jurisdiction"]["path"] == jurisdiction
        assert (
            document
            == client.get(f"{API}/{jurisdiction.replace('/', '.')}/dry-process/{PERIOD}/v1/").json()
        )
        assert (
            document
            == client.get(f"{API}/{jurisdiction.replace('/', '.')}/dry-process/{PERIOD}/").json()
        )
        assert f"cement, {name}, {PERIOD}, version 1" in document["source"]
        cited = client.get(f"{address}v1/benchmark.bib").content.decode()
        assert f"testserver{address}v1/" in cited
        assert name in cited
        assert client.get(f"{address}v1/benchmark.pdf").content.startswith(b"%PDF")
        by_place[jurisdiction] = (document["route_total"]["value"], cited)
    assert by_place["cn"][0] != by_place["xx/north"][0]
    assert by_place["cn"][1] != by_place["xx/north"][1]


def test_the_sectors_the_search_and_the_api_tell_them_apart(beside: Cast, client: Client) -> None:
    both = client.get("/").content.decode()
    assert f"{HERE}v1/" in both
    assert "/sectors/cement/xx.north/dry-process/" in both
    assert f"{THERE}v1/" in client.get("/sectors/cement/xx.north/dry-process/").content.decode()
    text = client.get("/search/", {"words": "cement north"}).content.decode()
    assert f"{THERE}v1/" in text
    assert f"{HERE}v1/" not in text
    assert f"{THERE}v1/" in client.get("/search/", {"words": "北方"}).content.decode()
    listed = {
        row["jurisdiction"]["path"]: row["url"] for row in client.get("/api/v1/benchmarks/").json()
    }
    assert listed == {
        "cn": f"{API}/cn/dry-process/{PERIOD}/v1/",
        "xx/north": f"{API}/xx.north/dry-process/{PERIOD}/v1/",
    }


def test_versions_withdrawals_and_comparisons_stay_with_their_jurisdiction(
    beside: Cast, client: Client
) -> None:
    publishing.withdraw(
        Publication.objects.get(period=beside.period), beside.drafter, "Of the north alone.", NOW
    )
    assert "Of the north alone." in client.get(f"{THERE}v1/").content.decode()
    assert "Of the north alone." not in client.get(f"{HERE}v1/").content.decode()
    assert client.get(f"{HERE}v1/benchmark.csv").headers["Steplabel-Status"] == "published"
    assert len(selectors.series("cement", PERIOD, "dry-process", "cn").rows) == 1
    assert client.get(f"{HERE}v1/?against=2").status_code == 404


def test_groups_of_one_jurisdiction_by_two_packs_share_one_row_of_numbers(cast: Cast) -> None:
    """Pack versions do not stand in the address: of two groups by different ones each number is
    given once.
    """
    group = make_peer_group(
        "cement", cast.nation, [plant.site for plant in cast.plants], route="dry-process"
    )
    assert group == cast.group, "one group a pack version; the other is made by hand"
    group.pk, group.pack_version = None, "0"
    group.save()
    close_period(cast.period, "test", NOW)
    other = open_period(group, PERIOD, "test", NOW)
    assert drafting.next_version(cast.period) == drafting.next_version(other) == 2
