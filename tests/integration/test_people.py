"""A firm invites colleagues and delegates, changes what they may do, and parts with them."""

from __future__ import annotations

import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import timezone

from portal.accounts.models import Membership, Organisation, Role, Site, User
from portal.accounts.selectors import managed_sites, own_sites
from portal.auditlog.models import Action, Event
from portal.encrypted_texts import unseal
from portal.notifications import mailing
from portal.notifications.models import Mail
from portal.notifications.telling import PURPOSE
from portal.problems import RefusedError
from portal.register import inviting, siting
from portal.register.models import Invitation
from portal.web.views import people
from portal.web.words.mails import write
from tests.integration.portal_cast import PASSWORD, Cast, make_cast
from tests.integration.post import letter_to, send_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]

NEW = "new@example.org"


def build_scene() -> Cast:
    return make_cast(2)


@pytest.fixture
def firm(cast: Cast) -> Organisation:
    return cast.plants[0].site.organisation


@pytest.fixture
def owner(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.plants[0].owner)
    return client


def invite(client: Client, email: str = NEW, capacity: str = "manager", **more: str) -> str:
    """Invite through the page; the path of the link in the mail."""
    answer = client.post("/people/", {"email": email, "capacity": capacity, **more})
    assert answer.status_code == 302, re.findall(
        r"error-message[^>]*>([^<]+)", answer.content.decode()
    )
    link = re.search(r"http://testserver(/join/\S+)", letter_to(email))
    assert link
    return link[1]


def joined(path: str) -> Client:
    """A newcomer accepts, with an account made by the way."""
    client = Client()
    answer = client.post(
        path, {"name": "Newcomer", "password": "quite a long one", "again": "quite a long one"}
    )
    assert answer.status_code == 302, answer.content.decode()
    return client


def test_a_colleague_is_invited_by_mail_and_works_for_the_firm(owner: Client, cast: Cast) -> None:
    path = invite(owner)
    page = Client().get(path).content.decode()
    assert "Enterprise 1" in page
    assert not User.objects.filter(email=NEW).exists(), "opening the link does nothing"
    colleague = joined(path)
    assert colleague.get("/submissions/").status_code == 200
    assert colleague.post("/sites/works-1/token/").status_code == 200
    actions = list(Event.objects.filter(subject="firm Enterprise 1").values_list("action", "actor"))
    assert actions == [
        (Action.PERSON_INVITED, cast.plants[0].owner.email),
        (Action.PERSON_JOINED, NEW),
    ]
    assert (
        Client()
        .post(path, {"name": "A", "password": "quite a long one", "again": "quite a long one"})
        .status_code
        == 400
    )
    assert "no longer works" in Client().get(path).content.decode()


def test_the_link_is_nowhere_in_the_database(owner: Client) -> None:
    secret = invite(owner).split("/")[2]
    row = Invitation.objects.get()
    assert secret not in str(vars(row))
    assert row.secret_sha256 == inviting.digest_of(secret)
    (letter,) = Mail.objects.filter(address=NEW)
    assert (letter.state, letter.sealed) == ("sent", "")


def test_before_it_is_sent_the_link_lies_sealed_and_nowhere_readable(owner: Client) -> None:
    owner.post("/people/", {"email": NEW, "capacity": "manager"})
    (letter,) = Mail.objects.filter(address=NEW)
    assert "/join/" not in str(vars(letter))
    assert "/join/" in unseal(letter.sealed, PURPOSE)


def test_a_viewer_reads_and_does_nothing_else(owner: Client) -> None:
    viewer = joined(invite(owner, capacity="viewer"))
    page = viewer.get("/sites/").content.decode()
    assert "Works 1" in page
    assert "Make an enrolment token" not in page
    assert viewer.post("/sites/works-1/token/").status_code == 404
    assert "<b>2</b> people act for Enterprise 1" in viewer.get("/people/").content.decode()
    assert "Invite somebody" not in viewer.get("/people/").content.decode()
    assert (
        viewer.post("/people/", {"email": "friend@example.org", "capacity": "manager"}).status_code
        == 404
    )
    user = User.objects.get(email=NEW)
    assert own_sites(user).count() == 1
    assert managed_sites(user).count() == 0


