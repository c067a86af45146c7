"""Due dates, more time for a site with its reason, reminders of late sites: who may, what is kept,
who reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import Membership, Site
from portal.auditlog.models import AppendOnlyError, Event
from portal.catalogue import deadlines
from portal.catalogue.models import Extension, ExtensionRequest, PeerGroupMember, ReportingPeriod
from portal.catalogue.periods import close_period
from portal.days import scheme_day
from portal.intake import reminders
from portal.intake.owed import owed
from portal.intake.participation import ParticipationView, ReportingState, participation
from portal.intake.turnout import turnout
from portal.notifications.models import Notice, Wish
from portal.problems import RefusedError
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

LATER = date(2017, 7, 31)
REASON = "The kiln was rebuilt."


def build_scene() -> Cast:
    """Four works of 2016, due on 31 March 2017, which is past; works 1 has reported."""
    cast = make_cast(4)
    deliver(cast.plants[0].envelope(cast.pack))
    open_waiting()
    return cast


def view_of(cast: Cast, now: datetime = NOW) -> ParticipationView:
    view = participation(cast.approver, cast.group.pk, PERIOD, now)
    assert view is not None
    return view


def taking(view: ParticipationView) -> dict[str, ReportingState]:
    return {participant.site: participant.taking for participant in view.participants}


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(RefusedError) as raised:
        yield
    assert raised.value.code == code


def test_a_due_date_is_the_end_of_a_day_where_the_portal_is(cast: Cast) -> None:
    deadlines.set_due(cast.period, LATER, cast.approver, NOW)
    due = ReportingPeriod.objects.get().due
    assert due == datetime(2017, 8, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert deadlines.last_day(due) == LATER
    assert taking(view_of(cast))["works-2"] is ReportingState.MISSING
    (event,) = Event.objects.filter(action="period.due-changed")
    assert (event.actor, event.detail) == (cast.approver.email, "2017-03-31 to 2017-07-31")


def test_every_page_names_the_same_last_day(cast: Cast) -> None:
    deadlines.set_due(ReportingPeriod.objects.get(), LATER, cast.approver, NOW)
    client, parts = Client(), [cast.group.pk, PERIOD]
    assert client.login(username=cast.approver.email, password=PASSWORD)
    addresses = (
        reverse("web:periods"),
        reverse("web:period", args=[*parts, "reports"]),
        reverse("web:period", args=[*parts, "deadlines"]),
    )
    for address in addresses:
        page = client.get(address).content.decode()
        assert "31 July 2017" in page, address
        assert "1 August 2017" not in page, address


def test_only_a_regulator_of_the_whole_scope_moves_it_and_never_before_the_periods_end(
    cast: Cast,
) -> None:
    with refused("not-regulator"):
        deadlines.set_due(cast.period, LATER, cast.provincial, NOW)
    with refused("due-before-end"):
        deadlines.set_due(cast.period, date(2016, 12, 31), cast.approver, NOW)
    close_period(cast.period, "test", NOW)
    with refused("period-closed"):
        deadlines.set_due(cast.period, LATER, cast.approver, NOW)


def test_the_day_of_all_is_today_at_the_earliest(cast: Cast) -> None:
    today = deadlines.last_day(NOW)
    with refused("due-past"):
        deadlines.set_due(cast.period, today - timedelta(days=1), cast.approver, NOW)
    assert ReportingPeriod.objects.get().due == cast.period.due
    deadlines.set_due(cast.period, today, cast.approver, NOW)
    deadlines.set_due(
        cast.period, today, cast.approver, NOW + timedelta(days=9)
    )  # the form sent again changes nothing


def test_an_extended_site_is_late_only_after_its_own_day(cast: Cast) -> None:
    deadlines.extend(cast.period, cast.plants[1].site, LATER, REASON, cast.approver, NOW)
    assert taking(view_of(cast)) == {
        "works-1": ReportingState.REPORTED,
        "works-2": ReportingState.MISSING,
        "works-3": ReportingState.LATE,
        "works-4": ReportingState.LATE,
    }
    assert turnout(cast.approver, NOW)[0].states[ReportingState.LATE] == 2
    assert reminders.owing(view_of(cast), NOW) == ("works-3", "works-4")
    after = NOW + timedelta(days=90)
    assert taking(view_of(cast, after))["works-2"] is ReportingState.LATE
    assert [row.granted_by for row in reminders.extensions(view_of(cast))] == ["approver"]


def test_no_site_is_due_before_all_others_because_it_was_given_more_time(cast: Cast) -> None:
    """The day of all is moved beyond that of a site with an extension, and back again."""
    site = cast.plants[1].site
    deadlines.extend(
        cast.period, site, date(2017, 4, 15), REASON, cast.approver, NOW.replace(month=3)
    )
    deadlines.set_due(cast.period, LATER, cast.approver, NOW)
    assert {participant.site: participant.due for participant in view_of(cast).participants}[
        "works-2"
    ] == deadlines.end_of(LATER)
    assert taking(view_of(cast))["works-2"] is ReportingState.MISSING
    with refused("extension-not-later"):
        deadlines.extend(cast.period, site, date(2017, 5, 1), REASON, cast.approver, NOW)
    deadlines.set_due(cast.period, date(2017, 3, 31), cast.approver, NOW.replace(month=3))
    assert {participant.site: participant.due for participant in view_of(cast).participants}[
        "works-2"
    ] == deadlines.end_of(date(2017, 4, 15))


def test_an_extension_has_a_reason_is_later_and_of_a_site_one_regulates(cast: Cast) -> None:
    outside, inside = cast.plants[1].site, cast.plants[2].site  # works 3 lies in the province
    with refused("not-regulator"):
        deadlines.extend(cast.period, outside, LATER, REASON, cast.provincial, NOW)
    with refused("extension-reason-missing"):
        deadlines.extend(cast.period, inside, LATER, "  ", cast.provincial, NOW)
    with refused("text-too-long"):
        deadlines.extend(cast.period, inside, LATER, "x" * 501, cast.provincial, NOW)
    with refused("extension-not-later"):
        deadlines.extend(cast.period, inside, date(2017, 3, 31), REASON, cast.provincial, NOW)
    stranger = Site.objects.create(
        slug="elsewhere",
        name="Elsewhere",
        organisation=outside.organisation,
        jurisdiction=cast.nation,
        pack="cement",
    )
    with refused("not-a-member"):
        deadlines.extend(cast.period, stranger, LATER, REASON, cast.approver, NOW)
    first = deadlines.extend(cast.period, inside, LATER, REASON, cast.provincial, NOW)
    assert (
        deadlines.extend(cast.period, inside, LATER, REASON, cast.provincial, NOW) == first
    )  # the form sent twice
    with refused("extension-not-later"):
        deadlines.extend(cast.period, inside, date(2017, 6, 30), "Shorter", cast.provincial, NOW)
    with pytest.raises(AppendOnlyError):
        Extension.objects.all().delete()
    assert Event.objects.filter(action="extension.granted", subject="site works-3").count() == 1


def test_late_sites_are_reminded_once_a_day_and_it_is_kept_who_was(cast: Cast) -> None:
    Membership.objects.filter(user=cast.plants[3].owner).delete()
    reminded = reminders.remind(view_of(cast), cast.approver, NOW)
    assert {row.site.slug: row.reminded for row in reminded} == {
        "works-2": [["owner2", "at-once"]],
        "works-3": [["owner3", "at-once"]],
        "works-4": [],
    }
    with refused("nobody-late"):
        reminders.remind(view_of(cast), cast.approver, NOW + timedelta(hours=23))
    again = reminders.remind(view_of(cast), cast.approver, NOW + timedelta(hours=25))
    assert len(again) == 3
    assert [row.site for row in reminders.reminders(view_of(cast))][:3] == [
        "works-4",
        "works-3",
        "works-2",
    ]
    assert Event.objects.filter(action="reminders.sent").count() == 2


def test_a_province_reminds_its_own_sites_and_reads_of_no_others(cast: Cast) -> None:
    view = participation(cast.provincial, cast.group.pk, PERIOD, NOW)
    assert view is not None
    assert [row.site.slug for row in reminders.remind(view, cast.provincial, NOW)] == ["works-3"]
    reminders.remind(view_of(cast), cast.approver, NOW)
    assert [row.site for row in reminders.reminders(view)] == ["works-3"]
    # even a view that holds more does not let a regulator remind beyond its own
    assert [
        row.site.slug
        for row in reminders.remind(view_of(cast), cast.provincial, NOW + timedelta(days=2))
    ] == ["works-3"]


def test_the_people_of_a_late_site_read_it_where_they_look_until_they_have_reported(
    cast: Cast,
) -> None:
    reminders.remind(view_of(cast), cast.approver, NOW)
    owner = Client()
    assert owner.login(username=cast.plants[1].owner.email, password=PASSWORD)
    page = owner.get(reverse("web:submissions")).content.decode()
    assert "Works 2, 2016: due by the end of 31 March 2017" in page
    assert "Works 3" not in page
    deliver(cast.plants[1].envelope(cast.pack))
    assert "due by the end of" not in owner.get(reverse("web:submissions")).content.decode()


def test_the_page_says_what_is_owed_and_takes_the_forms(cast: Cast) -> None:
    officer = Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    parts = [cast.group.pk, PERIOD]
    page = officer.get(reverse("web:period", args=[*parts, "deadlines"])).content.decode()
    assert "<b>3</b> obliged sites owe their report." in page
    for form, sentence in (
        ({}, "Choose a site."),
        (
            {"site": "works-1", "until": "2031-01-01", "reason": REASON},
            "Choose a site.",
        ),  # it has reported
        ({"site": "works-2", "until": "soon", "reason": REASON}, "Write the day as"),
        ({"site": "works-2", "until": "2017-01-01", "reason": REASON}, "not later than"),
    ):
        answer = officer.post(reverse("web:extend", args=parts), form)
        assert answer.status_code == 400
        assert sentence in answer.content.decode()
    answers = {"site": "works-2", "until": "2031-01-01", "reason": REASON}
    assert (
        REASON
        in officer.post(reverse("web:extend", args=parts), answers, follow=True).content.decode()
    )
    Membership.objects.filter(user=cast.plants[3].owner).delete()
    Wish.objects.create(user=cast.plants[2].owner, kind="report.reminded", how="never")
    home = officer.get(reverse("web:home")).content.decode()
    assert "Remind 1" in home
    assert "1 late site has no contact: telephone the firm" in home
    said = officer.post(reverse("web:remind", args=parts), follow=True).content.decode()
    assert "1 site is reminded: owner3 (notice only)." in said
    assert "Works 4: No contact and no telephone number registered." in said
    firm = reverse("web:firm-record", args=[cast.plants[3].site.organisation_id])
    code = {"credit_code": "91110000600037341L"}
    wrong = officer.post(firm, {**code, "telephone": "call Li"})
    assert (wrong.status_code, "Write digits, such as" in wrong.content.decode()) == (400, True)
    assert officer.post(firm, {**code, "telephone": "+86 315 555 0100"}).status_code == 302
    page = officer.get(reverse("web:period", args=[*parts, "deadlines"])).content.decode()
    assert "No contact registered. Telephone the firm: +86 315 555 0100." in page
    assert "late, no contact registered, telephone +86 315 555 0100" in page
    home = officer.get(reverse("web:home")).content.decode()
    assert "Remind 1" not in home, "who was reached today is not reminded again"
    assert "1 late site has no contact: telephone the firm" in home, "and who was not stays open"
    answer = officer.post(reverse("web:set-due", args=parts), {"due": "2016-01-01"})
    assert (answer.status_code, "cannot be due before" in answer.content.decode()) == (400, True)
    answer = officer.post(reverse("web:set-due", args=parts), {"due": "2017-09-30"})
    assert (answer.status_code, "would be late at once" in answer.content.decode()) == (400, True)
    assert ("The due date is saved.") in officer.post(
        reverse("web:set-due", args=parts), {"due": "2031-09-30"}, follow=True
    ).content.decode()


def test_chosen_sites_are_reminded_ahead_of_the_day_too_with_the_letter_that_is_shown(
    cast: Cast,
) -> None:
    """Works 1 has reported, works 4 takes part in no house: neither is written to for what it does
    not owe.
    """
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(
        due=timezone.now() + timedelta(days=20)
    )
    officer = Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    parts = [cast.group.pk, PERIOD]
    page = officer.get(reverse("web:period", args=[*parts, "deadlines"])).content.decode()
    assert "the report for 2016 is due by" in page  # the letter
    assert "Submit it in time" in page
    assert 'value="works-2"' in page
    assert 'value="works-1"' not in page
    assert 'value="works-2" checked' not in page  # nobody is late: nobody is chosen beforehand
    none = officer.post(
        reverse("web:remind", args=parts), {"choose": "1"}, follow=True
    ).content.decode()
    assert "choose at least one site" in none
    answer = officer.post(
        reverse("web:remind", args=parts),
        {"choose": "1", "site": ["works-2", "works-1"]},
        follow=True,
    )
    assert "1 site is reminded: owner2 (notice and mail)." in answer.content.decode()
    (notice,) = Notice.objects.filter(kind="report.comes")
    assert (notice.recipient, notice.told["site"]) == (cast.plants[1].owner, "works-2")
    assert not Notice.objects.filter(kind="report.reminded").exists()


def test_who_has_less_time_for_a_report_because_the_day_of_all_comes_earlier_is_told(
    cast: Cast,
) -> None:
    """Works 1 has reported, works 2 has more time than the day of all gave, and works 4 takes part
    by its own will.
    """
    today = scheme_day()
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(
        due=deadlines.end_of(today + timedelta(days=60))
    )
    deadlines.extend(
        cast.period,
        cast.plants[1].site,
        today + timedelta(days=90),
        REASON,
        cast.approver,
        timezone.now(),
    )
    deadlines.extend(
        cast.period,
        cast.plants[3].site,
        today + timedelta(days=70),
        REASON,
        cast.approver,
        timezone.now(),
    )
    cast.group.members.filter(site=cast.plants[3].site).update(obliged=False)
    officer, notices = Client(), Notice.objects.filter(kind="report.comes")
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    address = reverse("web:set-due", args=[cast.group.pk, PERIOD])
    for days in (80, 20, 20, 90):
        assert officer.post(address, {"due": today + timedelta(days=days)}).status_code == 302
    (notice,) = notices
    assert (notice.recipient, notice.told["due"]) == (
        cast.plants[2].owner,
        (today + timedelta(days=20)).isoformat(),
    )
    firm = Client()
    assert firm.login(username=cast.plants[2].owner.email, password=PASSWORD)
    assert (
        "the report for 2016 is due earlier, by"
        in firm.get(reverse("web:notifications")).content.decode()
    )
    deadlines.extend(
        ReportingPeriod.objects.get(),
        cast.plants[2].site,
        today + timedelta(days=100),
        REASON,
        cast.approver,
        timezone.now(),
    )
    officer.post(address, {"due": today + timedelta(days=20)})
    assert notices.count() == 1, "works 3 has its own day, which stays"


def test_who_has_less_time_is_told_without_anybody_who_moved_the_day(cast: Cast) -> None:
    """As where the register file moves it."""
    today, before = scheme_day(), deadlines.end_of(scheme_day() + timedelta(days=60))
    deadlines.bring_due_to(cast.period, today + timedelta(days=30), "register", timezone.now())
    deadlines.extend(
        cast.period,
        cast.plants[2].site,
        today + timedelta(days=90),
        REASON,
        cast.approver,
        timezone.now(),
    )
    PeerGroupMember.objects.filter(site=cast.plants[3].site).update(obliged=False)
    reminders.tell_of_less_time(cast.period, before, timezone.now())
    receivers = (
        Notice.objects.filter(kind="report.comes")
        .order_by("recipient__email")
        .values_list("recipient__email", flat=True)
    )
    assert list(receivers) == [cast.plants[1].owner.email], (
        "works 1 has reported, works 3 has its own day, works 4 owes nothing"
    )


def test_nobody_is_given_time_until_a_day_that_is_past(cast: Cast) -> None:
    today, site = scheme_day(), cast.plants[1].site
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(
        due=deadlines.end_of(today - timedelta(days=60))
    )
    past = today - timedelta(days=2)
    with refused("due-past"):
        deadlines.extend(cast.period, site, past, REASON, cast.approver, timezone.now())
    officer = Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    form = {"site": [site.slug], "until": past.isoformat(), "reason": REASON}
    answer = officer.post(reverse("web:extend", args=[cast.group.pk, PERIOD]), form)
    assert (answer.status_code, "That day is past" in answer.content.decode()) == (400, True)
    assert not Extension.objects.exists()


def test_a_request_that_went_with_its_site_is_decided(cast: Cast) -> None:
    plant = cast.plants[1]
    request = deadlines.ask(
        cast.period, plant.site, date(2099, 1, 31), "A new meter.", plant.owner, NOW
    )
    pk = request.pk
    ExtensionRequest.objects.all().delete()
    with refused("extension-decided"):
        deadlines.grant(request, "", cast.approver, NOW)
    with refused("extension-decided"):
        deadlines.refuse(pk, "Too late.", cast.approver, NOW)


def test_several_sites_get_more_time_or_none_of_them(cast: Cast) -> None:
    officer = Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    address = reverse("web:extend", args=[cast.group.pk, PERIOD])
    deadlines.extend(cast.period, cast.plants[2].site, date(2032, 1, 1), REASON, cast.approver, NOW)
    answers = {"site": ["works-2", "works-3"], "until": "2031-01-01", "reason": REASON}
    assert officer.post(address, answers).status_code == 400  # earlier than what works 3 has
    assert Extension.objects.count() == 1
    answer = officer.post(address, answers | {"until": "2033-01-01"}, follow=True)
    assert "2 sites have more time." in answer.content.decode()
    assert Extension.objects.count() == 3


@pytest.mark.parametrize("day", ["9999-12-31", "3000-01-01"])
def test_a_day_beyond_all_calendars_is_refused_beside_its_field(cast: Cast, day: str) -> None:
    officer, owner = Client(), Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    assert owner.login(username=cast.plants[1].owner.email, password=PASSWORD)
    parts = [cast.group.pk, PERIOD]
    for who, name, args, form in (
        (officer, "set-due", parts, {"due": day}),
        (officer, "extend", parts, {"site": "works-2", "until": day, "reason": REASON}),
        (officer, "open-period", [cast.group.pk], {"name": "2018", "due": day}),
        (owner, "ask-for-time", ["works-2", *parts], {"until": day, "reason": REASON}),
    ):
        answer = who.post(reverse(f"web:{name}", args=args), form)
        assert (
            answer.status_code,
            "Write a day before the year 3000." in answer.content.decode(),
        ) == (400, True), name


def test_who_is_taken_off_the_list_is_not_told_that_its_report_is_due(cast: Cast) -> None:
    owner = cast.plants[1].owner
    reminders.remind(view_of(cast), cast.approver, NOW)
    assert [row.period for row in reminders.owed_by(owner, NOW)] == [PERIOD]
    PeerGroupMember.objects.filter(site=cast.plants[1].site).update(obliged=False)
    assert taking(view_of(cast))["works-2"] is ReportingState.NOT_OWED
    assert owed(owner, NOW) == ()
    assert reminders.owed_by(owner, NOW) == ()
