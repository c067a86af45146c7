"""`manage.py register` and `issue_token`: from an empty portal to one that takes reports, as often
as one likes, all or nothing.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from stdnum.cn import uscc

from benchmarks.wire.directory import EnrolmentSecret
from portal import keys
from portal.accounts import api_keys, second_factor
from portal.accounts.enrolling import enrol, issue_token_for
from portal.accounts.models import (
    ApiKey,
    ControllingFirm,
    EnrolmentToken,
    Jurisdiction,
    Membership,
    Organisation,
    Role,
    Site,
    User,
)
from portal.accounts.scopes import Scope
from portal.accounts.selectors import organisations_as, own_sites, roles_of
from portal.assurance.assigning import assign, take_back
from portal.assurance.models import Assignment
from portal.auditlog.models import Action, Event
from portal.catalogue import deadlines, obliged_list
from portal.catalogue.models import ExtensionRequest, PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.obliged_rows import ObligedSite
from portal.catalogue.peer_groups import take_up
from portal.catalogue.periods import close_period, open_period, open_period_for
from portal.catalogue.selectors import period_taking_reports
from portal.practices.models import SiteReport
from portal.problems import RefusedError
from portal.register import changing_hands, record, siting
from tests.integration.portal_cast import NOW, PERIOD, deliver, make_cast, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]

ROOT = Path(__file__).parents[2]
REGISTER = ROOT / "docs" / "register.toml"


def register(file: Path, *arguments: str) -> list[str]:
    """Run the command; the changes it tells."""
    output = StringIO()
    call_command("register", str(file), *arguments, stdout=output, stderr=StringIO())
    return output.getvalue().splitlines()


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    file = tmp_path / "register.toml"
    file.write_text(REGISTER.read_text("utf-8"), "utf-8")
    return file


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_an_empty_portal_takes_reports_after_one_run() -> None:
    changes = register(REGISTER)
    site = Site.objects.get(slug="yanshan-1")
    period = period_taking_reports(site, "2025")
    assert period is not None
    assert (
        timezone.localtime(period.due).isoformat() == "2026-04-01T00:00:00+08:00"
    )  # the whole of the last day
    assert list(
        own_sites(User.objects.get(email="wang.fang@yanshan.example")).order_by("slug")
    ) == list(Site.objects.order_by("slug"))
    assert roles_of(User.objects.get(email="li.wei@ministry.example")) == {"regulator"}
    assert dict(PeerGroup.objects.get().members.values_list("site__slug", "obliged")) == {
        "yanshan-1": True,
        "yanshan-2": False,
    }
    assert [
        str(jurisdiction.parent) for jurisdiction in Jurisdiction.objects.filter(path="cn/he")
    ] == ["China"]
    assert "site yanshan-1: made" in changes
    assert Event.objects.filter(action=Action.REGISTER_CHANGED, actor="operator").count() >= 12


def test_nobody_signs_in_before_a_password_is_set() -> None:
    register(REGISTER)
    assert {user.has_usable_password() for user in User.objects.all()} == {False}


def test_a_second_run_changes_nothing_and_records_nothing() -> None:
    register(REGISTER)
    recorded = Event.objects.count()
    assert register(REGISTER) == []
    assert Event.objects.count() == recorded


def test_a_dry_run_tells_the_same_and_changes_nothing() -> None:
    lines = register(REGISTER, "--dry-run")
    assert (Site.objects.count(), Event.objects.count()) == (0, 0)
    assert register(REGISTER) == lines


def test_a_correction_is_made_told_and_put_on_record(edited: Path) -> None:
    register(edited)
    edit(edited, 'size_class = "large"', 'size_class = "small"')
    edit(edited, "due = 2026-03-31", "due = 2099-04-30")
    assert register(edited) == [
        "site yanshan-1: size_class was large, is small",
        "period cement/2025: due was 2026-03-31, is 2099-04-30",
    ]
    assert (
        Event.objects.filter(
            subject="site yanshan-1", detail="size_class was large, is small"
        ).count()
        == 1
    )


def test_an_assignment_says_until_when_and_whether_values_are_seen(edited: Path) -> None:
    register(edited)
    assert Assignment.objects.values_list("due", "sees_values").get() == (date(2026, 9, 30), False)
    edit(edited, "sees_values = false", "sees_values = true")
    assert any("checks 2025" in change for change in register(edited))
    assert Assignment.objects.values_list("due", "sees_values").get() == (date(2026, 9, 30), True)
    last = Event.objects.filter(action="assignment.made").last()
    assert last is not None
    assert last.detail == "Certification Body North, 2025: due 2026-09-30, with protected values"


def test_an_assignment_is_of_the_period_under_its_one_name(edited: Path) -> None:
    edit(edited, 'period = "2025"', 'period = "2025-01-01/2026-01-01"')
    register(edited)
    assert Assignment.objects.get().period == "2025"
    assert register(edited) == []


def test_who_leaves_loses_what_they_could_see(edited: Path) -> None:
    register(edited)
    edit(edited, 'acts_for = ["Yanshan Cement"]', "acts_for = []\nactive = false")
    assert register(edited) == [
        "person wang.fang@yanshan.example: is_active was True, is False",
        "person wang.fang@yanshan.example: acts for Yanshan Cement no longer",
    ]
    assert not own_sites(User.objects.get(email="wang.fang@yanshan.example")).exists()


def remarks(file: Path, verbosity: int = 1) -> str:
    """Run the command; what it says beside the changes."""
    remarked = StringIO()
    call_command("register", str(file), verbosity=verbosity, stdout=StringIO(), stderr=remarked)
    return remarked.getvalue()


def test_who_acted_for_a_firm_by_the_register_is_named_in_its_record_afterwards(
    edited: Path,
) -> None:
    zhao = '\n[[people]]\nemail = "zhao@yanshan.example"\nname = "Zhao"\nacts_for = {}\n'
    text = edited.read_text("utf-8")
    edited.write_text(text + zhao.format('["Yanshan Cement"]'), "utf-8")
    register(edited)
    gone = User.objects.get(email="zhao@yanshan.example")
    issue_token_for(gone, "yanshan-1", keys.published_directory().fingerprint, timezone.now())
    edited.write_text(text + zhao.format("[]"), "utf-8")
    register(edited)
    firm = Organisation.objects.get(name="Yanshan Cement")
    entries = record.entries(firm, record.RecordFilter(who="zhao@"), 0, 50)
    assert [(entry.who, entry.what) for entry in entries] == [(gone.email, Action.TOKEN_ISSUED)]


def test_of_the_thousands_whom_another_file_names_ten_are_named_and_the_rest_counted(
    edited: Path,
) -> None:
    """A register of a country in several files: each leaves out the people of the others."""
    count = 2_000
    whole = edited.read_text("utf-8")
    entries = (
        f'[[people]]\nemail = "p{n:04}@many.example"\nname = "P"\nacts_for = ["Yanshan Cement"]\n'
        for n in range(count)
    )
    edited.write_text("\n".join([whole, *entries]), "utf-8")
    remarks(edited)
    edited.write_text(whole, "utf-8")
    remarked = remarks(edited)
    assert "p0009@many.example, and 1,990 others (`--verbosity 2` names all)." in remarked
    assert "p0010" not in remarked
    assert "p1999@many.example" in remarks(edited, verbosity=2)


def test_a_person_whose_entry_was_removed_still_acts_and_the_command_says_so(edited: Path) -> None:
    assert "act as before" not in remarks(edited)
    entry = (
        '[[people]]\nemail = "wang.fang@yanshan.example"\nname = "Wang Fang"\nacts_for = '
        '["Yanshan Cement"]\n'
    )
    edit(edited, entry, "")
    assert "they act as before: wang.fang@yanshan.example." in remarks(edited)
    assert own_sites(User.objects.get(email="wang.fang@yanshan.example")).exists()
    file = edited.with_name("a-firm.toml")
    file.write_text('[[firms]]\nname = "Yanshan Holding"\n', "utf-8")
    assert "act as before" not in remarks(file), "a file without people says nothing of them"
    whole = edited.read_text("utf-8")
    edited.write_text(
        whole + entry.replace('acts_for = ["Yanshan Cement"]', "active = false"), "utf-8"
    )
    remarks(edited)
    edited.write_text(whole, "utf-8")
    assert "act as before" not in remarks(edited)


WRONG = {
    "a firm that nobody declared": (
        'firm = "Yanshan Holding"',
        'firm = "Yanshan Holdings"',
        "Holdings'.*needed: Yanshan Holding\n",
    ),
    "an unknown pack": (
        'pack = "cement"\nsize',
        'pack = "cemnet"\nsize',
        "There is no pack 'cemnet'.*needed: cement",
    ),
    "an enterprise without a firm": (
        'firm = "Yanshan Holding"\n',
        "",
        "enterprise Yanshan Cement has no firm",
    ),
    "a key that means nothing": (
        'size_class = "large"',
        'size = "large"',
        "sites 1, size.*Extra inputs",
    ),
    "a size class of one's own": (
        'size_class = "large"',
        'size_class = "huge"',
        "sites 1, size_class.*found:  'huge'",
    ),
    "no email": ("li.wei@ministry.example", "li.wei", "people 1, email.*this is no email address"),
    "a site id with a blank": ('id = "yanshan-1"', 'id = "yanshan 1"', "sites 1, id"),
    "a period nobody can spell": ('name = "2025", due', 'name = "year 25", due', "year 25"),
    "an assignment by a stranger": (
        'by = "li.wei',
        'by = "wang.fang@yanshan.example" # "',
        "wang.fang@yanshan.example is no regulator of the site yanshan-1",
    ),
    "a name longer than the portal keeps": (
        'name_zh = "中国"',
        f'name_zh = "{"国" * 121}"',
        "jurisdictions 1, name_zh.*at most 120",
    ),
    "an English name longer than the portal keeps": (
        'name = "China"',
        f'name = "{"C" * 121}"',
        "jurisdictions 1, name.*at most 120",
    ),
    "a person longer than the portal keeps": (
        'name = "Li Wei"',
        f'name = "{"L" * 151}"',
        "people 1, name.*at most 150",
    ),
    "reports due when their period has not ended": (
        "due = 2026-03-31",
        "due = 2025-12-31",
        "cannot be due before their period has ended",
    ),
    "an assignment of no period": (
        'period = "2025"',
        'period = "year 25"',
        "assignments 1, period",
    ),
    "no TOML": ("[[firms]]", "[[firms", "cannot be read"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_in_words_and_changes_nothing(edited: Path, name: str) -> None:
    old, new, message = WRONG[name]
    edit(edited, old, new)
    with pytest.raises(CommandError, match=re.compile(message, re.DOTALL)):
        register(edited)
    assert (
        Organisation.objects.count(),
        User.objects.count(),
        Membership.objects.count(),
        Event.objects.count(),
    ) == (0, 0, 0, 0)


def test_what_was_closed_stays_closed_and_the_file_has_to_say_so(edited: Path) -> None:
    register(edited)
    close_period(ReportingPeriod.objects.get(), "test", NOW)
    with pytest.raises(CommandError, match="closed stays closed"):
        register(edited)
    edit(edited, "due = 2026-03-31 }", "due = 2026-03-31, closed = true }")
    assert register(edited) == []


@pytest.mark.parametrize(
    "declared", ['voluntary = ["yanshan-2"]', 'obliged = ["yanshan-1"]\nvoluntary = ["yanshan-2"]']
)
def test_a_retired_site_is_in_no_group_again_by_the_file_that_closes_the_period(
    edited: Path, declared: str
) -> None:
    register(edited)
    edit(edited, 'voluntary = ["yanshan-2"]', declared)
    Site.objects.update(retired_at=NOW)
    PeerGroupMember.objects.all().delete()  # as when their firm leaves
    edit(edited, "due = 2026-03-31", "closed = true, due = 2026-03-31")
    assert not any("obliged" in change or "own will" in change for change in register(edited))
    assert not PeerGroupMember.objects.exists()


def test_a_site_that_has_reported_keeps_its_pack_and_its_firm(tmp_path: Path) -> None:
    cast = make_cast(plants=2)
    deliver(cast.plants[0].envelope(cast.pack))
    file = tmp_path / "register.toml"
    entry = (
        '[[sites]]\nid = "works-{}"\nname = "Works"\norganisation = "Enterprise 2"\njurisdiction '
        '= "cn"\npack = "cement"\n'
    )
    file.write_text(entry.format(1), "utf-8")
    with pytest.raises(CommandError, match="site-has-reported"):
        register(file)
    file.write_text(entry.format(2), "utf-8")
    assert register(file) == ["site works-2: name was Works 2, is Works"]


def test_a_wish_for_another_size_class_goes_with_its_site_and_ends_with_its_firm(
    tmp_path: Path,
) -> None:
    cast = make_cast(plants=2)
    file = tmp_path / "register.toml"
    entry = (
        '[[sites]]\nid = "works-1"\nname = "Works 1"\norganisation = "{}"\njurisdiction = '
        '"{}"\npack = "cement"\nsize_class = "medium"\n'
    )
    file.write_text(entry.format("Enterprise 1", cast.nation.path), "utf-8")
    siting.change(
        cast.plants[0].owner,
        "works-1",
        name="Works 1",
        name_zh="",
        size_class="large",
        since=None,
        now=NOW,
    )
    assert siting.waiting_for(cast.provincial).exists()
    register(file)
    assert not siting.waiting_for(cast.provincial).exists()
    assert siting.waiting_for(cast.approver).exists()
    file.write_text(entry.format("Enterprise 2", cast.nation.path), "utf-8")
    assert register(file)[-1].startswith("site works-1: no longer waits for another size class")
    assert not siting.waiting_for(cast.approver).exists()


def test_what_a_firm_agreed_to_for_a_site_ends_where_the_site_is_given_to_another(
    tmp_path: Path,
) -> None:
    cast = make_cast(plants=2)
    plant, site = cast.plants[0], cast.plants[0].site
    deadlines.ask(cast.period, site, date(2030, 1, 31), "A new meter.", plant.owner, NOW)
    file = tmp_path / "register.toml"
    entry = (
        '[[sites]]\nid = "works-1"\nname = "Works 1"\norganisation = "Enterprise 2"\njurisdiction '
        '= "{}"\npack = "cement"\n'
    )
    file.write_text(entry.format(site.jurisdiction.path), "utf-8")
    assert [line.split(",")[0] for line in register(file)[1:]] == [
        "site works-1: no longer waits for more time",
    ]
    assign(cast.body, Site.objects.get(pk=site.pk), PERIOD, cast.approver, NOW)
    assert register(file) == []


def test_what_a_firm_said_and_arranged_for_a_site_is_not_the_next_firms(tmp_path: Path) -> None:
    cast = make_cast(plants=2)
    plant, site, other = cast.plants[0], cast.plants[0].site, cast.plants[1].site.organisation
    token = issue_token_for(
        plant.owner, site.slug, keys.published_directory().fingerprint, timezone.now()
    )
    firm = site.organisation.controlling_firm
    waiting = {
        "version": 1,
        "site": site,
        "firm": firm,
        "outcome": "2-to-5",
        "year": 2016,
        "handed_in_at": NOW,
    }
    SiteReport.objects.create(practice="waits", asked="{}", **waiting)
    SiteReport.objects.create(practice="counted", counted_at=NOW, **waiting)
    assign(cast.body, site, PERIOD, cast.approver, NOW)
    own_body = Organisation.objects.create(
        name="Own body", kind=Role.CERTIFICATION_BODY, controlling_firm=other.controlling_firm
    )
    assign(own_body, site, PERIOD, cast.approver, NOW)
    file = tmp_path / "register.toml"
    entry = (
        '[[sites]]\nid = "works-1"\nname = "Works 1"\norganisation = "Enterprise 2"\njurisdiction '
        '= "{}"\npack = "cement"\n'
    )
    file.write_text(entry.format(site.jurisdiction.path), "utf-8")
    assert [line.split(",")[0] for line in register(file)[1:]] == [
        "site works-1: is audited no longer by a body that may not check its organisation",
        "site works-1: has no practice report that waits any more",
        "site works-1: is open to no new agent any more",
    ]
    with pytest.raises(RefusedError, match="token"):
        enrol(token.split(".")[1], "ab" * 32, "cd" * 32, "", timezone.now())
    assert list(SiteReport.objects.values_list("practice", flat=True)) == ["counted"]
    assert [row.body for row in Assignment.objects.filter(taken_back_at=None)] == [cast.body]
    assert Assignment.objects.get(body=own_body).taken_back_reason == changing_hands.BECAUSE
    assert register(file) == []


def many(file: Path, count: int) -> Path:
    """A register of so many firms, each with one enterprise, one person and one site."""
    text = '[[jurisdictions]]\npath = "cn"\nname = "China"\n'
    for n in range(count):
        body = f"91330106{n:09}"
        text += f'[[firms]]\nname = "Firm {n}"\n'
        text += f'[[organisations]]\nname = "Works {n}"\nkind = "enterprise"\nfirm = "Firm {n}"\n'
        text += f'credit_code = "{body}{uscc.calc_check_digit(body)}"\n'
        text += f'[[people]]\nemail = "p{n}@works.example"\nname = "P"\nacts_for = ["Works {n}"]\n'
        text += f'[[sites]]\nid = "works-{n}"\nname = "W"\norganisation = "Works {n}"\njurisdiction = "cn"\npack = "cement"\n'
    file.write_text(
        text + '[[peer_groups]]\npack = "cement"\nscope = "cn"\nperiods = [{ name = "2025" }]\n',
        "utf-8",
    )
    return file


def test_forty_sites_ask_the_database_no_more_than_four_new_or_unchanged(tmp_path: Path) -> None:
    asked = []
    for count in (4, 40):
        with CaptureQueriesContext(connection) as first:
            changes = register(many(tmp_path / "register.toml", count))
        with CaptureQueriesContext(connection) as again:
            assert register(tmp_path / "register.toml") == []
        asked.append((len(first), len(again)))
        assert f"site works-{count - 1}: made" in changes
    assert Site.objects.filter(peer_groups__isnull=False).count() == 40
    assert len({user.password for user in User.objects.all()}) == 40
    (few, few_again), (more, more_again) = asked
    assert few_again == more_again
    assert more <= few  # the first run makes the jurisdiction and the period, too


def test_one_credit_code_of_two_firms_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    text = many(tmp_path / "register.toml", 2).read_text("utf-8")
    codes = re.findall(r'credit_code = "(\w+)"', text)
    (tmp_path / "register.toml").write_text(text.replace(codes[1], codes[0]), "utf-8")
    with pytest.raises(CommandError, match=codes[0]):
        register(tmp_path / "register.toml")
    assert not Organisation.objects.exists()


def test_what_a_file_says_twice_ends_as_it_says_last(tmp_path: Path) -> None:
    file = tmp_path / "register.toml"
    file.write_text(
        '[[firms]]\nname = "Firm"\nname_zh = "A"\n[[firms]]\nname = "Firm"\nname_zh = "B"\n',
        "utf-8",
    )
    assert register(file) == ["firm Firm: made", "firm Firm: name_zh was A, is B"]
    assert list(ControllingFirm.objects.values_list("name", "name_zh")) == [("Firm", "B")]


def test_a_token_for_a_registered_site_is_printed_once_and_nothing_else() -> None:
    register(REGISTER)
    output = StringIO()
    call_command("issue_token", "yanshan-1", stdout=output, stderr=StringIO())
    assert (
        EnrolmentSecret.parse(output.getvalue().strip()).fingerprint
        == keys.published_directory().fingerprint
    )
    with pytest.raises(CommandError, match="There is no site 'yanshan-9'"):
        call_command("issue_token", "yanshan-9")


def test_no_token_is_issued_for_a_site_that_is_retired() -> None:
    """By its firm, or because its firm left: no agent signs for it any more."""
    register(REGISTER)
    Site.objects.filter(slug="yanshan-1").update(retired_at=NOW)
    with pytest.raises(CommandError, match="The site 'yanshan-1' is retired"):
        call_command("issue_token", "yanshan-1", stdout=StringIO(), stderr=StringIO())
    assert not EnrolmentToken.objects.exists()


def test_every_command_that_a_page_or_a_document_names_exists() -> None:
    texts = [
        *(ROOT / "portal" / "web" / "templates").rglob("*.html"),
        *(ROOT / "docs").glob("*.md"),
        ROOT / "README.md",
    ]
    texts += [*(ROOT / "docker").rglob("*.*"), *(ROOT / "portal" / "web" / "locale").rglob("*.po")]
    named = {
        name
        for text in texts
        for name in re.findall(r"manage\.py ([a-z_]+)", text.read_text("utf-8"))
    }
    assert {"register", "make_keys", "issue_token"} <= named
    assert named <= get_commands().keys() | {
        "demo"
    }  # the demo's app is installed in the embedded settings alone


def test_what_an_entry_does_not_mention_stays_as_a_regulator_or_the_firm_has_settled_it(
    edited: Path,
) -> None:
    """The file is run again to close a period: it says nothing of a second site's size class, nor
    of names in Chinese.
    """
    register(edited)
    Site.objects.filter(slug="yanshan-2").update(size_class="very-large", name_zh="燕山二厂")
    ControllingFirm.objects.update(name_zh="燕山集团")
    Organisation.objects.filter(name="Yanshan Cement").update(name_zh="燕山水泥")
    edit(edited, "due = 2026-03-31", "due = 2026-03-31, closed = true")
    assert register(edited) == ["period cement/2025: closed"]
    assert Site.objects.values_list("size_class", "name_zh").get(slug="yanshan-2") == (
        "very-large",
        "燕山二厂",
    )
    edit(edited, 'pack = "cement"\n\n[[peer', 'pack = "cement"\nsize_class = "medium"\n\n[[peer')
    assert register(edited) == ["site yanshan-2: size_class was very-large, is medium"], (
        "what it does mention is corrected"
    )


def test_a_file_that_names_nobody_as_obliged_leaves_members_as_a_regulators_list_left_them(
    edited: Path,
) -> None:
    edit(edited, 'voluntary = ["yanshan-2"]\n', "")
    register(edited)
    officer, group = User.objects.get(email="li.wei@ministry.example"), PeerGroup.objects.get()
    obliged_list.amend(group, ObligedSite("yanshan-1", False), officer, NOW)
    edit(edited, "due = 2026-03-31", "due = 2026-03-31, closed = true")
    assert register(edited) == ["period cement/2025: closed"]
    assert dict(group.members.values_list("site__slug", "obliged")) == {
        "yanshan-1": False,
        "yanshan-2": True,
    }


def test_an_assignment_that_a_regulator_took_back_is_not_made_again_by_the_next_run(
    edited: Path,
) -> None:
    register(edited)
    officer = User.objects.get(email="li.wei@ministry.example")
    take_back(Assignment.objects.get(), "The body advised this plant.", officer, NOW)
    edit(edited, "due = 2026-03-31", "due = 2026-03-31, closed = true")
    with pytest.raises(
        CommandError,
        match="Certification Body North to the site yanshan-1 for 2025 ended on 2017-06-01",
    ):
        register(edited)
    assert Assignment.objects.get().taken_back_at is not None
    edited.write_text(edited.read_text("utf-8").partition("[[assignments]]")[0], "utf-8")
    assert register(edited) == ["period cement/2025: closed"]


@pytest.mark.usefixtures("two_versions")
def test_a_period_stays_with_the_version_that_opened_it_when_a_regulator_takes_up_another(
    edited: Path,
) -> None:
    edit(edited, 'scope = "cn"', 'scope = "cn"\nversion = "1"')
    register(edited)
    edit(edited, '\nversion = "1"', "")
    group, officer = PeerGroup.objects.get(), User.objects.get(email="li.wei@ministry.example")
    successor = take_up(officer, group, "2", NOW)
    edit(edited, "due = 2026-03-31 }", 'due = 2026-03-31, closed = true }, { name = "2026" }')
    register(edited)
    assert list(ReportingPeriod.objects.order_by("name").values_list("name", "peer_group")) == [
        ("2025", group.pk),
        ("2026", group.pk),
    ]
    close_period(ReportingPeriod.objects.get(name="2026"), "test", NOW)
    open_period(successor, "2027", "test", NOW)
    edit(
        edited,
        '{ name = "2026" }',
        '{ name = "2026", closed = true }, { name = "2027" }, { name = "2028" }',
    )
    assert register(edited) == ["period cement/2028: opened"]
    assert ReportingPeriod.objects.get(name="2028").peer_group == successor


@pytest.mark.usefixtures("two_versions")
def test_a_new_site_joins_the_version_that_takes_reports(edited: Path) -> None:
    """The file still names the closed period of the version before; a regulator has taken up the
    next and opened its period there.
    """
    edit(edited, 'scope = "cn"', 'scope = "cn"\nversion = "1"')
    register(edited)
    edit(edited, '\nversion = "1"', "")
    group, officer = PeerGroup.objects.get(), User.objects.get(email="li.wei@ministry.example")
    successor = take_up(officer, group, "2", NOW)
    edit(edited, "due = 2026-03-31", "due = 2026-03-31, closed = true")
    register(edited)
    open_period(successor, "2026", officer.email, NOW)
    site = (
        'id = "yanshan-3"\nname = "Works 3"\norganisation = "Yanshan Cement"\njurisdiction = '
        '"cn/he"\npack = "cement"'
    )
    edit(edited, "[[peer_groups]]", f"[[sites]]\n{site}\n\n[[peer_groups]]")
    register(edited)
    assert PeerGroupMember.objects.get(site__slug="yanshan-3").peer_group == successor


@pytest.mark.usefixtures("two_versions")
def test_a_version_that_the_file_names_opens_no_period_that_another_has_open(edited: Path) -> None:
    edit(edited, 'scope = "cn"', 'scope = "cn"\nversion = "1"')
    register(edited)
    edit(edited, 'version = "1"', 'version = "2"')
    with pytest.raises(
        CommandError, match="Reports of 2025 are accepted with version 1 of the pack"
    ):
        register(edited)
    assert PeerGroup.objects.count() == 1


def test_a_day_that_a_regulator_moved_stays_whatever_the_file_says(edited: Path) -> None:
    """The file is run again to close the period, and still names the day of before."""
    register(edited)
    officer, now = User.objects.get(email="li.wei@ministry.example"), timezone.now()
    deadlines.set_due(
        ReportingPeriod.objects.get(), (now + timedelta(days=60)).date(), officer, now
    )
    moved = ReportingPeriod.objects.get().due
    assert register(edited) == []
    edit(edited, "due = 2026-03-31", "due = 2099-04-30")
    assert register(edited) == []
    edit(edited, "due = 2099-04-30", "due = 2026-03-31, closed = true")
    assert register(edited) == ["period cement/2025: closed"]
    assert ReportingPeriod.objects.get().due == moved


def test_a_day_that_a_regulator_chose_when_opening_the_period_stays(edited: Path) -> None:
    register(edited)
    group, officer, now = (
        PeerGroup.objects.get(),
        User.objects.get(email="li.wei@ministry.example"),
        timezone.now(),
    )
    close_period(ReportingPeriod.objects.get(), "test", NOW)
    opened = open_period_for(officer, group, str(now.year), now, (now + timedelta(days=400)).date())
    edit(
        edited,
        "due = 2026-03-31 }",
        f'due = 2026-03-31, closed = true }}, {{ name = "{now.year}", due = 2099-03-31 }}',
    )
    assert register(edited) == []
    assert ReportingPeriod.objects.get(pk=opened.pk).due == opened.due


def test_the_file_moves_no_day_to_one_that_is_past_and_none_of_a_closed_period(
    edited: Path,
) -> None:
    edit(edited, "due = 2026-03-31", "due = 2099-03-31")
    register(edited)
    edit(edited, "due = 2099-03-31", "due = 2026-03-31")
    with pytest.raises(CommandError, match="due-past"):
        register(edited)
    close_period(ReportingPeriod.objects.get(), "test", NOW)
    edit(edited, "due = 2026-03-31", "due = 2099-04-30, closed = true")
    assert register(edited) == []
    assert timezone.localtime(ReportingPeriod.objects.get().due).date() == date(2099, 4, 1)


def test_an_officer_who_assigned_an_audit_by_the_file_is_taken_out_as_anybody(edited: Path) -> None:
    """docs/portal.md, when a person leaves: `active = false` in their entry, `acts_for = []`
    too.
    """
    register(edited)
    acting = 'name = "Li Wei"\nacts_for = ["Ministry of Industry"]'
    edit(edited, acting, 'name = "Li Wei"\nactive = false\nacts_for = []')
    assert register(edited) == [
        "person li.wei@ministry.example: is_active was True, is False",
        "person li.wei@ministry.example: acts for Ministry of Industry no longer",
    ]
    assert Assignment.objects.get().taken_back_at is None
    edit(edited, "sees_values = false", "sees_values = true")
    with pytest.raises(
        CommandError,
        match=r"li\.wei@ministry\.example is no regulator of the site yanshan-1, which",
    ):
        register(edited)


def test_what_a_regulator_settled_of_an_assignment_stays_where_the_file_does_not_mention_it(
    edited: Path,
) -> None:
    edit(edited, "due = 2026-09-30\nsees_values = false\n", "")
    register(edited)
    row, officer = Assignment.objects.get(), User.objects.get(email="li.wei@ministry.example")
    assign(row.body, row.site, "2025", officer, NOW, date(2026, 12, 31), sees_values=True)
    assert register(edited) == []
    edited.write_text(edited.read_text("utf-8") + "sees_values = false\n", "utf-8")
    assert register(edited) == ["site yanshan-1: Certification Body North checks 2025"]
    assert Assignment.objects.values_list("due", "sees_values").get() == (date(2026, 12, 31), False)


def test_a_site_that_the_register_moves_owes_nothing_to_the_groups_of_the_place_before(
    edited: Path,
) -> None:
    edit(
        edited,
        'name_zh = "河北"\n',
        'name_zh = "河北"\n\n[[jurisdictions]]\npath = "cn/sd"\nname = "Shandong"\n',
    )
    of_province = (
        '[[peer_groups]]\npack = "cement"\nscope = "cn/{}"\nperiods = [{{ name = "{}" }}]\n\n'
    )
    groups_of_provinces = of_province.format("he", "2025") + of_province.format("sd", "2025")
    edit(edited, "[[assignments]]", groups_of_provinces + "[[assignments]]")
    register(edited)
    before, other = PeerGroup.objects.get(scope__path="cn/he"), Site.objects.get(slug="yanshan-2")
    owner = User.objects.get(email="wang.fang@yanshan.example")
    deadlines.ask(
        before.periods.get(),
        Site.objects.get(slug="yanshan-1"),
        date(2099, 1, 31),
        "A new meter.",
        owner,
        NOW,
    )
    edit(
        edited,
        'jurisdiction = "cn/he"\npack = "cement"\nsize_class',
        'jurisdiction = "cn/sd"\npack = "cement"\nsize_class',
    )
    changes = register(edited)
    assert (
        f"site yanshan-1: owes nothing to the peer group {before} any more, which is of another "
        "place or pack" in changes
    )
    assert list(before.members.values_list("site", flat=True)) == [other.pk]
    scopes = PeerGroupMember.objects.filter(site__slug="yanshan-1", obliged=True).values_list(
        "peer_group__scope__path", flat=True
    )
    assert set(scopes) == {"cn", "cn/sd"}
    assert not ExtensionRequest.objects.exists()
    assert register(edited) == []


def of_province(file: Path) -> None:
    """The peer group is Hebei's, which has neighbours, and nobody is to check."""
    edit(file, 'scope = "cn"', 'scope = "cn/he"')
    edit(
        file,
        "[[firms]]",
        '[[jurisdictions]]\npath = "cn/sx"\nname = "Shanxi"\n\n[[jurisdictions]]\npath = '
        '"cn/gs"\nname = "Gansu"\n\n[[firms]]',
    )
    file.write_text(file.read_text("utf-8").partition("[[assignments]]")[0], "utf-8")