def test_a_delegate_acts_for_the_sites_and_never_sees_or_invites_the_people(
    owner: Client, cast: Cast
) -> None:
    other = cast.plants[1].owner  # of another house, with an account of their own
    path = invite(owner, other.email, delegate="on")
    delegate = Client()
    assert "has an account here" in delegate.get(path).content.decode()
    delegate.force_login(other)
    assert delegate.post(path).headers["Location"] == "/our-plant/"
    assert {site.slug for site in managed_sites(other)} == {"works-1", "works-2"}
    assert delegate.post("/sites/works-1/token/").status_code == 200
    for act in ("edit", "retire"):  # the house is not theirs to rename or to close; their own is
        assert delegate.get(f"/sites/works-1/{act}/").status_code == 404, act
        assert delegate.get(f"/sites/works-2/{act}/").status_code == 200, act
    offered = delegate.get("/sites/").content.decode()
    assert 'href="/sites/works-2/edit/"' in offered
    assert 'href="/sites/works-1/edit/"' not in offered
    with pytest.raises(Site.DoesNotExist):
        siting.retire(other, "works-1", timezone.now())
    with pytest.raises(Site.DoesNotExist):
        siting.change(
            other,
            "works-1",
            name="Theirs",
            name_zh="",
            size_class="small",
            since=None,
            now=timezone.now(),
        )
    page = delegate.get("/people/").content.decode()
    assert cast.plants[0].owner.email not in page
    assert "Enterprise 1" not in page
    assert cast.plants[0].site.organisation not in inviting.led_firms(other)


def test_the_link_is_for_one_address_alone(owner: Client, cast: Cast) -> None:
    path = invite(owner)
    other = Client()
    other.force_login(cast.plants[1].owner)
    assert other.post(path).status_code == 400
    assert "Sign out, and sign in with that address" in other.get(path).content.decode()
    with pytest.raises(RefusedError) as refused:
        inviting.accept(path.split("/")[2], cast.plants[1].owner, timezone.now())
    assert refused.value.code == "invitation-of-another"


def test_a_weak_or_mistyped_password_makes_no_account(owner: Client) -> None:
    path = invite(owner)
    for password, again in (("short", "short"), ("quite a long one", "quite another one")):
        visitor = Client()
        visitor.cookies["django_language"] = "zh-hans"
        answer = visitor.post(path, {"name": "New", "password": password, "again": again})
        assert answer.status_code == 400
        assert re.search(
            r'error-message"[^>]*>(密码太短|两次密码不一致)', answer.content.decode()
        ), "in the reader's language"
    assert not User.objects.filter(email=NEW).exists()


def test_an_invitation_expires_is_sent_again_and_taken_back(
    owner: Client, cast: Cast, firm: Organisation
) -> None:
    now = timezone.now()
    sent = inviting.invite(
        cast.plants[0].owner,
        firm.pk,
        NEW,
        may_manage=False,
        delegate=False,
        now=now - inviting.LIFETIME - timedelta(hours=1),
    )
    assert inviting.offered(sent.secret, now) is None
    assert "Expired" in owner.get("/people/").content.decode()
    owner.post(f"/people/invitations/{sent.invitation.pk}/", {"do": "again"})
    link = re.search(r"(/join/\S+)", letter_to(NEW))
    assert link
    assert inviting.offered(sent.secret, now) is None, "the old link stays dead"
    assert Client().get(link[1]).content.decode().count("You are invited")
    here = f"/people/invitations/{sent.invitation.pk}/"
    for _click in range(2):
        assert "Not done" not in owner.post(here, {"do": "revoke"}, follow=True).content.decode()
    assert Event.objects.filter(action=Action.INVITATION_REVOKED).count() == 1
    assert "no longer works" in Client().get(link[1]).content.decode()
    assert (
        "it was accepted or withdrawn before"
        in owner.post(here, {"do": "again"}, follow=True).content.decode()
    )


