"""What the portal says about itself and whether it works; finding a benchmark by its words."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from portal import keys
from portal.intake import worker_seen
from portal.intake.models import Submission
from portal.publication import drafting, publishing
from portal.settings.redis_caches import redis_caches
from portal.web import about
from portal.web.sight import readiness
from tests.integration.portal_cast import NOW, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    return cast


@pytest.fixture
def published(cast: Cast) -> Cast:
    open_waiting()
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    return cast


def test_every_text_about_the_portal_is_written_in_both_languages() -> None:
    texts = list(about.texts())
    assert len(texts) >= 50
    assert not [text for text in texts if re.search(r"[\u4e00-\u9fff]", text)]
    with translation.override("zh-hans"):
        assert not [
            text
            for text in texts
            if not re.search(r"[\u4e00-\u9fff]|kgce", translation.gettext(text))
        ]


def test_the_page_about_the_portal_is_in_the_language_of_the_reader(client: Client) -> None:
    for language, of_it in (("en", r"[A-Za-z]{4,}"), ("zh-hans", r"[\u4e00-\u9fff]{4,}")):
        main = (
            client.get("/about/", headers={"accept-language": language})
            .content.decode()
            .split("<main")[1]
            .split("</main>")[0]
        )
        assert len(re.findall(of_it, re.sub(r"<[^>]*>", " ", main))) > 200


@pytest.fixture
def worker(portal_keys: object) -> None:
    """Seen just now, with a key."""
    worker_seen.write([keys.processing_key().key_id], timedelta(0), timezone.now())


@pytest.mark.usefixtures("worker")
def test_all_is_well_where_all_is_well(client: Client) -> None:
    answer = client.get("/status/")
    assert answer.status_code == 200
    assert "Everything works." in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.usefixtures("worker")
def test_a_report_that_waits_too_long_tells_that_the_worker_is_gone(
    client: Client, cast: Cast
) -> None:
    now = timezone.now()
    Submission.objects.update(received_at=now - readiness.TOO_LONG + timedelta(minutes=1))
    assert client.get("/status/").status_code == 200
    Submission.objects.filter(site=cast.plants[0].site).update(
        received_at=now - readiness.TOO_LONG - timedelta(minutes=1)
    )
    answer = client.get("/status/")
    assert answer.status_code == 503
    assert "waiting to be opened" in answer.content.decode()
    open_waiting()
    assert client.get("/status/").status_code == 200


def test_without_the_database_the_page_still_answers_and_names_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError('connection to server at "db.internal" (10.0.0.7), port 5432 failed')

    monkeypatch.setattr(readiness, "waiting_since", away)
    answer = client.get("/status/")
    assert answer.status_code == 503
    text = answer.content.decode()
    assert "You cannot read or submit anything." in text
    assert "Not known" in text
    assert "db.internal" not in text
    assert "5432" not in text


def test_a_broker_that_is_away_is_said(client: Client, settings: Settings) -> None:
    settings.CACHES = redis_caches("redis://127.0.0.1:9/0")
    answer = client.get("/status/")
    assert answer.status_code == 503
    assert "opened a little later" in answer.content.decode()
    assert "127.0.0.1" not in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    ["cement", "水泥", "clinker burning", "熟料烧成", "clinker-burning", "2016 熟料", "GRINDING"],
)
def test_a_benchmark_is_found_by_sector_product_and_step_in_either_language(
    client: Client, published: Cast, query: str
) -> None:
    for language in ("en", "zh-hans"):
        assert (
            "/benchmarks/cement/cn/dry-process/2016/v1/"
            in client.get(
                "/search/", {"words": query}, headers={"accept-language": language}
            ).content.decode()
        )


@pytest.mark.parametrize("query", ["aluminium", "转炉", "2017", "cement glass"])
def test_what_no_benchmark_has_finds_none(client: Client, published: Cast, query: str) -> None:
    assert (
        "/benchmarks/cement/cn/dry-process/2016/v1/"
        not in client.get("/search/", {"words": query}).content.decode()
    )