def move(file: Path, before: str, after: str) -> None:
    entry = 'jurisdiction = "{}"\npack = "cement"\nsize_class'
    edit(file, entry.format(before), entry.format(after))


def test_a_site_that_was_moved_by_mistake_owes_what_it_owed_once_it_is_put_right(
    edited: Path,
) -> None:
    """It stayed a member meanwhile, by its own will, for a period of the group is closed."""
    of_province(edited)
    edit(edited, "due = 2026-03-31 }", 'due = 2026-03-31, closed = true }, { name = "2026" }')
    register(edited)
    move(edited, "cn/he", "cn/sx")
    register(edited)
    move(edited, "cn/sx", "cn/he")
    register(edited)
    assert PeerGroupMember.objects.get(site__slug="yanshan-1").obliged
    assert register(edited) == []


def test_who_moves_within_the_scope_of_a_group_stays_in_it_what_they_are(edited: Path) -> None:
    of_province(edited)
    edit(edited, 'scope = "cn/he"', 'scope = "cn"')
    register(edited)
    PeerGroupMember.objects.filter(site__slug="yanshan-1").update(obliged=False)
    move(edited, "cn/he", "cn/sx")
    register(edited)
    assert not PeerGroupMember.objects.get(site__slug="yanshan-1").obliged


