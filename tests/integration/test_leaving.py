"""A firm leaves: its time to undo, what is deleted, what stays; both databases are searched
afterwards.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from benchmarks.composition import Roster
from benchmarks.wire import logged
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.schema import Report
from benchmarks.wire.sealing import ProcessingKey
from portal import keys
from portal.accounts.enrolling import issue_token
from portal.accounts.models import EnrolmentToken, Membership, Organisation, Role, User
from portal.auditlog.models import Action, Event
from portal.catalogue import obliged_list, obliged_rows
from portal.catalogue.models import PeerGroupMember
from portal.catalogue.obliged_rows import ObligedSite
from portal.catalogue.peer_groups import make_peer_group
from portal.intake.models import Submission
from portal.notifications import mailing
from portal.notifications.models import Mail, Notice
from portal.notifications.telling import post
from portal.opening import refilling, unsealing
from portal.opening.models import OpenedReport
from portal.practices import reviewing
from portal.practices.models import Entry
from portal.practices.selectors import library
from portal.problems import RefusedError
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.register import inviting, leaving
from portal.register.models import Leaving
from portal.standings import computing as standings
from portal.standings import naming
from portal.standings.models import ProtectedValue, Standing
from portal.translog.models import LogEntry
from portal.web.words.mails import write
from tests.integration.portal_cast import (
    NOW,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    person,
    signed_in,
)
from tests.integration.post import letter_to
from tests.integration.test_practices import HOT, edit, publish

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

KEPT = {
    "auditlog_event": "who did what is never changed",
    "register_leaving": "the certificate names the firm and the digests",
}


def build_scene() -> Cast:
    """Nine firms have reported, version 1 is published; the first takes part by its own will and
    has used everything there is.
    """
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    first = cast.plants[0]
    PeerGroupMember.objects.filter(site=first.site).update(obliged=False)
    inviting.invite(
        first.owner,
        first.site.organisation_id,
        "invited@example.org",
        may_manage=True,
        delegate=False,
        now=NOW,
    )
    reviewing.offer(first.owner, first.site.organisation_id, HOT, named=True, now=NOW)
    for named in (True, False):
        naming.choose(first.site.organisation, named, first.owner, NOW)
    return cast


@pytest.fixture
def firm(cast: Cast) -> Organisation:
    return cast.plants[0].site.organisation


@pytest.fixture
def owner(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.plants[0].owner)
    return client


def over(now: datetime | None = None) -> datetime:
    return (now or timezone.now()) + leaving.COOLING


def everything() -> dict[str, str]:
    """Every row of every table of both databases, as text."""
    by_table = {}
    for alias in ("default", "vault"):
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the names come from the database itself
                rows = cursor.fetchall()
                by_table[f"{alias} {table}"] = "\n".join(
                    " ".join(_text(value) for value in row) for row in rows
                )
    return by_table


def _text(value: object) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)


def test_of_a_firm_that_has_left_nothing_is_found_that_must_be_gone(
    cast: Cast, firm: Organisation
) -> None:
    first = cast.plants[0]
    report = Submission.objects.get(site=first.site)
    opened = OpenedReport.objects.get(envelope_digest=report.digest)
    wanted = {
        "the sealed file": bytes(report.envelope).hex(),
        "what was opened": bytes(opened.report).hex(),
        "the owner's address": first.owner.email,
        "who was invited": "invited@example.org",
        "a practice that waits": HOT["title_en"],
        "the site in a roster": f"'site': '{first.site.slug}'",
        "the digest of its report in a roster": f"'report': '{report.digest}'",
    }
    before = everything()
    for name, needle in wanted.items():
        alike = needle.replace("'", '"')
        assert any(needle in text or alike in text for text in before.values()), (
            f"the search must find {name} while it is there"
        )
    asked = timezone.now()
    leaving.ask(first.owner, firm.pk, asked)
    assert leaving.carry_out_due(lambda: over(asked)) == 1
    after = everything()
    for name, needle in wanted.items():
        alike = needle.replace("'", '"')
        where = [
            table
            for table, text in after.items()
            if (needle in text or alike in text) and table.split()[1] not in KEPT
        ]
        letters = (
            ["default notifications_mail"] if name == "the owner's address" else []
        )  # the one with the certificate
        assert where == letters, name
    assert not ProtectedValue.objects.filter(submission=report).exists()
    assert not User.objects.filter(pk=first.owner.pk).exists()
    report.refresh_from_db()
    assert (report.state, bytes(report.envelope), report.covers) == ("deleted", b"", "")
    assert report.receipt, "its place in the log is proven still"


def test_it_is_this_search_that_would_find_what_was_left_behind(
    cast: Cast, firm: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one of the deletions off, the search finds it: a test of absence is as good as its
    search.
    """
    monkeypatch.setattr(leaving, "_delete_reports", lambda _reports: 0)
    asked = timezone.now()
    report = Submission.objects.get(site=cast.plants[0].site)
    leaving.ask(cast.plants[0].owner, firm.pk, asked)
    leaving.carry_out_due(lambda: over(asked))
    assert any(bytes(report.envelope).hex() in text for text in everything().values())


