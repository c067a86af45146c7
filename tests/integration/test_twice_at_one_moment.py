"""One form sent twice at one moment: what the database takes once is done once, and the second is
told so in words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from benchmarks import packs
from portal.accounts.models import Jurisdiction, Membership, Organisation, Role, Site, User
from portal.catalogue import deadlines, peer_groups, periods
from portal.catalogue.models import Extension, ExtensionRequest, PeerGroup, ReportingPeriod
from portal.governance import proposing
from portal.governance.models import Proposal
from portal.notifications.models import Notice
from portal.problems import RefusedError
from portal.register import applying, inviting, siting
from portal.register.models import FirmApplication, Invitation, SiteApplication
from portal.standings import computing as standings
from portal.standings.models import Standing
from tests.integration.portal_cast import NOW, deliver, make_cast, open_waiting, person
from tests.integration.two_at_once import do_second_meanwhile

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def refusal_of_the_second(first: Callable[[], object], second: Callable[[], object]) -> str:
    """The second is asked for while the first is done and not yet committed, on a connection of its
    own; its refusal's code.
    """
    refused = do_second_meanwhile(first, second)
    with pytest.raises(RefusedError) as refusal:
        refused.result()
    assert refusal.value.status == 409
    return refusal.value.code


def test_standings_that_two_drafts_compute_at_one_moment_are_there_once() -> None:
    """A form of drafting that is sent twice makes one draft; each then computes the standings of
    the period.
    """
    cast = make_cast(8)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    ranked = standings.compute(cast.period, "first", NOW)
    cells = Standing.objects.count()
    begun, asked = threading.Event(), threading.Event()

    def compute(wait: bool) -> int:
        with closing(connection), transaction.atomic():
            sites = standings.compute(cast.period, "again", NOW)
            begun.set()
            assert not wait or asked.wait(60)
        return sites

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(compute, True)
        assert begun.wait(60)
        second = pool.submit(compute, False)
        with pytest.raises(TimeoutError):
            second.result(20)
        asked.set()
        assert first.result(60) == second.result(60) == ranked == 8
    assert Standing.objects.count() == cells > 0


def test_a_version_of_a_pack_is_proposed_once() -> None:
    cast = make_cast(1)
    file = (
        (packs.HOME / "cement.toml")
        .read_text(encoding="utf-8")
        .replace('version = "1"', 'version = "5"', 1)
    )

    def propose() -> None:
        proposing.propose(
            cast.drafter,
            file,
            "",
            "",
            "A quantile was read wrongly.",
            "GB 16780-2021, table 2",
            NOW.replace(year=2027),
        )

    assert refusal_of_the_second(propose, propose) == "pack-faulty"
    assert Proposal.objects.get().version == "5"


@pytest.mark.usefixtures("two_versions")
def test_a_period_is_opened_for_one_version_of_a_pack() -> None:
    cast = make_cast(2)
    older = peer_groups.make_peer_group(
        "cement", cast.nation, [plant.site for plant in cast.plants], version="1"
    )

    def open_for(group: PeerGroup) -> None:
        periods.open_period_for(cast.approver, group, "2018", NOW, date(2099, 3, 31))

    assert (
        refusal_of_the_second(lambda: open_for(cast.group), lambda: open_for(older))
        == "period-open-by-other-version"
    )
    assert ReportingPeriod.objects.get(name="2018").peer_group == cast.group


@pytest.mark.parametrize("answers", [("grant", "refuse"), ("refuse", "grant")], ids=" before ".join)
def test_a_firm_that_asks_for_more_time_has_one_answer(answers: tuple[str, str]) -> None:
    cast = make_cast(2)
    plant = cast.plants[0]
    asked = deadlines.ask(
        cast.period,
        plant.site,
        NOW.date() + timedelta(days=10),
        "The kiln was rebuilt.",
        plant.owner,
        NOW,
    )
    acts = {
        "grant": lambda: deadlines.grant(asked, "", cast.approver, NOW),
        "refuse": lambda: deadlines.refuse(
            asked.pk, "The kiln was not rebuilt.", cast.drafter, NOW
        ),
    }
    first, second = answers
    assert refusal_of_the_second(acts[first], acts[second]) == "extension-decided"
    granted = first == "grant"
    assert (ExtensionRequest.objects.get().granted, Extension.objects.exists()) == (
        granted,
        granted,
    )
    (notice,) = Notice.objects.filter(recipient=plant.owner, kind__startswith="extension.")
    assert notice.kind == ("extension.granted" if granted else "extension.refused")


@pytest.mark.parametrize("invitations", [1, 2], ids=["one invitation", "two of one address"])
def test_who_is_new_has_one_account(invitations: int) -> None:
    cast = make_cast(2)
    links = []
    for plant in cast.plants[:invitations]:
        firm = Organisation.objects.get(
            memberships__user=plant.owner, memberships__role=Role.ENTERPRISE
        )
        links.append(
            inviting.invite_to(
                firm,
                "li@example.org",
                by=plant.owner.email,
                may_manage=False,
                delegate=False,
                now=NOW,
            ).secret
        )

    def accept(secret: str) -> Callable[[], object]:
        return lambda: inviting.accept_as_new(secret, "Li", "quite a long password", NOW)

    assert refusal_of_the_second(accept(links[0]), accept(links[-1])) == "account-made-meanwhile"
    user = User.objects.get(email="li@example.org")
    assert Membership.objects.filter(user=user).count() == 1
    assert Invitation.objects.filter(accepted_at=None).count() == invitations - 1
    if invitations == 2:
        inviting.accept(links[1], user, NOW)
        assert Membership.objects.filter(user=user).count() == 2


def test_a_site_id_that_two_firms_asked_for_is_given_to_the_first_that_is_approved() -> None:
    cast = make_cast(2)
    wish = siting.SiteWish("new-1", "New works", "", cast.province, "cement", "large")
    first = siting.apply(cast.plants[0].owner, cast.plants[0].site.organisation_id, wish, NOW)
    first.pk = None
    first.organisation = cast.plants[1].site.organisation
    first.save()  # asked for at the same moment, too

    def approve(firm: Organisation) -> Callable[[], object]:
        row = SiteApplication.objects.get(organisation=firm)
        return lambda: siting.approve(cast.approver, row.pk, obliged=True, now=NOW)

    firms = [plant.site.organisation for plant in cast.plants]
    assert refusal_of_the_second(*map(approve, firms)) == "site-known"
    assert SiteApplication.objects.get(decided_at=None).organisation == firms[1]
    assert Site.objects.get(slug="new-1").organisation == firms[0]


@pytest.mark.parametrize(
    ("names", "code", "code_of_refusal"),
    [
        (("New Cement", "New Cement"), "", "name-taken"),
        (("New Cement", "Newer Cement"), "91110000600037341L", "credit-code-taken"),
        (("New Cement", "Newer Cement"), "", "name-taken"),
    ],
    ids=["one name", "one credit code", "one new firm that decides for both"],
)
def test_of_two_firms_that_are_approved_at_one_moment_the_second_is_refused_for_what_the_first_has(
    names: tuple[str, str], code: str, code_of_refusal: str
) -> None:
    make_cast(1)
    abroad = Jurisdiction.objects.create(path="de", name="Germany", level="nation")
    agency = Organisation.objects.create(name="Agency", kind=Role.REGULATOR, jurisdiction=abroad)
    officer = person("officer@agency.example", agency, Role.REGULATOR)

    def approve(name: str) -> Callable[[], object]:
        holding = f"Holding of {name}" if code else "New Holding"
        wish = applying.FirmWish(
            name, "", holding, abroad, "Li", "li@new.example", "en", credit_code=code
        )
        applying.confirm(applying.apply(wish, NOW), NOW)
        row = FirmApplication.objects.latest("pk")
        return lambda: applying.approve(officer, row.pk, None, NOW)

    assert refusal_of_the_second(*map(approve, names)) == code_of_refusal
    assert FirmApplication.objects.filter(decided_at=None).count() == 1
    assert Organisation.objects.filter(name__contains="Cement").count() == 1
