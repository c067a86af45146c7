"""Packs with their versions and what changed between them; periods opened and closed by a regulator
of the whole scope.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from benchmarks import packs
from benchmarks.packs.changes import FieldChange, changes
from portal.auditlog.models import Event
from portal.catalogue import peer_groups, periods
from portal.catalogue.models import ReportingPeriod
from portal.problems import RefusedError
from portal.web.addresses import differences_url
from tests.integration.portal_cast import NOW, PERIOD, Cast, make_cast, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]


def build_scene() -> Cast:
    return make_cast(2)


TO_COME = date(2099, 3, 31)


@pytest.mark.usefixtures("two_versions")
def test_versions_stand_newest_first_and_only_what_differs_is_a_change() -> None:
    new, old = packs.versions("cement")
    assert (new.version, old.version) == ("2", "1")
    assert changes(old, new) == (FieldChange(("words", "en"), old.words.en, f"New {old.words.en}"),)
    assert changes(new, new) == ()


@pytest.mark.usefixtures("two_versions")
def test_the_versions_of_a_pack_lead_to_what_changed_between_them(cast: Cast) -> None:
    officer = signed_in(cast.approver.email)
    assert reverse("web:about") in officer.get(reverse("web:periods")).content.decode()
    against = officer.get(differences_url("cement", "2", "1")).content.decode()
    assert "words › en" in against
    version = officer.get(reverse("web:method-version", args=["cement", "2"])).content.decode()
    assert "Clinker: comprehensive energy per unit of product, level 1" in version, (
        "a limit is called as it is beside the ladder"
    )
    assert packs.digest(packs.load("cement")).hex() in version
    about = officer.get(reverse("web:about")).content.decode()
    assert reverse("web:method-version", args=["cement", "2"]) in about


def test_a_regulator_of_the_whole_scope_opens_and_closes_a_period(cast: Cast) -> None:
    officer = signed_in(cast.approver.email)
    address = reverse("web:open-period", args=[cast.group.pk])
    past = officer.post(address, {"name": "2018"})
    assert past.status_code == 400
    assert "Reports of 2018 would have been due on 2019-03-31" in past.content.decode()
    assert not ReportingPeriod.objects.filter(name="2018").exists()
    early = officer.post(address, {"name": "2018", "due": "2018-12-31"})
    assert "cannot be due before their period has ended" in early.content.decode()
    done = officer.post(address, {"name": "2018", "due": "2099-03-31"}, follow=True)
    assert (
        "The period 2018 is open for reports; they are due on 31 March 2099."
        in done.content.decode()
    )
    assert [
        event.actor
        for event in Event.objects.filter(action="period.opened", subject="period cement/2018")
    ] == [cast.approver.email]
    closing = reverse("web:close-period", args=[cast.group.pk, "2018"])
    assert "A closed period cannot be opened again" in officer.get(closing).content.decode()
    assert "is closed for reports" in officer.post(closing, follow=True).content.decode()
    assert ReportingPeriod.objects.get(name="2018").closed_at is not None
    assert (
        officer.post(reverse("web:close-period", args=[cast.group.pk, "2031"])).status_code == 404
    )


@pytest.mark.parametrize("name", ["last year", "9998-10-15/9999-11-01"])
def test_what_is_no_period_is_refused_beside_the_field(cast: Cast, name: str) -> None:
    answer = signed_in(cast.approver.email).post(
        reverse("web:open-period", args=[cast.group.pk]), {"name": name}
    )
    assert answer.status_code == 400
    assert 'id="id_name_error"' in answer.content.decode()


def test_a_period_before_the_pack_is_in_force_is_not_opened(cast: Cast) -> None:
    first = cast.pack.effective_from.year
    with pytest.raises(RefusedError) as refused:
        periods.open_period_for(cast.approver, cast.group, str(first - 1), NOW)
    assert refused.value.code == "pack-not-in-force"
    assert periods.open_period_for(
        cast.approver, cast.group, str(first + 1), NOW, TO_COME
    ).name == str(first + 1)


def test_a_period_begins_on_a_day_on_which_the_pack_is_in_force(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In force from 1 January 2010 until the last day of 2017: on the first day of 2018 the next
    version is.
    """
    ends = cast.pack.model_copy(update={"effective_to": date(2018, 1, 1)})
    monkeypatch.setattr(packs, "load", lambda *_named: ends)
    assert ends.effective_from == date(2010, 1, 1)
    for name in ("2010", "2017"):
        assert periods.open_period_for(cast.approver, cast.group, name, NOW, TO_COME).name == name
    with pytest.raises(RefusedError) as refused:
        periods.open_period_for(cast.approver, cast.group, "2018", NOW, TO_COME)
    assert refused.value.code == "pack-not-in-force"


