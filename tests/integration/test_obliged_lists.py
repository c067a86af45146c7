"""Who is obliged: a list as a file with what is wrong in it, looked at, applied, undone; one site
by hand; cohorts and their progress.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from benchmarks import foreign_files
from portal.accounts.models import Site, User
from portal.auditlog.models import Event
from portal.catalogue import obliged_list, obliged_rows, trail
from portal.catalogue.models import ObligedChange, PeerGroup, PeerGroupMember
from portal.catalogue.obliged_rows import LineFault, ObligedFileFault, ObligedSite
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import close_period
from portal.catalogue.trail import TrailFilter
from portal.intake.participation import ReportingState, participation
from portal.intake.turnout import turnout
from portal.problems import RefusedError
from portal.web.lists import obliged_files, uploaded_tables
from portal.web.lists.workbooks import workbook_of
from tests.integration.portal_cast import NOW, PASSWORD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    """Works 1 to 4 are obliged; works 5 is of the pack and in the scope, and no member."""
    cast = make_cast(4)
    home = cast.plants[0].site
    Site.objects.create(
        slug="works-5",
        name="Works 5",
        organisation=home.organisation,
        jurisdiction=cast.province,
        pack="cement",
    )
    Site.objects.create(
        slug="mill",
        name="Mill",
        organisation=home.organisation,
        jurisdiction=cast.province,
        pack="steel",
    )
    return cast


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(RefusedError) as raised:
        yield
    assert raised.value.code == code


def as_it_stands(cast: Cast) -> dict[str, tuple[bool, str]]:
    rows = PeerGroupMember.objects.filter(peer_group=cast.group).order_by("site__slug")
    return {
        site: (is_obliged, cohort)
        for site, is_obliged, cohort in rows.values_list("site__slug", "obliged", "cohort")
    }


def read_list(
    raw: bytes, group: PeerGroup
) -> tuple[tuple[ObligedSite, ...], tuple[LineFault, ...]]:
    rows, faults = obliged_files.rows_of(raw)
    return ((), faults) if faults else obliged_rows.read_list(rows, group)


OBLIGED = {f"works-{number}": (True, "") for number in (1, 2, 3, 4)}


def test_a_list_is_read_with_or_without_cohorts_marks_and_empty_lines(cast: Cast) -> None:
    raw = "\ufeffName,Site, Cohort\r\nOne,works-1,Hundred\r\n\r\nTwo, works-2 ,\r\n".encode()
    assert read_list(raw, cast.group) == (
        (ObligedSite("works-1", True, "hundred"), ObligedSite("works-2", True)),
        (),
    )


@pytest.mark.parametrize(
    ("raw", "faults"),
    [
        ("site\nö".encode("latin-1"), [LineFault(0, ObligedFileFault.NOT_TEXT)]),
        (b"", [LineFault(1, ObligedFileFault.NO_SITE_COLUMN)]),
        (b"plant\nworks-1\n", [LineFault(1, ObligedFileFault.NO_SITE_COLUMN, "plant")]),
        (b"site\n\n", [LineFault(0, ObligedFileFault.EMPTY)]),
        (
            b"site,cohort\nmill,\nworks-1,\nworks-1,\nworks-2,million\n",
            [
                LineFault(2, ObligedFileFault.SITE_UNKNOWN, "mill"),
                LineFault(4, ObligedFileFault.SITE_TWICE, "works-1"),
                LineFault(5, ObligedFileFault.COHORT_UNKNOWN, "million"),
            ],
        ),
    ],
)
def test_every_fault_is_told_with_its_line_and_nothing_of_the_file_is_used(
    cast: Cast, raw: bytes, faults: list[LineFault]
) -> None:
    assert read_list(raw, cast.group) == ((), tuple(faults))


def test_a_list_is_looked_at_applied_and_undone(cast: Cast) -> None:
    listed, _faults = read_list(b"site,cohort\nworks-1,hundred\nworks-5,\n", cast.group)
    change = obliged_list.propose(cast.group, listed, cast.approver, NOW)
    difference = obliged_list.difference(change)
    assert (difference.added, difference.obliged, difference.released) == (
        ("works-5",),
        (),
        ("works-2", "works-3", "works-4"),
    )
    assert difference.cohorts == (("works-1", "", "hundred"),)
    assert as_it_stands(cast) == OBLIGED
    obliged_list.apply(change, obliged_list.held_now(cast.group), cast.approver, NOW)
    assert as_it_stands(cast) == {
        "works-1": (True, "hundred"),
        "works-2": (False, ""),
        "works-3": (False, ""),
        "works-4": (False, ""),
        "works-5": (True, ""),
    }
    with refused("list-decided"):
        obliged_list.apply(change, obliged_list.held_now(cast.group), cast.approver, NOW)
    obliged_list.undo(change, cast.approver, NOW)
    assert as_it_stands(cast) == OBLIGED | {
        "works-5": (False, "")
    }  # who takes part is never thrown out
    group = Event.objects.filter(
        action__startswith="obliged-list", subject__startswith="peer group "
    )
    assert [event.action for event in group] == ["obliged-list.changed", "obliged-list.undone"]


def test_each_site_for_which_a_list_changes_something_has_it_on_its_own_trail(cast: Cast) -> None:
    """Works 3 lies in the province, whose officer reads of no other site and not of the group."""

    def trail_of(user: User) -> list[tuple[str, str, str]]:
        events = trail.events(user, TrailFilter(subject="site "), 0, 100)
        return [
            (event.action, event.subject, event.detail)
            for event in events
            if event.action.startswith("obliged-list")
        ]

    listed, _faults = read_list(b"site,cohort\nworks-1,\nworks-2,\nworks-4,hundred\n", cast.group)
    change = obliged_list.apply(
        obliged_list.propose(cast.group, listed, cast.approver, NOW),
        obliged_list.held_now(cast.group),
        cast.approver,
        NOW,
    )
    released = (
        "obliged-list.changed",
        "site works-3",
        f"{cast.group}, list {change.pk}: by its own will",
    )
    assert trail_of(cast.provincial) == [released]
    assert set(trail_of(cast.approver)) == {
        released,
        (
            "obliged-list.changed",
            "site works-4",
            f"{cast.group}, list {change.pk}: obliged, hundred",
        ),
    }
    obliged_list.undo(change, cast.approver, NOW)
    assert trail_of(cast.provincial)[0] == (
        "obliged-list.undone",
        "site works-3",
        f"{cast.group}, list {change.pk}: obliged",
    )
    assert len(trail_of(cast.approver)) == 4
    obliged_list.amend(cast.group, ObligedSite("works-3", False), cast.approver, NOW)
    assert len(trail_of(cast.provincial)) == 3


def test_what_a_list_left_as_it_was_is_not_put_back_with_it(cast: Cast) -> None:
    """The list obliges works 5 and leaves the others obliged; then the register file lets works 1
    take part by its own will.
    """
    listed, _faults = read_list(b"site\nworks-1\nworks-2\nworks-3\nworks-4\nworks-5\n", cast.group)
    change = obliged_list.propose(cast.group, listed, cast.approver, NOW)
    obliged_list.apply(change, obliged_list.held_now(cast.group), cast.approver, NOW)
    make_peer_group("cement", cast.nation, [], voluntary=[cast.plants[0].site])
    obliged_list.undo(change, cast.approver, NOW)
    assert as_it_stands(cast) == OBLIGED | {"works-1": (False, ""), "works-5": (False, "")}


def test_a_list_is_held_against_what_stands_when_it_is_looked_at_and_only_that_is_applied(
    cast: Cast,
) -> None:
    """Two sites are listed; after the upload another one is obliged by hand: the list releases it
    too, and nobody applies that unread.
    """
    for site in ("works-3", "works-4"):
        obliged_list.amend(cast.group, ObligedSite(site, False), cast.approver, NOW)
    change = obliged_list.propose(
        cast.group, [ObligedSite("works-1", True), ObligedSite("works-2", True)], cast.approver, NOW
    )
    assert obliged_list.difference(change).released == ()
    read = obliged_list.held_now(cast.group)
    obliged_list.amend(cast.group, ObligedSite("works-3", True), cast.approver, NOW)
    assert obliged_list.difference(change).released == ("works-3",)
    with refused("list-changed-meanwhile"):
        obliged_list.apply(change, read, cast.approver, NOW)
    officer = Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    stale = officer.post(
        reverse("web:obliged-apply", args=[cast.group.pk, change.pk]),
        {"read_against": read},
        follow=True,
    )
    assert (
        "The list of the obliged has changed since you read what this list would change."
        in stale.content.decode()
    )
    assert "No longer obliged; can continue voluntarily: 1" in stale.content.decode()
    assert as_it_stands(cast)["works-3"] == (True, "")
    applied = obliged_list.apply(change, obliged_list.held_now(cast.group), cast.approver, NOW)
    assert [site for site, (is_obliged, _cohort) in as_it_stands(cast).items() if is_obliged] == [
        "works-1",
        "works-2",
    ]
    assert obliged_list.difference(applied).released == ("works-3",), (
        "what it changed, not what it would change now"
    )


def test_a_retired_site_can_be_released_and_not_obliged_again(cast: Cast) -> None:
    Site.objects.filter(slug__in=("works-2", "works-5")).update(retired_at=NOW)
    names = "\n".join(("site", *OBLIGED))
    assert read_list(names.encode(), cast.group)[1] == (), (
        "the list of today can be handed in as it is"
    )
    assert "works-5" not in obliged_rows.eligible(cast.group)
    obliged_list.amend(cast.group, ObligedSite("works-2", False), cast.approver, NOW)
    assert read_list(names.encode(), cast.group) == (
        (),
        (LineFault(3, ObligedFileFault.SITE_UNKNOWN, "works-2"),),
    )
    with refused("site-not-eligible"):
        obliged_list.amend(cast.group, ObligedSite("works-2", True), cast.approver, NOW)
    assert as_it_stands(cast)["works-2"] == (False, "")


def test_a_workbook_is_read_whole_or_refused(cast: Cast) -> None:
    """The last site of the list stands on the last line that is read, or on the next one."""
    for lines, faults in (
        (100_000, ()),
        (100_001, (LineFault(0, ObligedFileFault.TOO_LONG, "100,000"),)),
    ):
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for site in ("site", "works-1", *[""] * (lines - 3), "works-2"):
            sheet.append([site])
        written = io.BytesIO()
        book.save(written)
        sites, of_file = read_list(written.getvalue(), cast.group)
        assert of_file == faults
        assert [site.site for site in sites] == ([] if faults else ["works-1", "works-2"])
    officer = Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    upload = {"listed": SimpleUploadedFile("list.xlsx", written.getvalue())}
    answer = officer.post(reverse("web:obliged-upload", args=[cast.group.pk]), upload, follow=True)
    assert "more than 100,000 lines" in answer.content.decode()
    assert not ObligedChange.objects.exists()


def test_one_site_is_changed_by_hand_and_undone_in_order(cast: Cast) -> None:
    first = obliged_list.amend(cast.group, ObligedSite("works-2", False), cast.approver, NOW)
    second = obliged_list.amend(
        cast.group, ObligedSite("works-5", True, "thousand"), cast.approver, NOW
    )
    assert as_it_stands(cast) == OBLIGED | {"works-2": (False, ""), "works-5": (True, "thousand")}
    with refused("list-not-last"):
        obliged_list.undo(first, cast.approver, NOW)
    obliged_list.undo(second, cast.approver, NOW)
    obliged_list.undo(first, cast.approver, NOW)
    assert as_it_stands(cast) == OBLIGED | {"works-5": (False, "")}
    with refused("site-not-eligible"):
        obliged_list.amend(cast.group, ObligedSite("mill", True), cast.approver, NOW)


def test_of_a_closed_period_those_stay_obliged_who_were_when_it_closed(cast: Cast) -> None:
    def obliged() -> list[set[str]]:
        view = participation(cast.approver, cast.group.pk, cast.period.name, after)
        assert view is not None
        counted = next(
            row for row in turnout(cast.approver, after) if row.period == cast.period.name
        )
        obliged_sites = {row.site for row in view.participants if row.obliged}
        assert counted.obliged == len(obliged_sites)
        return [
            obliged_sites,
            {row.site for row in view.participants if row.taking is ReportingState.LATE},
        ]

    after = cast.period.due + timedelta(days=1)
    close_period(cast.period, "test", NOW)
    before = obliged()
    obliged_list.amend(cast.group, ObligedSite("works-2", False), cast.approver, NOW)
    obliged_list.amend(cast.group, ObligedSite("works-5", True), cast.approver, NOW)
    assert obliged() == before
    assert before == [set(OBLIGED), set(OBLIGED)]


def test_only_a_regulator_of_the_whole_scope_changes_the_list(cast: Cast) -> None:
    change = obliged_list.propose(cast.group, [ObligedSite("works-1", True)], cast.approver, NOW)
    for attempt in (
        lambda: obliged_list.propose(cast.group, [], cast.provincial, NOW),
        lambda: obliged_list.amend(cast.group, ObligedSite("works-1", False), cast.provincial, NOW),
        lambda: obliged_list.apply(change, obliged_list.held_now(cast.group), cast.provincial, NOW),
        lambda: obliged_list.undo(
            obliged_list.apply(change, obliged_list.held_now(cast.group), cast.approver, NOW),
            cast.provincial,
            NOW,
        ),
    ):
        with refused("not-regulator"):
            attempt()


def test_the_pages_show_faults_difference_and_progress(cast: Cast) -> None:
    deliver(cast.plants[0].envelope(cast.pack))
    open_waiting()
    officer = Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    page, upload = (
        reverse("web:obliged", args=[cast.group.pk]),
        reverse("web:obliged-upload", args=[cast.group.pk]),
    )

    def sent(raw: bytes) -> str:
        return officer.post(
            upload, {"listed": SimpleUploadedFile("list.csv", raw)}, follow=True
        ).content.decode()

    assert "Line 2: “&lt;b&gt;” is not a site" in sent(b"site\n<b>\n")
    assert not ObligedChange.objects.exists()
    assert "No longer obliged; can continue voluntarily: 2" in sent(
        b"site,cohort\nworks-1,hundred\nworks-2,hundred\n"
    )
    change = ObligedChange.objects.get()
    read = {"read_against": obliged_list.held_now(cast.group)}
    done = officer.post(
        reverse("web:obliged-apply", args=[cast.group.pk, change.pk]), read, follow=True
    ).content.decode()
    assert "<b>2</b> sites are obliged to report." in done
    assert "the hundred largest" in done
    assert "1 of 2" in done
    officer.post(
        reverse("web:obliged-amend", args=[cast.group.pk]),
        {"site": "works-3", "duty": "obliged", "cohort": "thousand"},
    )
    assert as_it_stands(cast)["works-3"] == (True, "thousand")
    assert "the thousand largest" in officer.get(page).content.decode()
    undone = officer.post(
        reverse("web:obliged-undo", args=[cast.group.pk, ObligedChange.objects.latest("pk").pk]),
        follow=True,
    )
    assert "<b>2</b> sites are obliged to report." in undone.content.decode()


CODE = "91110000600037341L"  # of the documentation of python-stdnum
BRANCH = "91310000710931184D"


def test_a_code_names_the_site_that_alone_has_it_and_says_so_where_it_names_none_or_several(
    cast: Cast,
) -> None:
    home = cast.plants[0].site.organisation  # of works-1 and works-5
    home.credit_code = CODE
    home.save()
    heads = "credit_code,cohort\n"
    assert read_list(f"{heads}{CODE},\n".encode(), cast.group) == (
        (),
        (LineFault(2, ObligedFileFault.CODE_OF_SEVERAL, CODE),),
    )
    Site.objects.filter(slug="works-5").update(credit_code=BRANCH)
    assert read_list(f"{heads}{CODE},\n{BRANCH},hundred\n".encode(), cast.group)[0] == (
        ObligedSite("works-1", True),
        ObligedSite("works-5", True, "hundred"),
    )
    wrong = read_list(f"{heads}{CODE[:-1]}A,\n91350100M000100Y43,\n".encode(), cast.group)[1]
    assert wrong == (
        LineFault(2, ObligedFileFault.CODE_WRONG, f"{CODE[:-1]}A"),
        LineFault(3, ObligedFileFault.CODE_UNKNOWN, "91350100M000100Y43"),
    )


def test_the_list_of_today_is_a_workbook_in_the_readers_language_and_comes_back_unchanged(
    cast: Cast,
) -> None:
    obliged_list.amend(cast.group, ObligedSite("works-2", True, "hundred"), cast.approver, NOW)
    officer = Client(headers={"accept-language": "zh-hans"})
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    template = officer.get(
        reverse("web:obliged-template-csv", args=[cast.group.pk])
    ).content.decode("utf-8-sig")
    assert template.splitlines() == [
        "统一社会信用代码,企业,生产厂区编号,生产厂区名称,所在地区,百千万家名单"
    ]
    old = "生产厂区编号,实际控制企业,百千万家名单\nworks-1,Enterprise 1,\n".encode()
    assert read_list(old, cast.group) == ((ObligedSite("works-1", True),), ()), (
        "as files of before call the firm"
    )
    book = officer.get(reverse("web:obliged-now-xlsx", args=[cast.group.pk])).content
    entries, faults = read_list(book, cast.group)
    assert faults == ()
    assert {entry.site: (entry.obliged, entry.cohort) for entry in entries} == OBLIGED | {
        "works-2": (True, "hundred")
    }
    officer.post(
        reverse("web:obliged-upload", args=[cast.group.pk]),
        {"listed": SimpleUploadedFile("list.xlsx", book)},
    )
    assert obliged_list.difference(ObligedChange.objects.latest("pk")).unchanged == len(OBLIGED)


def test_a_workbook_that_is_none_or_would_unpack_to_more_than_is_taken_is_refused(
    monkeypatch: pytest.MonkeyPatch, cast: Cast
) -> None:
    none = (LineFault(0, ObligedFileFault.NO_WORKBOOK),)
    assert read_list(b"PK\x03\x04 and nothing else", cast.group) == ((), none)
    book = workbook_of("site\r\nworks-1\r\n")
    assert read_list(book, cast.group) == ((ObligedSite("works-1", True),), ())
    monkeypatch.setattr(uploaded_tables, "MOST_UNPACKED_BYTES", 100)
    assert uploaded_tables.lines_of(book) == ([], (uploaded_tables.NO_WORKBOOK, 0, ""))


def test_a_workbook_that_takes_more_than_it_may_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, cast: Cast
) -> None:
    few = replace(foreign_files.UPLOAD, wall_s=0.01)  # less than a process takes to begin
    monkeypatch.setattr(obliged_files, "UPLOAD", few)
    entries, faults = read_list(workbook_of("site\r\nworks-1\r\n"), cast.group)
    assert (entries, [fault.fault for fault in faults]) == ((), [ObligedFileFault.BEYOND_LIMITS])
    officer = Client()
    assert officer.login(username=cast.drafter.email, password=PASSWORD)
    page = officer.post(
        reverse("web:obliged-upload", args=[cast.group.pk]),
        {"listed": SimpleUploadedFile("list.csv", b"site\r\nworks-1\r\n")},
    ).content.decode()
    assert "Reading this file takes more than a file of its kind may take." in page
    assert "in parts" in page
