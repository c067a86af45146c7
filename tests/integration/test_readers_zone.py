"""Two people in two zones read the same moments, each in their own; days of the scheme are the same
for everybody.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal import keys
from portal.accounts.models import User
from portal.accounts.reading import read_in
from portal.days import scheme_day
from portal.intake import receiving as intake
from portal.notifications import telling
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Mail, Notice
from portal.web import page_cache
from portal.web.middleware import zones
from portal.web.templatetags.steplabel import day, moment
from tests.integration.portal_cast import Cast, make_cast, signed_in
from tests.integration.post import letter_to

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

EVENING = datetime(2017, 4, 20, 18, 30, tzinfo=UTC)
"""The next morning in Shanghai (02:30), afternoon of the same day in New York (14:30, summer
time).
"""


def build_scene() -> Cast:
    cast = make_cast(9)
    plant = cast.plants[0]
    intake.receive(
        plant.envelope(cast.pack), keys.published_directory(), keys.receipt_key(), EVENING
    )
    return cast


def test_two_people_read_one_moment_in_two_zones(cast: Cast) -> None:
    read_in(cast.plants[0].owner, "America/New_York")
    away = signed_in(cast.plants[0].owner).get(reverse("web:submissions")).content.decode()
    assert '<time datetime="2017-04-20T14:30:00-04:00">20 April 2017, 14:30</time>' in away
    assert "Times are shown in UTC−" in away
    read_in(cast.plants[0].owner, "Asia/Shanghai")
    home = signed_in(cast.plants[0].owner).get(reverse("web:submissions")).content.decode()
    assert '<time datetime="2017-04-21T02:30:00+08:00">21 April 2017, 02:30</time>' in home
    assert "Times are shown in UTC+8." in home
    chinese = signed_in(cast.plants[0].owner)
    chinese.cookies["django_language"] = "zh-hans"
    assert "时间为 UTC+8。" in chinese.get(reverse("web:submissions")).content.decode()


def test_without_the_middleware_everybody_would_read_the_schemes_zone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zones.ReadersZone, "zone", ZoneInfo("Asia/Shanghai"))
    read_in(cast.plants[0].owner, "America/New_York")
    assert (
        "21 April 2017, 02:30"
        in signed_in(cast.plants[0].owner).get(reverse("web:submissions")).content.decode()
    )


def test_no_zone_stays_behind_for_the_next_request(cast: Cast) -> None:
    read_in(cast.plants[0].owner, "America/New_York")
    signed_in(cast.plants[0].owner).get(reverse("web:submissions"))
    assert "Times are shown in UTC+8." in Client().get("/benchmarks/").content.decode()
    assert timezone.get_current_timezone_name() == "Asia/Shanghai"


def test_a_zone_is_chosen_on_the_account_page(cast: Cast) -> None:
    owner = cast.plants[0].owner
    client = signed_in(owner)
    assert 'value="Asia/Shanghai" selected' in client.get(reverse("mfa_index")).content.decode()
    answer = client.post(reverse("mfa_index"), {"zone": "Europe/Berlin"}, follow=True)
    assert "Your time zone is saved." in answer.content.decode()
    assert 'value="Europe/Berlin" selected' in answer.content.decode()
    client.post(reverse("mfa_index"), {"zone": "Europe/Atlantis"})
    owner.refresh_from_db()
    assert owner.zone == "Europe/Berlin", "what is not offered changes nothing"


def test_every_zone_that_is_offered_exists() -> None:
    assert all(ZoneInfo(name).key == name for name in zones.ZONES)
    assert zones.zone_of("Europe/Atlantis") is None


def test_a_mail_tells_times_in_its_readers_zone(cast: Cast) -> None:
    Notice.objects.all().delete()
    Mail.objects.all().delete()
    home, away = cast.plants[0].owner, cast.plants[1].owner
    read_in(away, "America/New_York")
    with timezone.override("Europe/Berlin"):  # whose deed it was reads in Berlin
        telling.tell(
            NoticeKind.SITE_APPROVED,
            (home.pk, away.pk),
            "web:sites",
            {},
            {"site": "works-1", "site_name": "Works 1"},
            EVENING,
        )
        assert "21 April 2017, 02:30 (UTC+8)" in letter_to(home.email)
        assert "20 April 2017, 14:30 (UTC−4)" in letter_to(away.email)


def test_days_of_the_scheme_and_cached_bodies_do_not_follow_the_reader() -> None:
    with timezone.override("America/New_York"):
        assert scheme_day(EVENING) == date(2017, 4, 21)
        assert day(EVENING) == "20 April 2017", "a moment's day is the reader's"
        assert "21 April 2017, 02:30" in page_cache.cached(
            "zone", ("a moment",), lambda: moment(EVENING)
        )
    assert "20 April 2017, 14:30" not in page_cache.cached(
        "zone", ("a moment",), lambda: moment(EVENING)
    )


def test_a_page_without_times_asks_nobody() -> None:
    class Unasked(HttpRequest):
        @property
        def user(self) -> User:  # type: ignore[override]
            raise AssertionError

    request = Unasked()
    request.path = "/status/"
    answer = zones.ReadersZoneMiddleware(lambda _request: HttpResponse("no time"))(request)
    assert answer.status_code == 200
