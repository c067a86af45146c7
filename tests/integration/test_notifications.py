"""What happens is told to whom it concerns, in the portal and by mail as each wishes; mails survive
servers and workers that die.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.utils import timezone

from portal import keys
from portal.accounts import enrolling as accounts
from portal.accounts.models import User
from portal.accounts.selectors import roles_of
from portal.catalogue import deadlines
from portal.notifications import mailing, selectors, telling
from portal.notifications.kinds import SECURITY, MailFrequency, NoticeKind
from portal.notifications.models import Mail, Notice
from portal.publication import drafting, publishing
from portal.register.models import FirmApplication
from portal.web.presenters.notices import WORDINGS, kinds_of
from portal.web.words.mails import write
from tests.integration.portal_cast import NOW, Cast, deliver, make_cast, open_waiting, signed_in
from tests.integration.post import letter_to, send_all

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(9)
    Notice.objects.all().delete()
    Mail.objects.all().delete()
    return cast


def notice_kinds(user: User) -> list[str]:
    return [notice.kind for notice in selectors.notices(user.pk, 0, 50)]


def tell(
    user: User, kind: NoticeKind = NoticeKind.SITE_APPROVED, at: datetime | None = None
) -> None:
    telling.tell(
        kind,
        (user.pk,),
        "web:sites",
        {},
        {"site": "works-1", "site_name": "Works 1"},
        at or timezone.now(),
    )


def hand_in(cast: Cast) -> None:
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()


def test_what_happens_is_told_to_whom_it_concerns_and_to_nobody_else(cast: Cast) -> None:
    hand_in(cast)
    owner, other = cast.plants[0].owner, cast.plants[1].owner
    assert notice_kinds(owner) == notice_kinds(other) == [NoticeKind.SUBMISSION_ACCEPTED]
    draft = drafting.draft(cast.period, cast.drafter, NOW)
    assert (
        notice_kinds(cast.drafter),
        notice_kinds(cast.approver),
        notice_kinds(cast.provincial),
    ) == ([], [NoticeKind.DRAFT_WAITS], [])
    published = publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    assert notice_kinds(owner)[0] == NoticeKind.BENCHMARK_PUBLISHED
    publishing.withdraw(published, cast.approver, "A wrong factor.", NOW)
    assert notice_kinds(owner)[0] == NoticeKind.BENCHMARK_WITHDRAWN
    accounts.revoke(cast.plants[0].device, owner, NOW)
    assert notice_kinds(owner)[0] == NoticeKind.DEVICE_REVOKED
    assert NoticeKind.DEVICE_REVOKED not in notice_kinds(other)
    deadlines.extend(
        cast.period,
        cast.plants[1].site,
        (NOW + timedelta(days=9)).date(),
        "Flood.",
        cast.approver,
        NOW,
    )
    assert notice_kinds(other)[0] == NoticeKind.EXTENSION_GRANTED
    assert "Flood" not in str(Notice.objects.filter(recipient=other).latest("pk").told), (
        "a reason is on record, and not sent about"
    )
    assert notice_kinds(cast.stranger) == notice_kinds(cast.auditor) == []


def test_every_address_that_is_told_of_is_a_page_its_reader_may_open(cast: Cast) -> None:
    hand_in(cast)
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    for user in (cast.plants[0].owner, cast.approver):
        client = signed_in(user)
        for row in Notice.objects.filter(recipient=user):
            assert client.get(f"/notifications/{row.pk}/", follow=True).status_code == 200, row
        assert selectors.unread(user.pk) == 0


def test_a_cause_that_is_undone_tells_nobody(cast: Cast) -> None:
    with transaction.atomic():
        accounts.revoke(cast.plants[0].device, None, NOW)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()
    assert not Mail.objects.exists()


def test_notices_of_others_are_not_there(cast: Cast) -> None:
    tell(cast.plants[0].owner)
    row = Notice.objects.get()
    other = signed_in(cast.plants[1].owner)
    assert other.get(f"/notifications/{row.pk}/").status_code == 404
    other.post("/notifications/read/")
    row.refresh_from_db()
    assert row.read_at is None
    assert "Works 1" not in other.get("/notifications/").content.decode()


def test_the_bell_counts_what_is_new_the_list_filters_and_all_is_read_at_once(cast: Cast) -> None:
    owner = cast.plants[0].owner
    client = signed_in(owner)
    assert "Nothing here." in client.get("/notifications/").content.decode()
    for kind in (NoticeKind.SITE_APPROVED, NoticeKind.SITE_APPROVED, NoticeKind.REPORT_REMINDED):
        telling.tell(
            kind,
            (owner.pk,),
            "web:sites",
            {},
            {"site_name": "Works 1", "period": "2016", "due": "2017-03-31"},
            NOW,
        )
    assert 'sl-bell__n"> 3<' in " ".join(client.get("/sites/").content.decode().split())
    only = client.get("/notifications/?kind=report.reminded").content.decode()
    assert "the report for 2016 is late" in only
    assert "Works 1 is approved" not in only
    assert "31 March 2017" in only
    client.post("/notifications/read/")
    assert "sl-bell__n" not in client.get("/sites/").content.decode()
    assert "Nothing here." in client.get("/notifications/?unread=1").content.decode()


def test_a_mail_is_in_its_readers_language_and_leads_to_the_portal(cast: Cast) -> None:
    owner = cast.plants[0].owner
    telling.speak(owner.pk, "zh-hans")
    tell(owner)
    body = letter_to(owner.email)
    assert "Works 1已获批准" in body
    assert f"http://testserver/notifications/{Notice.objects.get().pk}/" in body
    assert "http://testserver/notifications/#mail" in body
    assert mail.outbox[-1].extra_headers["Message-ID"].startswith(f"<{Mail.objects.get().pk}@")


def test_who_reads_in_another_language_is_written_to_in_it(cast: Cast) -> None:
    owner = cast.plants[0].owner
    signed_in(owner).post("/language/", {"language": "zh-hans", "next": "/"})
    assert selectors.language_of(owner.pk) == "zh-hans"


def test_each_kind_comes_as_somebody_wishes_and_security_always(cast: Cast) -> None:
    owner = cast.plants[0].owner
    client = signed_in(owner)
    client.post(
        "/notifications/",
        {
            "site.approved": "never",
            "report.reminded": "daily",
            "device.revoked": "never",
            "language": "en",
        },
    )
    morning = telling.next_daily(timezone.now())
    for kind in (
        NoticeKind.SITE_APPROVED,
        NoticeKind.REPORT_REMINDED,
        NoticeKind.REPORT_REMINDED,
        NoticeKind.DEVICE_REVOKED,
    ):
        tell(owner, kind)
    assert send_all() == 1, "the one about security"
    assert "an agent is revoked" in mail.outbox[-1].body
    assert mailing.sweep(write, lambda: morning) == 1, "one mail of the day"
    assert mail.outbox[-1].body.count("is late") == 2
    assert selectors.count(owner.pk) == 4, "in the portal all stand"


def test_what_was_read_in_the_portal_is_not_mailed_again_in_the_morning(cast: Cast) -> None:
    owner = cast.plants[0].owner
    tell(owner, NoticeKind.BENCHMARK_PUBLISHED)
    telling.mark_read(owner.pk, timezone.now())
    assert mailing.sweep(write, lambda: telling.next_daily(timezone.now())) == 0
    assert Mail.objects.get().state == Mail.State.DROPPED


def test_a_server_that_is_away_is_asked_again_with_growing_pauses_until_a_day_is_over(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise SMTPServerDisconnected("gone")

    tell(cast.plants[0].owner)
    monkeypatch.setattr(EmailMessage, "send", away)
    now, pauses = timezone.now(), []
    while (row := Mail.objects.get()).state == Mail.State.WAITING:
        pauses.append(row.due_at - now)
        now = max(row.due_at, now)
        assert mailing.sweep(write, lambda at=now: at) == 0  # type: ignore[misc] # the loop's own moment
    later = [pause / timedelta(minutes=1) for pause in pauses[1:]]
    assert later == [1, 4, 16, 64, 240, 240, 240, 240, 240]
    assert Mail.objects.get().state == Mail.State.FAILED
    assert (
        "Mails do not reach you"
        in signed_in(cast.plants[0].owner).get("/notifications/").content.decode()
    )


@pytest.mark.parametrize(
    ("letter", "good_for"),
    [
        ("new_password", timedelta(hours=1)),
        ("application", timedelta(days=7)),
        ("application_refused", timedelta(days=7)),
        ("application_approved", timedelta(days=7)),
        ("invitation", timedelta(days=7)),
    ],
)
def test_a_letter_waits_for_a_server_as_long_as_its_link_lasts(
    cast: Cast, letter: str, good_for: timedelta
) -> None:
    owner, officer = cast.plants[0].owner, signed_in(cast.approver)
    firm = {
        "name": "New Cement",
        "controlling_firm": "New Holding",
        "jurisdiction": "cn/he",
        "contact": "Li",
        "email": "li@new.example",
    }
    if letter == "new_password":
        Client().post("/password/forgotten/", {"email": owner.email})
    elif letter == "invitation":
        signed_in(owner).post("/people/", {"email": "li@new.example", "capacity": "viewer"})
    else:
        Client().post("/register/", {**firm, "name_zh": "", "credit_code": "91110000600037341L"})
        FirmApplication.objects.update(confirmed_at=timezone.now())
        do = {"application_refused": "refuse", "application_approved": "approve"}.get(letter)
        address = f"/applications/firms/{FirmApplication.objects.get().pk}/"
        if do:
            assert (
                officer.post(
                    address, {"do": do, "controlling": "new", "reason": "Elsewhere."}
                ).status_code
                == 302
            )
    row = Mail.objects.get(letter=letter)
    assert row.give_up_at - row.due_at == good_for
    if good_for > timedelta(days=1):
        with override_settings(EMAIL_BACKEND="portal.notifications.no_server.EmailBackend"):
            for hour in range(48):
                assert mailing.sweep(write, lambda at=row.due_at + timedelta(hours=hour): at) == 0  # type: ignore[misc] # of the loop
        mailing.sweep(write, lambda: row.due_at + timedelta(hours=52))
        assert Mail.objects.get(letter=letter).state == Mail.State.SENT


def test_a_link_to_a_new_password_is_tried_until_its_hour_is_over(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that comes back within the hour sends it: whoever waits for it has nothing else that
    lets them in.
    """

    def away(*_args: object) -> None:
        raise SMTPServerDisconnected("gone")

    Client().post("/password/forgotten/", {"email": cast.plants[0].owner.email})
    began = now = Mail.objects.get(letter="new_password").due_at
    tried = []
    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", away)
        while (row := Mail.objects.get(letter="new_password")).due_at <= began + timedelta(
            minutes=55
        ):
            now = row.due_at
            tried.append((now - began) / timedelta(minutes=1))
            assert mailing.sweep(write, lambda at=now: at) == 0  # type: ignore[misc] # the loop's own moment
            assert row.state == Mail.State.WAITING
    assert tried == [0, 1, 5, 21, 40.5, 50.25]  # 21 + 39 / 2, 40.5 + 19.5 / 2
    assert mailing.sweep(write, lambda: row.due_at) == 1
    assert "/password/" in mail.outbox[-1].body