def test_everybody_else_is_as_before_and_the_next_version_is_made_without_the_firm(
    cast: Cast, firm: Organisation
) -> None:
    first, second = cast.plants[0], cast.plants[1]
    published = Publication.objects.get()
    document = published.document
    asked = timezone.now()
    leaving.ask(first.owner, firm.pk, asked)
    values = ProtectedValue.objects.filter(submission__site=second.site).count()
    leaving.carry_out_due(lambda: over(asked))
    assert ProtectedValue.objects.filter(submission__site=second.site).count() == values > 0
    assert User.objects.filter(pk=second.owner.pk).exists()
    published.refresh_from_db()
    assert published.document == document, "what was published stays as it was signed"
    members = [member for cell in published.roster["cells"] for member in cell["members"]]
    assert any(member["site"].startswith("left-") for member in members)
    assert any(member["site"] == second.site.slug for member in members)
    draft = drafting.draft(cast.period, cast.drafter, NOW, "One has left.")
    assert Submission.objects.get(site=first.site).digest not in draft.participants
    assert len(draft.participants) == 8


def test_what_stays_in_two_versions_is_one_part_under_one_random_name_and_its_place_tells_no_firm(
    cast: Cast, firm: Organisation
) -> None:
    """The digest of a report stands with its site on the receipt: with it in a roster, one join
    would name the plant behind a value.
    """
    first = Publication.objects.get()
    again = Publication.objects.create(
        period=cast.period,
        version=2,
        label=first.label,
        roster=first.roster,
        gate=first.gate,
        explanation=first.explanation,
        participants=first.participants,
        seed=first.seed,
        drafted_by=cast.drafter,
        drafted_at=NOW,
    )
    before = Roster.from_json(first.roster)
    asked = timezone.now()
    leaving.ask(cast.plants[0].owner, firm.pk, asked)
    leaving.carry_out_due(lambda: over(asked))
    digests = set(Submission.objects.values_list("digest", flat=True))
    rosters = []
    for row in (first, again):
        row.refresh_from_db()
        rosters.append(Roster.from_json(row.roster))
    assert rosters[0] == rosters[1]
    stayed = [cell.members for cell in rosters[0].cells]
    gone = {
        (member.firm, member.site, member.report)
        for members in stayed
        for member in members
        if member.report not in digests
    }
    assert len(gone) == 1, "the same firm, site and report in every cell"
    (name, site, report) = gone.pop()
    assert name == site != report
    assert name.startswith("left-")
    for old, members in zip(before.cells, stayed, strict=True):
        assert sorted(member.fingerprint for member in old.members) == sorted(
            member.fingerprint for member in members
        )
        assert [member.firm for member in members] == sorted(member.firm for member in members), (
            "no gap among the ids of firms"
        )