def test_of_a_site_that_moves_on_only_what_changes_is_told(edited: Path) -> None:
    """It goes on by its own will in a group of before, whose period is closed; moved a second time,
    nothing changes there.
    """
    of_province(edited)
    register(edited)
    close_period(ReportingPeriod.objects.get(), "test", NOW)
    edited.write_text(edited.read_text("utf-8").partition("[[peer_groups]]")[0], "utf-8")
    move(edited, "cn/he", "cn/sx")
    assert sum("owes nothing to the peer group" in change for change in register(edited)) == 1
    move(edited, "cn/sx", "cn/gs")
    assert register(edited) == ["site yanshan-1: jurisdiction was Shanxi, is Gansu"]


def test_a_moved_site_stays_by_its_own_will_where_a_period_is_closed_that_may_count_it(
    edited: Path,
) -> None:
    edit(edited, 'scope = "cn"', 'scope = "cn/he"')
    edit(
        edited,
        "[[assignments]]",
        '[[jurisdictions]]\npath = "cn/sd"\nname = "Shandong"\n\n[[assignments]]',
    )
    register(edited)
    close_period(ReportingPeriod.objects.get(), "test", NOW)
    edit(edited, "due = 2026-03-31", "due = 2026-03-31, closed = true")
    edit(
        edited,
        'jurisdiction = "cn/he"\npack = "cement"\nsize_class',
        'jurisdiction = "cn/sd"\npack = "cement"\nsize_class',
    )
    assert any("owes nothing to the peer group" in change for change in register(edited))
    assert (
        PeerGroupMember.objects.filter(site__slug="yanshan-1")
        .values_list("obliged", flat=True)
        .get()
        is False
    )
    assert ReportingPeriod.objects.get().obliges(
        Site.objects.get(slug="yanshan-1").pk, now=False
    ), "what it owed then"


