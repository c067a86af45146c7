"""The list of periods counts what each regulator may see, by state and deadline, and shows no
value.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.wire import envelope
from portal import keys
from portal.accounts.models import (
    ControllingFirm,
    Jurisdiction,
    Organisation,
    Role,
    Site,
    SizeClass,
)
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
from portal.intake import receiving as intake
from portal.intake.models import Submission
from portal.intake.participation import ParticipationView, ReportingState, in_order, participation
from portal.intake.turnout import regions_of, turnout
from portal.standings.models import ProtectedValue
from portal.standings.quality import HistoryBreak, QualityView, quality
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    make_cast,
    open_waiting,
    person,
    processing_public,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

IN_TIME = NOW - timedelta(days=90)


def build_scene() -> Cast:
    """Seven works of 2016, due on 31 March 2017: 1 in time, 2 late, 3 refused, 4 waiting, 5
    committed, 6 nothing; 7 is voluntary.
    """
    cast = make_cast(7)
    for number, moment in ((0, IN_TIME), (1, NOW)):
        intake.receive(
            cast.plants[number].envelope(cast.pack),
            keys.published_directory(),
            keys.receipt_key(),
            moment,
        )
    wrong = cast.plants[2]
    report = replace(wrong.report(cast.pack), pack_digest=b"\x00" * 32)
    raw = envelope.build(report, wrong.header(), wrong.key, processing_public())
    intake.receive(raw, keys.published_directory(), keys.receipt_key(), IN_TIME)
    open_waiting()
    intake.receive(
        cast.plants[3].envelope(cast.pack), keys.published_directory(), keys.receipt_key(), IN_TIME
    )
    cast.plants[4].challenge()
    PeerGroupMember.objects.filter(site=cast.plants[6].site).update(obliged=False)
    return cast


def test_every_state_is_counted_once(cast: Cast) -> None:
    (tally,) = turnout(cast.approver, NOW)
    assert dict(tally.states) == {
        ReportingState.REPORTED: 2,
        ReportingState.UNUSABLE: 1,
        ReportingState.WAITING: 1,
        ReportingState.LATE: 2,
        ReportingState.NOT_OWED: 1,
    }
    assert (
        tally.sites,
        tally.obliged,
        tally.obliged_reported,
        tally.firms,
        tally.firms_reported,
    ) == (7, 6, 2, 7, 2)
    assert (tally.committed, tally.arrived_late) == (1, 1)


def test_nothing_is_late_before_the_due_date(cast: Cast) -> None:
    ReportingPeriod.objects.update(due=NOW + timedelta(days=1))
    (tally,) = turnout(cast.approver, NOW)
    assert tally.states[ReportingState.MISSING] == 3
    assert ReportingState.LATE not in tally.states
    assert tally.arrived_late == 0


def test_a_province_and_a_city_count_their_own_subtree(cast: Cast) -> None:
    city = Jurisdiction.objects.create(
        path="cn/he/tangshan", name="Tangshan", level="city", parent=cast.province
    )
    Site.objects.filter(slug="works-3").update(jurisdiction=city)
    office = Organisation.objects.create(name="City bureau", kind=Role.REGULATOR, jurisdiction=city)
    mayor = person("city@example.org", office, Role.REGULATOR)
    (province,), (town,) = turnout(cast.provincial, NOW), turnout(mayor, NOW)
    assert province.sites == 4  # works 1, 3, 5, 7
    assert town.sites == 1
    assert town.states == {ReportingState.UNUSABLE: 1}
    assert [region.path for region in regions_of(cast.provincial)] == ["cn/he", "cn/he/tangshan"]
    assert [region.path for region in regions_of(mayor)] == ["cn/he/tangshan"]
    assert turnout(mayor, NOW, region="cn")[0].sites == 1  # asking for more does not widen it
    assert turnout(mayor, NOW, region="cn/sd") == ()
    page = signed_in("city@example.org").get(reverse("web:periods")).content.decode()
    assert "Hebei" not in page


def test_the_filters_narrow_the_count(cast: Cast) -> None:
    Site.objects.filter(slug__in=["works-1", "works-2"]).update(size_class=SizeClass.LARGE)
    assert turnout(cast.approver, NOW, size="large")[0].sites == 2
    assert turnout(cast.approver, NOW, size="large", region="cn/he")[0].sites == 1
    assert turnout(cast.approver, NOW, pack="steel") == ()


def test_the_page_answers_with_numbers_and_shows_no_value(cast: Cast) -> None:
    page = signed_in(cast.approver.email).get(reverse("web:periods"))
    text = page.content.decode()
    assert "<b>2 of 6</b> reports that are due have been accepted." in text
    assert "<b>2</b> are late." in text
    assert "kgce" not in text


def test_what_is_closed_is_found_behind_the_filter(cast: Cast) -> None:
    ReportingPeriod.objects.update(closed_at=NOW)
    officer = signed_in(cast.approver.email)
    assert (
        "No period matches this filter."
        in officer.get(reverse("web:periods"), {"stage": "open"}).content.decode()
    )
    assert "2 of 6" in officer.get(reverse("web:periods"), {"stage": "closed"}).content.decode()


def rows_of(client: Client, address: str, **query: str) -> list[dict[str, str]]:
    content = client.get(address, query).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_the_files_hold_what_the_pages_count(cast: Cast) -> None:
    officer = signed_in(cast.approver.email)
    (line,) = rows_of(officer, reverse("web:periods-csv"))
    assert (line["obliged"], line["obliged_reported"], line["late"], line["unusable"]) == (
        "6",
        "2",
        "2",
        "1",
    )
    assert line["not_owed"] == "1"
    address = reverse("web:participation-csv", args=[cast.group.pk, PERIOD])
    everybody = rows_of(officer, address, sort="-site")
    assert [row["site"] for row in everybody] == [
        f"works-{number}" for number in (7, 6, 5, 4, 3, 2, 1)
    ]
    assert [row["state"] for row in everybody if row["site"] == "works-7"] == ["not-owed"]
    assert {row["site"] for row in rows_of(officer, address, state="late")} == {
        "works-5",
        "works-6",
    }
    own = rows_of(signed_in(cast.provincial.email), address)
    assert [row["site"] for row in own] == ["works-1", "works-3", "works-5", "works-7"]


def test_a_cell_that_a_spreadsheet_would_run_is_only_text(cast: Cast) -> None:
    Site.objects.filter(slug="works-1").update(name="=HYPERLINK(1)")
    reader = signed_in(cast.approver.email)
    reader.cookies["django_language"] = "zh-hans"
    in_chinese = reader.get(
        reverse("web:participation-csv", args=[cast.group.pk, PERIOD])
    ).content.decode()
    assert ",是," in in_chinese, "codes under Chinese headings are words"
    assert ",yes," not in in_chinese
    rows = rows_of(
        signed_in(cast.approver.email),
        reverse("web:participation-csv", args=[cast.group.pk, PERIOD]),
        q="works-1",
    )
    assert rows[0]["site_name"] == "'=HYPERLINK(1)"


def test_the_table_of_sites_sorts_filters_and_pages(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.web.presenters.participation.SITES_A_PAGE", 3)
    officer = signed_in(cast.approver.email)
    address = reverse("web:period", args=[cast.group.pk, PERIOD, "reports"])
    first = officer.get(address, {"sort": "-site"}).content.decode()
    assert first.index("Works 7") < first.index("Works 6") < first.index("Works 5")
    assert "Works 4" not in first
    assert "1 to 3 of 7" in first
    assert "?sort=-site&amp;page=2" in first
    third = officer.get(address, {"sort": "-site", "page": "99"}).content.decode()
    assert "7 to 7 of 7" in third
    assert 'aria-sort="descending"' in third
    assert "2 of 2 accepted reports" in third, "of all sites, whichever page of them is shown"


def listed(cast: Cast, **query: str) -> list[str]:
    address = reverse("web:participation-csv", args=[cast.group.pk, PERIOD])
    return [
        row["site"].removeprefix("works-")
        for row in rows_of(signed_in(cast.approver.email), address, **query)
    ]


def test_the_table_of_sites_is_ordered_by_each_of_its_columns(cast: Cast) -> None:
    Site.objects.filter(slug="works-7").update(name="A works")
    ControllingFirm.objects.filter(organisations__sites__slug="works-6").update(name="A firm")
    assert listed(cast) == list("6123457")
    assert listed(cast, sort="-firm") == list("7543216")
    assert listed(cast, sort="site") == list("7123456")
    assert listed(cast, sort="region") == list("6241357"), "China before Hebei, by firm in each"
    assert listed(cast, sort="state") == list("1243657"), (
        "reported, waiting, unusable, late, not owed"
    )
    assert listed(cast, sort="received") == [*by_receipt(), *"657"], (
        "those without a report last, by firm"
    )
    assert listed(cast, sort="-received") == [*"657", *reversed(by_receipt())]


def by_receipt() -> list[str]:
    rows = Submission.objects.order_by("received_at", "log_index").values_list(
        "site__slug", flat=True
    )
    return [slug.removeprefix("works-") for slug in rows]


def test_words_are_looked_for_in_names_of_every_language_ids_and_codes(cast: Cast) -> None:
    Site.objects.filter(slug="works-1").update(name_zh="曹妃甸厂")
    Site.objects.filter(slug="works-4").update(credit_code="91130000MA0EXAMPL7")
    ControllingFirm.objects.filter(organisations__sites__slug="works-5").update(name_zh="河钢")
    Organisation.objects.filter(sites__slug="works-2").update(
        credit_code="91370000MA0EXAMPL8", name="Elsewhere"
    )
    assert listed(cast, q="曹妃甸") == ["1"]
    assert listed(cast, q="河钢") == ["5"]
    assert listed(cast, q="exampl7") == ["4"]
    assert listed(cast, q="exampl8") == ["2"], "its organisation's, where it has no code of its own"
    assert listed(cast, q="elsewhere") == [], (
        "an organisation's name is not shown where a firm controls it"
    )
    assert listed(cast, q="hebei works") == list("1357"), "all of the words"
    assert listed(cast, q="hebei 曹妃甸") == ["1"]
    assert listed(cast, q="100%") == [], "a sign that a database takes for any text"
    assert listed(cast, region="Hebei", state="late") == ["5"]
    assert listed(cast, duty="voluntary") == ["7"]
    assert (
        listed(cast, region="Nowhere")
        == listed(cast, duty="nobody")
        == listed(cast, state="lost")
        == []
    )


def test_a_site_that_leaves_while_the_page_is_read_is_left_out(cast: Cast) -> None:
    view = seen_by(cast)
    PeerGroupMember.objects.filter(site__slug="works-1").delete()
    assert [participant.site for participant in view.participants] == [
        f"works-{number}" for number in range(2, 8)
    ]
    assert len(in_order(view, view.parts, "site")) == len(view.parts)


def test_a_report_that_comes_while_the_page_is_read_is_no_part_of_it_yet(cast: Cast) -> None:
    view = seen_by(cast)
    intake.receive(
        cast.plants[5].envelope(cast.pack), keys.published_directory(), keys.receipt_key(), NOW
    )
    Submission.objects.filter(site__slug="works-4").update(state="refused", reason="Not that one.")
    by_site = {participant.site: participant for participant in view.participants}
    came, refused = by_site["works-6"], by_site["works-4"]
    assert (came.taking, came.received_at, came.first_received_at, came.arrived_late) == (
        ReportingState.LATE,
        None,
        None,
        False,
    )
    assert (refused.taking, refused.reason) == (ReportingState.WAITING, "")


def test_a_regulator_of_a_province_asks_for_its_own_sites_alone(cast: Cast) -> None:
    view = participation(cast.provincial, cast.group.pk, PERIOD, NOW)
    assert view is not None
    with CaptureQueriesContext(connection) as asked:
        assert [participant.site for participant in view.participants] == [
            f"works-{number}" for number in (1, 3, 5, 7)
        ]
        assert view.totals.firms == 4
    assert all("accounts_jurisdiction" in question["sql"] for question in asked.captured_queries)


def seen_by(cast: Cast) -> ParticipationView:
    view = participation(cast.approver, cast.group.pk, PERIOD, NOW)
    assert view is not None
    return view


def told_of(cast: Cast, steps: Collection[str]) -> dict[str, QualityView]:
    view = seen_by(cast)
    views = quality(view, steps)
    by_site = {
        participant.site: of
        for participant in view.participants
        if (of := views.of(participant)) is not None
    }
    assert views.accepted == len(by_site)
    assert views.whole == sum(report.steps == len(set(steps)) for report in by_site.values())
    assert views.broken == sum(bool(report.breaks) for report in by_site.values())
    return by_site


def test_steps_covered_and_breaks_of_a_series_are_told_without_a_value(cast: Cast) -> None:
    steps = tuple(step.step for step in cast.pack.routes[0].steps)
    by_site = told_of(cast, steps)
    assert set(by_site) == {"works-1", "works-2"}
    assert {report.steps for report in by_site.values()} == {len(set(steps))}
    assert all(not report.breaks for report in by_site.values())
    assert participation(cast.stranger, cast.group.pk, PERIOD, NOW) is None


def test_a_report_that_lacks_a_step_of_the_route_is_not_whole(cast: Cast) -> None:
    steps = {step.step for step in cast.pack.routes[0].steps}
    report = Submission.objects.get(site__slug="works-1")
    assert report.covers.split() == sorted(
        set(ProtectedValue.objects.filter(submission=report).values_list("step", flat=True))
    )
    assert steps.issubset(report.covers.split())
    lacking, *others = report.covers.split()
    officer, page = (
        signed_in(cast.approver.email),
        reverse("web:period", args=[cast.group.pk, PERIOD, "reports"]),
    )
    assert "2 of 2 accepted reports cover every step" in officer.get(page).content.decode()
    Submission.objects.filter(pk=report.pk).update(covers=" ".join(others))
    assert {site: view.steps for site, view in told_of(cast, steps).items()} == {
        "works-1": len(steps - {lacking}),
        "works-2": len(steps),
    }
    text = officer.get(page).content.decode()
    assert "1 of 2 accepted reports cover every step" in text
    assert re.search(rf"<div>\s*{len(steps) - 1} of {len(steps)}\s*</div>", text)
    table = officer.get(
        reverse("web:participation-csv", args=[cast.group.pk, PERIOD]), {"sort": "steps"}
    ).content.decode("utf-8-sig")
    assert [row["site"] for row in csv.DictReader(io.StringIO(table))][-2:] == [
        "works-1",
        "works-2",
    ]
    assert told_of(cast, ["somewhere-else"])["works-2"].steps == 0


@pytest.mark.parametrize(
    "version", ["1", "0"], ids=["by the same version", "by the version of the pack before"]
)
def test_another_agent_and_a_ledger_set_back_break_a_series(cast: Cast, version: str) -> None:
    start, end = cast.period.start - timedelta(days=365), cast.period.start
    group, _made = PeerGroup.objects.get_or_create(
        pack=cast.group.pack, pack_version=version, route=cast.group.route, scope=cast.group.scope
    )
    ReportingPeriod.objects.create(peer_group=group, name="2015", start=start, end=end, due=NOW)
    report = Submission.objects.get(site__slug="works-1")
    before = Submission(
        digest="0" * 64,
        site=report.site,
        period="2015",
        revision=1,
        device=cast.plants[1].device,
        key_id=report.key_id,
        ledger_sequence=9,
        envelope=b"",
        size_bytes=0,
        receipt=b"",
        log_index=99,
        received_at=IN_TIME,
        state="accepted",
    )
    before.save()
    by_site = told_of(cast, ())
    assert by_site["works-1"].breaks == (HistoryBreak.AGENT, HistoryBreak.LEDGER)
    assert by_site["works-2"].breaks == ()
    report.device.replaces = cast.plants[
        1
    ].device  # its own rotation: the key before vouched for this one
    report.device.save()
    assert told_of(cast, ())["works-1"].breaks == (HistoryBreak.LEDGER,)
    page = (
        signed_in(cast.approver.email)
        .get(reverse("web:period", args=[cast.group.pk, PERIOD, "reports"]))
        .content.decode()
    )
    assert "its privacy ledger counts fewer reports" in page