def test_it_can_be_undone_until_its_time_and_asking_twice_is_asking_once(
    cast: Cast, firm: Organisation, owner: Client
) -> None:
    path = f"/people/firms/{firm.pk}/leave/"
    assert "What stays, and why" in owner.get(path).content.decode()
    assert owner.post(path, {"name": "Enterprise"}).status_code == 400
    assert owner.post(path, {"name": ""}).status_code == 400, (
        "nor is an empty name the firm's missing Chinese one"
    )
    assert not Leaving.objects.exists()
    owner.post(path, {"name": firm.name})
    owner.post(path, {"name": firm.name})
    assert Leaving.objects.count() == 1
    assert "leaves the programme on" in letter_to(cast.plants[0].owner.email)
    assert leaving.carry_out_due(timezone.now) == 0, "its time has not come"
    owner.post(path, {"do": "stay"})
    assert leaving.carry_out_due(lambda: over() + timedelta(days=1)) == 0
    assert owner.get("/submissions/").status_code == 200
    assert list(
        Event.objects.filter(action__in=(Action.FIRM_LEAVING, Action.FIRM_STAYING)).values_list(
            "action", flat=True
        )
    ) == [
        Action.FIRM_LEAVING,
        Action.FIRM_STAYING,
    ]
    owner.post(path, {"name": firm.name})
    assert Leaving.objects.filter(undone_at=None).count() == 1, "and it may leave after all"