def test_an_organisation_whose_kind_is_corrected_is_acted_for_by_its_people(edited: Path) -> None:
    """Also by who was invited on the portal, and stands in no file."""
    edited.write_text(edited.read_text("utf-8").partition("[[assignments]]")[0], "utf-8")
    edit(edited, 'kind = "certification-body"', 'kind = "technology-provider"')
    whole = edited.read_text("utf-8")
    edited.write_text(
        whole
        + '[[people]]\nemail = "auditor@north.example"\nname = "A"\nacts_for = ["Certification '
        'Body North"]\n',
        "utf-8",
    )
    register(edited)
    body = Organisation.objects.get(name="Certification Body North")
    invited = person("invited@north.example", body, Role.PROVIDER)
    edit(edited, 'kind = "technology-provider"', 'kind = "certification-body"')
    changes = register(edited)
    for user in (User.objects.get(email="auditor@north.example"), invited):
        assert list(organisations_as(user, Role.CERTIFICATION_BODY)) == [body]
        assert (
            f"organisation Certification Body North: {user.email} acts for it as certification-body"
            in changes
        )
    assert register(edited) == []


def test_a_credit_code_goes_by_one_file_from_who_had_it_by_mistake_to_whose_it_is(
    tmp_path: Path,
) -> None:
    file = tmp_path / "register.toml"
    text = many(file, 3).read_text("utf-8")
    register(file)
    codes = re.findall(r'credit_code = "(\w+)"', text)
    shifted = dict(zip(codes, (codes[1], codes[0], ""), strict=True))
    file.write_text(re.sub(r"\w{18}", lambda code: shifted[code[0]], text), "utf-8")
    assert register(file) == [
        f"organisation Works 0: credit_code was {codes[0]}, is {codes[1]}",
        f"organisation Works 1: credit_code was {codes[1]}, is {codes[0]}",
        f"organisation Works 2: credit_code was {codes[2]}, is ",
    ]
    assert list(Organisation.objects.order_by("name").values_list("credit_code", flat=True)) == [
        codes[1],
        codes[0],
        "",
    ]
    assert register(file) == []
    file.write_text(
        text.replace(codes[0], codes[2]).replace(f'credit_code = "{codes[1]}"\n', ""), "utf-8"
    )
    with pytest.raises(CommandError, match=codes[2]):
        register(file)