def test_who_withdraws_an_invitation_that_was_accepted_meanwhile_is_told_so(owner: Client) -> None:
    joined(invite(owner))
    answer = owner.post(
        f"/people/invitations/{Invitation.objects.get().pk}/", {"do": "revoke"}, follow=True
    )
    assert "it was accepted or withdrawn before" in answer.content.decode()


def test_no_invitation_is_without_its_letter(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_letter: object, **_more: object) -> None:
        raise OperationalError

    owner.post("/people/", {"email": NEW, "capacity": "viewer"})
    (before,) = Invitation.objects.all()
    monkeypatch.setattr(people, "post_link", fails)
    for address, form in (
        ("/people/", {"email": "second@example.org", "capacity": "viewer"}),
        (f"/people/invitations/{before.pk}/", {"do": "again"}),
    ):
        assert owner.post(address, form).status_code == 503
    after = Invitation.objects.get()
    assert (after.email, after.secret_sha256) == (NEW, before.secret_sha256), (
        "the link that was sent is still good"
    )


def test_inviting_twice_leaves_one_link_and_a_member_is_not_invited(
    owner: Client, cast: Cast
) -> None:
    first, second = invite(owner), invite(owner)
    assert "no longer works" in Client().get(first).content.decode()
    joined(second)
    assert (
        "acts for"
        in owner.post("/people/", {"email": NEW.upper(), "capacity": "viewer"}).content.decode()
    )


def test_a_person_is_made_a_viewer_and_parted_with_and_the_last_manager_stays(
    owner: Client, cast: Cast, firm: Organisation
) -> None:
    colleague = joined(invite(owner))
    row = Membership.objects.get(user__email=NEW)
    own = Membership.objects.get(user=cast.plants[0].owner)
    owner.post(f"/people/{row.pk}/", {"do": "viewer"})
    assert colleague.post("/sites/works-1/token/").status_code == 404
    for deed in ("viewer", "part"):
        assert owner.post(f"/people/{own.pk}/", {"do": deed}).status_code == 409
    owner.post(f"/people/{row.pk}/", {"do": "manager"})
    assert owner.post(f"/people/{own.pk}/", {"do": "viewer"}).status_code == 302, (
        "there is another now"
    )
    for _click in range(2):
        assert colleague.post(f"/people/{own.pk}/", {"do": "part"}).status_code == 302
    assert owner.get("/submissions/").status_code == 403
    assert Event.objects.filter(action=Action.PERSON_REMOVED, actor=NEW).count() == 1


def test_an_invitation_to_read_takes_nothing_from_whom_the_register_made_a_manager_meanwhile(
    owner: Client, firm: Organisation
) -> None:
    path = invite(owner, capacity="viewer")
    manager = User.objects.create_user(NEW, PASSWORD, name="Newcomer")
    Membership.objects.create(user=manager, organisation=firm, role=firm.kind)
    colleague = Client()
    colleague.force_login(manager)
    assert colleague.post(path).status_code == 302
    assert Membership.objects.get(user=manager).may_manage
    assert not Invitation.objects.filter(accepted_at=None).exists()


def test_a_manager_who_may_no_longer_sign_in_is_no_other_manager(
    owner: Client, cast: Cast, firm: Organisation
) -> None:
    """The operator's register says `active = false` of somebody who went: alone, they could let
    nobody in.
    """
    joined(invite(owner))
    row, own = (
        Membership.objects.get(user__email=NEW),
        Membership.objects.get(user=cast.plants[0].owner),
    )
    owner.post(f"/people/{row.pk}/", {"do": "manager"})
    User.objects.filter(email=NEW).update(is_active=False)
    for deed in ("viewer", "part"):
        assert owner.post(f"/people/{own.pk}/", {"do": deed}).status_code == 409
    assert owner.post(f"/people/{row.pk}/", {"do": "part"}).status_code == 302, (
        "who went can be parted with"
    )