@pytest.mark.parametrize(
    "name",
    [
        "2016-01-01/2016-12-31",
        "2016-Q1",
        "2016-05",
        "2015-07-01/2016-07-01",
        "2015-01-01/2018-01-01",
    ],
)
def test_a_period_that_overlaps_one_of_its_group_is_not_opened(cast: Cast, name: str) -> None:
    with pytest.raises(RefusedError) as refused:
        periods.open_period_for(cast.approver, cast.group, name, NOW)
    assert (refused.value.code, refused.value.status) == ("period-overlaps", 409)
    assert "overlaps 2016" in str(refused.value)
    assert [period.name for period in cast.group.periods.all()] == ["2016"]


def test_periods_that_touch_and_periods_of_other_groups_are_opened_and_the_same_one_twice_is_one(
    cast: Cast,
) -> None:
    clinker = peer_groups.make_peer_group(
        "cement", cast.nation, [cast.plants[0].site], route="clinker"
    )
    opened = [
        periods.open_period_for(cast.approver, cast.group, name, NOW, TO_COME)
        for name in ("2015", "2016", "2017-Q1")
    ]
    assert opened[1] == cast.period
    assert (
        periods.open_period_for(
            cast.approver, clinker, "2016-01-01/2016-12-31", NOW, TO_COME
        ).peer_group
        == clinker
    )


def test_a_period_that_was_closed_is_not_said_to_be_open_where_somebody_opens_it_again(
    cast: Cast,
) -> None:
    periods.close_period_for(cast.approver, cast.period, NOW)
    address = reverse("web:open-period", args=[cast.group.pk])
    for name in (PERIOD, "2016-01-01/2017-01-01"):
        answer = signed_in(cast.approver.email).post(address, {"name": name, "due": "2099-03-31"})
        assert answer.status_code == 400, name
        assert "The period 2016 is closed." in answer.content.decode()
    cast.period.refresh_from_db()
    assert cast.period.closed_at == NOW


def test_the_page_says_which_period_overlaps_beside_the_field(cast: Cast) -> None:
    answer = signed_in(cast.approver.email).post(
        reverse("web:open-period", args=[cast.group.pk]), {"name": "2016-Q1"}
    )
    assert answer.status_code == 400
    assert "overlaps 2016" in answer.content.decode()


def test_a_province_decides_nothing_of_the_nations_periods(cast: Cast) -> None:
    for attempt in (
        lambda: periods.open_period_for(cast.provincial, cast.group, "2018", NOW),
        lambda: periods.close_period_for(cast.provincial, cast.period, NOW),
    ):
        with pytest.raises(RefusedError) as refused:
            attempt()
        assert (refused.value.code, refused.value.status) == ("not-regulator", 403)
    period = reverse("web:period", args=[cast.group.pk, PERIOD, "reports"])
    closing = reverse("web:close-period", args=[cast.group.pk, PERIOD])
    assert closing in signed_in(cast.approver.email).get(period).content.decode()
    assert closing not in signed_in(cast.provincial.email).get(period).content.decode()