def make_personal_key() -> None:
    user = User.objects.get(email="wang.fang@yanshan.example")
    second_factor.give(user)
    house = Organisation.objects.get(name="Yanshan Cement")
    api_keys.make(
        user, house.pk, "a program", [Scope.SITES], timedelta(days=30), personal=True, now=NOW
    )


def test_a_personal_key_of_who_acts_for_a_firm_no_longer_by_the_file_is_revoked(
    edited: Path,
) -> None:
    register(edited)
    make_personal_key()
    edit(edited, 'acts_for = ["Yanshan Cement"]', "acts_for = []")
    register(edited)
    assert ApiKey.objects.get().revoked_at is not None


def test_a_personal_key_of_whose_account_the_file_closes_is_revoked(edited: Path) -> None:
    """Else it would open again with the account."""
    register(edited)
    make_personal_key()
    address = 'email = "wang.fang@yanshan.example"'
    edit(edited, address, f"{address}\nactive = false")
    register(edited)
    assert ApiKey.objects.get().revoked_at is not None
    assert register(edited) == []


def test_what_controls_a_body_stays_where_the_file_does_not_mention_it(edited: Path) -> None:
    register(edited)
    firm = ControllingFirm.objects.get()
    Organisation.objects.filter(name="Certification Body North").update(controlling_firm=firm)
    register(edited)
    assert Organisation.objects.get(name="Certification Body North").controlling_firm == firm


@pytest.mark.parametrize("of_body", [False, True], ids=["the firm's", "the body's"])
def test_an_audit_ends_whose_body_comes_into_the_group_of_the_firm_that_it_checks(
    edited: Path, of_body: bool
) -> None:
    """As where the file gives the site to such a firm: nobody checks a firm of their own group."""
    edit(edited, "[[firms]] ", '[[firms]]\nname = "North Holding"\n\n[[firms]] ')
    body = 'kind = "certification-body"\n'
    edit(edited, body, body + 'firm = "North Holding"\n')
    register(edited)
    old, new = (
        ("North Holding", "Yanshan Holding") if of_body else ("Yanshan Holding", "North Holding")
    )
    edit(edited, f'firm = "{old}"', f'firm = "{new}"')
    with pytest.raises(CommandError, match="assignment-ended"):
        register(edited)
    edited.write_text(edited.read_text("utf-8").partition("[[assignments]]")[0], "utf-8")
    assert (
        "site yanshan-1: is audited no longer by a body that may not check its organisation"
        in register(edited)
    )
    assert Assignment.objects.get().taken_back_at is not None