def test_from_its_day_on_leaving_is_not_undone_for_its_agents_may_be_revoked_already(
    cast: Cast, firm: Organisation, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, path = timezone.now() - leaving.COOLING, f"/people/firms/{firm.pk}/leave/"
    leaving.ask(cast.plants[0].owner, firm.pk, asked)

    def fails(*_asked: object) -> bool:
        raise OSError("the vault is away")

    with monkeypatch.context() as fault:
        fault.setattr(leaving, "_delete", fails)
        with pytest.raises(OSError, match="vault"):
            leaving.carry_out_due(timezone.now)
    page = owner.get(path).content.decode()
    assert "The time to undo this ended on" in page
    assert "Undo it and stay" not in page
    answer = owner.post(path, {"do": "stay"}, follow=True).content.decode()
    assert "The time to undo this is over: the data of the firm is being deleted." in answer
    assert "nothing was deleted" not in answer
    assert leaving.carry_out_due(timezone.now) == 1


def test_a_firm_that_is_obliged_on_its_day_reads_that_it_stays(
    cast: Cast, firm: Organisation, owner: Client
) -> None:
    leaving.ask(cast.plants[0].owner, firm.pk, timezone.now() - leaving.COOLING)
    PeerGroupMember.objects.filter(site__organisation=firm).update(obliged=True)
    page = owner.get(f"/people/firms/{firm.pk}/leave/").content.decode()
    assert "It stays, because one of its sites is on a list of the obliged." in page
    assert "its data is being deleted" not in page


def test_a_firm_that_chose_to_be_named_is_not_promised_that_what_was_published_names_none(
    cast: Cast, firm: Organisation, owner: Client
) -> None:
    """What was signed stays as it was, with the names beside their quarters."""
    naming.choose(firm, True, cast.plants[0].owner, NOW)
    page = owner.get(f"/people/firms/{firm.pk}/leave/").content.decode()
    assert "it names no firm." not in page
    assert "others cite it. It names a firm only if that firm had chosen to be named." in page


def test_the_day_of_leaving_is_the_schemes_on_record_and_in_the_mail(
    cast: Cast, firm: Organisation
) -> None:
    evening = datetime(2026, 1, 1, 22, tzinfo=UTC)  # the next morning where the portal is
    leaving.ask(cast.plants[0].owner, firm.pk, evening)
    assert Event.objects.get(action=Action.FIRM_LEAVING).detail == "on 2026-01-16"
    assert Notice.objects.get(kind="firm.leaves").told["due"] == "2026-01-16"


def test_who_is_obliged_cannot_leave_by_itself(
    cast: Cast, firm: Organisation, owner: Client
) -> None:
    PeerGroupMember.objects.filter(site=cast.plants[0].site).update(obliged=True)
    assert "list of the obliged" in owner.get(f"/people/firms/{firm.pk}/leave/").content.decode()
    with pytest.raises(RefusedError) as refused:
        leaving.ask(cast.plants[0].owner, firm.pk, timezone.now())
    assert refused.value.code == "firm-obliged"


def test_the_revocation_of_its_agents_is_in_the_log_and_on_record(
    cast: Cast, firm: Organisation
) -> None:
    plant, asked = cast.plants[0], timezone.now()
    issue_token(plant.site, None, keys.published_directory().fingerprint, asked)
    leaving.ask(plant.owner, firm.pk, asked)
    leaving.carry_out_due(lambda: over(asked))
    entry = logged.device_key(
        "revoked", str(plant.device.pk), bytes.fromhex(plant.device.public_key)
    )
    assert LogEntry.objects.filter(kind=EntryKind.DEVICE_KEY, digest=entry.hex()).count() == 1
    assert Event.objects.get(action=Action.DEVICE_REVOKED).actor == "worker"
    assert not EnrolmentToken.objects.filter(site=plant.site).exists()


def test_what_was_being_opened_while_the_firm_left_is_not_in_the_vault_afterwards(
    cast: Cast, firm: Organisation
) -> None:
    plant, asked, key = cast.plants[0], timezone.now(), keys.processing_key()
    deliver(plant.envelope(cast.pack, revision=2))
    claimed = unsealing.claim(key.key_id, NOW)
    assert claimed is not None
    assert claimed.claim is not None
    report = unsealing.opened(claimed, key)
    leaving.ask(plant.owner, firm.pk, asked)
    assert leaving.carry_out_due(lambda: over(asked)) == 1
    unsealing.keep(claimed, report, NOW)
    assert unsealing.settle(claimed, claimed.claim, report, None, NOW) is None
    assert not OpenedReport.objects.filter(site=plant.site.slug).exists()
    assert set(Submission.objects.filter(site=plant.site).values_list("state", flat=True)) == {
        "deleted"
    }


def test_what_is_filled_into_the_vault_again_while_the_firm_leaves_is_not_there_afterwards(
    cast: Cast, firm: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, asked = cast.plants[0], timezone.now()
    leaving.ask(plant.owner, firm.pk, asked)
    OpenedReport.objects.filter(site=plant.site.slug).delete()

    def opened(submission: Submission, key: ProcessingKey) -> Report:
        report = unsealing.opened(submission, key)
        assert leaving.carry_out_due(lambda: over(asked)) == 1
        return report

    monkeypatch.setattr(refilling, "opened", opened)
    assert refilling.refill([keys.processing_key()], NOW) == refilling.RefillCounts(0, {}, 0)
    assert not OpenedReport.objects.filter(site=plant.site.slug).exists()


def test_who_was_obliged_after_asking_stays_and_its_managers_are_told(
    cast: Cast, firm: Organisation, owner: Client
) -> None:
    site, asked = cast.plants[0].site, timezone.now()
    leaving.ask(cast.plants[0].owner, firm.pk, asked)
    obliged_list.amend(cast.group, ObligedSite(site.slug, True), cast.approver, asked)
    assert leaving.carry_out_due(lambda: over(asked)) == 0
    assert leaving.waiting(firm) is None
    assert OpenedReport.objects.filter(site=site.slug).exists()
    assert Submission.objects.filter(site=site, state="accepted").exists()
    assert (
        Event.objects.get(action=Action.FIRM_STAYING).detail == "a site is on a list of the obliged"
    )
    assert (
        "a site of it is on a list of the obliged" in owner.get("/notifications/").content.decode()
    )


def test_sites_of_a_firm_that_has_left_take_part_in_nothing_again(
    cast: Cast, firm: Organisation
) -> None:
    """Neither by an older list of the obliged, applied or undone, nor by another version of the
    pack, nor by a register file.
    """
    site, asked = cast.plants[0].site, timezone.now()
    others = [plant.site.slug for plant in cast.plants[1:]]
    earlier = obliged_list.amend(
        cast.group, ObligedSite(site.slug, False, "hundred"), cast.approver, asked
    )
    waits = obliged_list.propose(
        cast.group, [ObligedSite(slug, True) for slug in (site.slug, *others)], cast.approver, asked
    )
    leaving.ask(cast.plants[0].owner, firm.pk, asked)
    assert leaving.carry_out_due(lambda: over(asked)) == 1
    assert site.slug not in obliged_rows.eligible(cast.group)
    obliged_list.undo(earlier, cast.approver, asked)
    obliged_list.apply(waits, obliged_list.held_now(cast.group), cast.approver, asked)
    site.refresh_from_db()
    make_peer_group(cast.pack.id, cast.nation, [site])
    assert not PeerGroupMember.objects.filter(site=site).exists()
    assert PeerGroupMember.objects.filter(peer_group=cast.group, obliged=True).count() == len(
        others
    )


def test_a_register_file_that_still_names_people_of_a_firm_that_has_left_does_not_make_their_accounts_again(
    cast: Cast, firm: Organisation, tmp_path: Path
) -> None:
    owner, asked = cast.plants[0].owner, timezone.now()
    leaving.ask(owner, firm.pk, asked)
    assert leaving.carry_out_due(lambda: over(asked)) == 1
    file = tmp_path / "register.toml"
    file.write_text(
        f'[[people]]\nemail = "{owner.email}"\nname = "Owner"\nacts_for = ["{firm.name}"]\n',
        encoding="utf-8",
    )
    with pytest.raises(CommandError) as refused:
        call_command("register", str(file), language="en")
    assert f"{firm.name} left the programme on " in str(refused.value)
    assert "nothing was changed" in str(refused.value)
    assert not User.objects.filter(email=owner.email).exists()
    file.write_text(
        f'[[people]]\nemail = "{cast.plants[1].owner.email}"\nname = "Other"\nacts_for = []\n',
        encoding="utf-8",
    )
    call_command("register", str(file), language="en")
    assert not User.objects.filter(email=owner.email).exists()


def test_who_manages_the_firm_is_sent_a_certificate_of_deletion(
    cast: Cast, firm: Organisation
) -> None:
    email = cast.plants[0].owner.email
    asked = timezone.now() - leaving.COOLING
    leaving.ask(cast.plants[0].owner, firm.pk, asked)
    leaving.carry_out_due(timezone.now)
    link = re.search(r"http://testserver(/left/\S+)", letter_to(email))
    assert link
    page = Client().get(link[1]).content.decode()
    assert "Enterprise 1" in page
    assert Client().get(f"{link[1]}certificate.pdf").content.startswith(b"%PDF-")
    assert Mail.objects.get(address=email).sealed == ""
    assert link[1].split("/")[2] not in "".join(everything().values())


def test_the_certificate_waits_for_a_mail_server_as_long_as_its_link_lasts(
    cast: Cast, firm: Organisation
) -> None:
    email, now = cast.plants[0].owner.email, timezone.now()
    leaving.ask(cast.plants[0].owner, firm.pk, now - leaving.COOLING)
    leaving.carry_out_due(lambda: now)
    with override_settings(EMAIL_BACKEND="portal.notifications.no_server.EmailBackend"):
        for hour in range(24 * 20):
            assert mailing.sweep(write, lambda at=now + timedelta(hours=hour): at) == 0  # type: ignore[misc] # the loop's own moment
    assert mailing.sweep(write, lambda: now + timedelta(days=20, hours=4)) == 1
    link = re.search(
        r"http://testserver(/left/\S+)",
        str(next(message.body for message in reversed(mail.outbox) if message.to == [email])),
    )
    assert link
    assert "Enterprise 1" in Client().get(link[1]).content.decode()


def test_a_death_between_the_vault_and_the_rest_is_made_good(
    cast: Cast, firm: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = timezone.now()
    leaving.ask(cast.plants[0].owner, firm.pk, asked)

    def die(*_args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(leaving, "_delete_reports", die)
    with pytest.raises(KeyboardInterrupt):
        leaving.carry_out_due(lambda: over(asked))
    monkeypatch.undo()
    assert leaving.waiting(firm) is not None
    assert leaving.carry_out_due(lambda: over(asked)) == 1
    assert leaving.carry_out_due(lambda: over(asked)) == 0


def test_somebody_who_acts_for_another_firm_too_stays(cast: Cast, firm: Organisation) -> None:
    adviser = person("adviser@example.org", firm, Role.ENTERPRISE)
    Membership.objects.filter(user=adviser).update(delegate=True)
    Membership.objects.create(
        user=adviser,
        organisation=cast.plants[1].site.organisation,
        role=Role.ENTERPRISE,
        delegate=True,
    )
    asked = timezone.now()
    leaving.ask(cast.plants[0].owner, firm.pk, asked)
    leaving.carry_out_due(lambda: over(asked))
    assert list(adviser.memberships.values_list("organisation", flat=True)) == [
        cast.plants[1].site.organisation_id
    ]


def test_a_letter_of_another_firm_stays_and_the_firms_own_go(
    cast: Cast, firm: Organisation
) -> None:
    other, now = cast.plants[1].site.organisation, timezone.now()
    gone, adviser = cast.plants[0].owner.email, "adviser@example.org"
    for address, letter, facts in (
        (adviser, "invitation", {"firm": firm.name, "by": gone}),
        (adviser, "invitation", {"firm": other.name, "by": cast.plants[1].owner.email}),
        (adviser, "new_password", {}),
        (gone, "new_password", {}),
    ):
        post(letter, address, "en", facts, "secret", now, good_for=timedelta(days=60))
    leaving.ask(cast.plants[0].owner, firm.pk, now)
    assert leaving.carry_out_due(lambda: over(now)) == 1
    letters = (
        Mail.objects.exclude(letter__in=("", "firm_left"))
        .order_by("letter")
        .values_list("address", "letter", "told__firm")
    )
    assert list(letters) == [(adviser, "invitation", other.name), (adviser, "new_password", None)]


def test_another_firm_cannot_be_taken_out(cast: Cast, firm: Organisation) -> None:
    other = Client()
    other.force_login(cast.plants[1].owner)
    assert other.post(f"/people/firms/{firm.pk}/leave/", {"name": firm.name}).status_code == 404
    assert not Leaving.objects.exists()


def test_a_practice_that_waits_ends_with_its_firm_and_a_published_one_stays(
    cast: Cast, firm: Organisation
) -> None:
    waits = Entry.objects.get(organisation=firm)
    shown = reviewing.offer(
        cast.plants[0].owner, firm.pk, HOT | {"saving_to": "17"}, named=True, now=NOW
    )
    published = publish(edit(shown, cast.drafter, HOT | {"saving_to": "17"}), cast.approver)
    again = edit(published, cast.drafter, HOT | {"saving_to": "16"})
    leaving.ask(cast.plants[0].owner, firm.pk, NOW)
    assert leaving.carry_out_due(lambda: over(NOW)) == 1
    assert list(Entry.objects.filter(organisation=firm)) == [published]
    assert published.practice in {practice.id for practice in library().practices}
    withdrawn = Event.objects.filter(action=Action.PRACTICE_WITHDRAWN, actor="worker").values_list(
        "subject", flat=True
    )
    assert set(withdrawn) == {f"practice {waits.practice}/1", f"practice {again.practice}/2"}
    assert (
        signed_in(cast.drafter).get(reverse("web:practice-entry", args=[waits.pk])).status_code
        == 404
    )


@pytest.mark.parametrize("computed_before", [True, False])
def test_standings_of_a_firm_that_leaves_while_they_are_computed_do_not_come_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, computed_before: bool
) -> None:
    firm, compute_rows = cast.plants[0].site.organisation, standings._standings
    gone: list[int] = []
    if not computed_before:
        Standing.objects.all().delete()
    leaving.ask(cast.plants[0].owner, firm.pk, timezone.now())

    def while_the_firm_leaves(*arguments: Any) -> Any:
        rows = compute_rows(*arguments)
        if not gone:
            gone.append(leaving.carry_out_due(lambda: over() + timedelta(days=1)))
        return rows

    monkeypatch.setattr(standings, "_standings", while_the_firm_leaves)
    assert standings.compute(cast.period, "again", NOW) == len(cast.plants) - 1
    assert gone == [1]
    assert not Standing.objects.filter(submission__site__organisation=firm).exists()