def test_a_letter_whose_link_is_over_is_given_up(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise SMTPServerDisconnected("gone")

    Client().post("/password/forgotten/", {"email": cast.plants[0].owner.email})
    monkeypatch.setattr(EmailMessage, "send", away)
    last = Mail.objects.get(letter="new_password").due_at
    for _ in range(20):
        row = Mail.objects.get(letter="new_password")
        if row.state != Mail.State.WAITING:
            break
        last = row.due_at
        mailing.sweep(write, lambda at=last: at)  # type: ignore[misc] # the loop's own moment
    assert (row.state, row.sealed) == (Mail.State.FAILED, "")
    assert row.give_up_at - timedelta(minutes=1) <= last <= row.give_up_at


def dying(at: str) -> Callable[..., None]:
    """Sending that ends the worker, before the server has the mail or after."""
    really = EmailMessage.send

    def send(self: EmailMessage, fail_silently: bool = False) -> None:
        if at == "after":
            really(self, fail_silently)
        raise KeyboardInterrupt

    return send


@pytest.mark.parametrize(("at", "mails"), [("before", 1), ("after", 2)])
def test_a_worker_that_dies_loses_no_mail_and_a_repeated_one_is_the_same_mail(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, at: str, mails: int
) -> None:
    owner = cast.plants[0].owner
    tell(owner)
    monkeypatch.setattr(EmailMessage, "send", dying(at))
    with pytest.raises(KeyboardInterrupt):
        send_all()
    monkeypatch.undo()
    assert send_all() == 0, "the claim of the dead is still young"
    much_later = timezone.now() + timedelta(hours=1)
    assert mailing.sweep(write, lambda: much_later) == 1
    assert mailing.sweep(write, lambda: much_later) == 0
    sent = [
        message.extra_headers["Message-ID"]
        for message in mail.outbox
        if message.to == [owner.email]
    ]
    assert (len(sent), len(set(sent))) == (mails, 1)


def test_a_slow_sweep_whose_mail_was_taken_over_settles_nothing(cast: Cast) -> None:
    tell(cast.plants[0].owner)
    now = timezone.now()
    slow = mailing.claim(now)
    assert slow is not None
    assert mailing.claim(now) is None, "it is claimed"
    second = mailing.claim(now + timedelta(hours=1))
    assert second is not None
    mailing._settle(slow, Mail.State.FAILED, now)
    assert Mail.objects.get().state == Mail.State.SENDING


def test_no_settled_mail_keeps_a_secret(cast: Cast) -> None:
    row = telling.post(
        "invitation",
        "new@example.org",
        "en",
        {"firm": "F", "by": "b"},
        "http://testserver/join/abc/",
        timezone.now(),
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Mail.objects.filter(pk=row.pk).update(state=Mail.State.SENT)


def test_who_is_gone_gets_no_mail_and_old_mails_are_forgotten(cast: Cast) -> None:
    owner = cast.plants[0].owner
    tell(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert send_all() == 0
    assert Mail.objects.get().state == Mail.State.DROPPED
    mailing.forget(timezone.now() + mailing.KEPT_MAILS + timedelta(days=1))
    assert not Mail.objects.exists()
    assert Notice.objects.count() == 1


def test_every_kind_has_words_and_belongs_to_somebody(cast: Cast) -> None:
    assert set(WORDINGS) == set(NoticeKind)
    offered = kinds_of(("regulator", "enterprise", "certification-body"))
    assert set(offered) == set(NoticeKind)
    wishes = {view.kind: view for view in selectors.wishes(cast.plants[0].owner.pk, offered)}
    assert all(
        wishes[kind].fixed and wishes[kind].how == MailFrequency.AT_ONCE for kind in SECURITY
    )
    assert NoticeKind.DRAFT_WAITS not in kinds_of(roles_of(cast.plants[0].owner))


def test_what_is_told_while_the_mail_of_the_day_goes_out_is_in_the_next_one(cast: Cast) -> None:
    """By a sweep that took its moment before eight and writes after."""
    owner, eight = cast.plants[0].owner, telling.next_daily(timezone.now())
    kind = NoticeKind.BENCHMARK_PUBLISHED
    for period, before in (("2015", timedelta(minutes=5)), ("2016", timedelta(seconds=2))):
        facts = {"pack": "cement", "pack_version": "1", "route": cast.group.route, "period": period}
        telling.tell(kind, (owner.pk,), "web:sites", {}, facts, eight - before)
        mailing.sweep(write, lambda: eight)
    assert [letter.body.count("2016") for letter in mail.outbox] == [0]
    mailing.sweep(write, lambda: eight + timedelta(days=1))
    assert "2016" in mail.outbox[-1].body
    assert len(mail.outbox) == 2