def test_people_of_another_firm_are_not_there(owner: Client, cast: Cast) -> None:
    other = Membership.objects.get(user=cast.plants[1].owner)
    sent = inviting.invite(
        cast.plants[1].owner,
        other.organisation_id,
        NEW,
        may_manage=True,
        delegate=False,
        now=timezone.now(),
    )
    for do in ("viewer", "part"):
        assert owner.post(f"/people/{other.pk}/", {"do": do}).status_code == 404
    for do in ("again", "revoke"):
        assert (
            owner.post(f"/people/invitations/{sent.invitation.pk}/", {"do": do}).status_code == 404
        )
    answer = owner.post(
        "/people/", {"email": NEW, "capacity": "viewer", "firm": str(other.organisation_id)}
    )
    assert answer.status_code == 404


def test_an_invitation_whose_mail_was_given_up_says_so_and_can_be_sent_again(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise SMTPRecipientsRefused({NEW: (550, b"nobody of that name")})

    owner.post("/people/", {"email": NEW, "capacity": "viewer"})
    monkeypatch.setattr(EmailMessage, "send", refuse)
    send_all()
    assert "The mail did not arrive" in owner.get("/people/").content.decode()
    monkeypatch.undo()
    (invitation,) = Invitation.objects.all()
    owner.post(f"/people/invitations/{invitation.pk}/", {"do": "again"})
    assert "/join/" in letter_to(NEW)
    assert "The mail did not arrive" not in owner.get("/people/").content.decode()


def test_an_invitation_that_no_server_took_for_a_day_says_so_while_it_still_waits(
    owner: Client,
) -> None:
    owner.post("/people/", {"email": NEW, "capacity": "viewer"})
    now = timezone.now()
    with override_settings(EMAIL_BACKEND="portal.notifications.no_server.EmailBackend"):
        for hour in range(36):
            mailing.sweep(write, lambda at=now + timedelta(hours=hour): at)  # type: ignore[misc] # the loop's own moment
            if hour == 12:
                assert "The mail did not arrive" not in owner.get("/people/").content.decode()
    assert Mail.objects.get(address=NEW).state == Mail.State.WAITING
    assert "The mail did not arrive" in owner.get("/people/").content.decode()


def test_an_organisation_is_called_by_its_chinese_name_where_chinese_is_read(
    owner: Client, cast: Cast, firm: Organisation
) -> None:
    Organisation.objects.filter(pk=firm.pk).update(name_zh="第一水泥厂")
    owner.cookies["django_language"] = "zh-hans"
    colleague = Membership.objects.create(
        user=User.objects.create_user("second@firm-1.example"),
        organisation=firm,
        role=Role.ENTERPRISE,
        may_manage=False,
    )
    for address in (f"/people/{colleague.pk}/", "/search/?words=second"):
        page = owner.get(address, follow=True).content.decode()
        assert "第一水泥厂" in page, address
        assert str(firm.name) not in page, address
    parted = owner.post(f"/people/{colleague.pk}/", {"do": "part"}, follow=True).content.decode()
    assert "不再代表" in parted
    assert str(firm.name) not in parted
    invite(owner)
    assert "第一水泥厂" in letter_to(NEW)


def test_the_mail_is_in_the_language_of_who_invites(owner: Client) -> None:
    owner.cookies["django_language"] = "zh-hans"
    invite(owner)
    assert "邀请" in next(message.subject for message in mail.outbox if message.to == [NEW])


def test_who_signed_in_long_ago_confirms_before_parting_with_somebody(
    owner: Client, cast: Cast
) -> None:
    session = owner.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": (timezone.now() - timedelta(hours=1)).timestamp()}
    ]
    session.save()
    row = Membership.objects.get(user=cast.plants[0].owner)
    answer = owner.get(f"/people/{row.pk}/")
    assert answer.headers["Location"].startswith("/account/confirm/")
    back = owner.post(
        answer.headers["Location"], {"password": PASSWORD, "next": f"/people/{row.pk}/"}
    )
    assert owner.get(back.headers["Location"]).status_code == 200
