"""How the firms behind the best are composed: two officers, the gate, the log, the page, the API,
and a firm that leaves.

The version is of 200 firms by its roster and its gated label; their reports are not made, for
nothing here reads them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from benchmarks.composition import Roster
from benchmarks.composition.result import CellRoster, Member
from benchmarks.disclosure import GateResult
from benchmarks.wire import logged, published
from extras.best_groups import publishing as best_groups
from extras.best_groups.dividing import BestGroupReason
from extras.best_groups.models import BestGroup
from portal import keys
from portal.accounts.models import ControllingFirm, Organisation, Role, Site, User
from portal.catalogue.models import PeerGroup, ReportingPeriod
from portal.days import scheme_day
from portal.problems import RefusedError
from portal.publication import drafting, publishing
from portal.publication.document import BenchmarkScope, document_of
from portal.publication.models import Publication
from portal.register import leaving
from portal.register.site_ends import RandomNames, firm_leaves
from portal.translog.models import LogEntry
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    draft_page,
    make_cast,
    open_waiting,
    signed_in,
)
from tests.integration.test_practices import read_in

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

FIRMS = 200


def build_scene() -> Cast:
    cast = make_cast(2)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    firms = ControllingFirm.objects.bulk_create(
        ControllingFirm(name=f"Holding {number}") for number in range(FIRMS)
    )
    houses = Organisation.objects.bulk_create(
        Organisation(name=f"Cement {index}", kind=Role.ENTERPRISE, controlling_firm=firm)
        for index, firm in enumerate(firms)
    )
    Site.objects.bulk_create(
        Site(
            slug=f"big-{index:03}",
            name=f"Big {index}",
            organisation=house,
            jurisdiction=cast.province if index % 3 else cast.nation,
            pack="cement",
            size_class="large" if index % 2 else "small",
            since=1995 + index % 30,
        )
        for index, house in enumerate(houses)
    )
    return cast


def version(cast: Cast, firms: int = FIRMS, moved: int = 0) -> Publication:
    """A version that shows the best tenth of one step; the first `moved` of the best have fallen
    behind since.
    """
    row = drafting.draft(cast.period, cast.drafter, NOW, f"So many moved: {moved}")
    gate = row.gate
    step = gate["published"]["steps"][0]
    cell = GateResult.from_json(gate).published.cells[0].name
    gate["cells"][0] |= {"shown": True, "reason_code": "shown"}
    lower = float(GateResult.from_json(gate).published.cells[0].grid.lower)
    step |= {
        "best": lower,
        "typical": lower,
        "interval": [lower, lower],
        "typical_interval": [lower, lower],
        "rule": "trimmed-best-decile",
        "firms": firms,
        "curve": [],
        "potential": [],
    }
    sites = list(
        Site.objects.filter(slug__startswith="big-")
        .select_related("organisation")
        .order_by("slug")[:firms]
    )
    members = tuple(
        Member(
            str(site.organisation.controlling_firm_id),
            site.slug,
            (50, 100 + (index * 37) % firms + (10_000 if (index * 37) % firms < moved else 0), 500),
            f"r{moved if (index * 37) % firms < moved else 0}",
        )
        for index, site in enumerate(sites)
    )
    row.roster = Roster((CellRoster(cell, members),)).to_json()
    document = document_of(
        GateResult.from_json(gate),
        row.explanation,
        row.version,
        NOW.date(),
        BenchmarkScope.of(cast.nation),
    )
    what = publishing.ApprovedVersion(
        gate, row.explanation, published.sign(document, keys.receipt_key())
    )
    publishing.let_out(row, what, cast.approver.pk, NOW, "")
    Publication.objects.filter(pk=row.pk).update(roster=row.roster)
    return Publication.objects.select_related("period__peer_group__scope").get(pk=row.pk)


def propose_and_publish(cast: Cast, row: Publication) -> BestGroup:
    best_groups.propose(row, cast.drafter, NOW)
    return publish(row, cast.approver)


def publish(row: Publication, by: User) -> BestGroup:
    """What is proposed now."""
    read = best_groups.as_read(BestGroup.objects.filter(publication=row).first())
    return best_groups.publish(row, read, by, keys.receipt_key(), NOW)


def address(row: Publication, end: str = "") -> str:
    return f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{row.version}/{end}"


def refusal(call: Any, *args: Any) -> str:
    with pytest.raises(RefusedError) as refused:
        call(*args)
    return refused.value.code


def test_two_officers_publish_it_signed_and_logged(cast: Cast) -> None:
    row = version(cast)
    assert refusal(publish, row, cast.approver) == "not-proposed"
    assert refusal(best_groups.propose, row, cast.provincial, NOW) == "not-regulator"
    first = best_groups.propose(row, cast.drafter, NOW)
    assert best_groups.propose(row, cast.drafter, NOW).pk == first.pk  # the form sent twice
    assert best_groups.best_group_of(row.pk) is None
    assert refusal(publish, row, cast.drafter) == "own-best-group"
    out = publish(row, cast.approver)
    assert refusal(best_groups.propose, row, cast.drafter, NOW) == "best-group-published"
    assert out.log_index is not None
    entry = LogEntry.objects.get(index=out.log_index)
    assert (entry.kind, entry.digest) == (
        "best-group",
        logged.best_group(published.digest(out.document)).hex(),
    )
    step = out.document["steps"][0]
    assert step["best_firms"] == 20
    for shares in step["traits"].values():
        assert sum(share["firms"] for share in shares) == 20
        assert min(share["firms"] for share in shares) >= cast.pack.disclosure.fewest_firms
    assert "age" in step["traits"] or "scale" in step["traits"] or "region" in step["traits"]
    assert not [name for name in ("big-", "Holding", "Cement 1") if name in str(out.document)], (
        "no firm is named"
    )


def test_what_the_register_says_since_makes_the_proposal_outdated(cast: Cast) -> None:
    row = version(cast)
    best_groups.propose(row, cast.drafter, NOW)
    Site.objects.filter(slug__startswith="big-").update(
        since=None, size_class="small", jurisdiction=cast.nation
    )
    assert refusal(publish, row, cast.approver) == "nothing-told"
    Site.objects.filter(slug__in=[f"big-{index:03}" for index in range(0, FIRMS, 2)]).update(
        size_class="large"
    )
    assert refusal(publish, row, cast.approver) == "best-group-outdated"


def test_a_later_version_that_lost_one_of_the_best_tells_nothing(cast: Cast) -> None:
    propose_and_publish(cast, version(cast))
    assert refusal(best_groups.propose, version(cast, moved=1), cast.drafter, NOW) == "nothing-told"
    again = version(cast, moved=0)
    assert (
        propose_and_publish(cast, again).document["steps"]
        == BestGroup.objects.order_by("pk")[0].document["steps"]
    ), "the same firms: the same shares"


@pytest.mark.parametrize("joined", [True, False])
def test_another_years_shares_do_not_tell_that_who_joined_is_among_the_best(
    cast: Cast, joined: bool
) -> None:
    """The year before counts one of the best less in its classes: it joined since, or it was behind
    the others then.
    """
    year = timedelta(days=400)
    group = PeerGroup.objects.get(pk=cast.group.pk)
    group.pk, group.pack_version = None, "3"  # the pack had another version then
    group.save()
    before = ReportingPeriod.objects.create(
        peer_group=group,
        name="2015",
        start=cast.period.start - year,
        end=cast.period.start,
        due=NOW + year,
    )
    earlier = version(cast)
    shares = propose_and_publish(cast, earlier)
    firm = next(iter(shares.behind[next(iter(shares.behind))].values()))[0]["members"][0][0]
    for tables in shares.behind.values():
        for share in (share for shares_of_trait in tables.values() for share in shares_of_trait):
            share["members"] = [member for member in share["members"] if member[0] != firm]
    shares.save()
    roster = Roster.from_json(earlier.roster)
    if joined:
        cells = (
            CellRoster(cell.cell, tuple(member for member in cell.members if member.firm != firm))
            for cell in roster.cells
        )
        roster = Roster(tuple(cells))
    Publication.objects.filter(pk=earlier.pk).update(period=before, roster=roster.to_json())
    later = version(cast)
    if joined:
        assert refusal(best_groups.propose, later, cast.drafter, NOW) == "nothing-told"
        assert {cell.reason for cell in best_groups.composed_of_best(later)} >= {
            BestGroupReason.OTHER_DAYS
        }
    else:
        (cell, *_) = best_groups.composed_of_best(later)
        assert cell.shares


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Who the best firms are", "of 20 (")), ("zh-hans", ("最优企业的构成", "20 家中的"))],
)
def test_it_stands_beside_the_label_and_in_the_api(
    cast: Cast, language: str, words: tuple[str, ...]
) -> None:
    row = version(cast)
    reader = Client(headers={"accept-language": language})
    before = reader.get(address(row)).content.decode()
    assert words[0] in before
    assert words[1] not in before
    assert reader.get(f"/api/v1{address(row, 'best-group/')}").status_code == 404
    paper = reader.get(address(row, "benchmark.pdf")).content
    out = propose_and_publish(cast, row)
    assert reader.get(address(row, "benchmark.pdf")).content != paper, "made again, with the shares"
    page = reader.get(address(row)).content.decode()
    assert all(word in page for word in words)
    assert out.digest in page
    assert reader.get(f"/api/v1{address(row, 'best-group/')}").json() == out.document


def test_where_there_are_too_few_one_sentence_says_how_many_it_takes(cast: Cast) -> None:
    row = version(cast, firms=40)
    page = Client().get(address(row)).content.decode()
    assert "That takes 151 firms at a step; here there are at most 40." in page
    assert refusal(best_groups.propose, row, cast.drafter, NOW) == "nothing-told"
    officer = signed_in(cast.drafter).get(reverse("web:best-group", args=[row.pk])).content.decode()
    assert "at least 151 firms are needed" in officer
    assert "Propose it for publication" not in officer


def test_by_the_page_one_proposes_and_another_publishes(cast: Cast) -> None:
    row = version(cast)
    here = reverse("web:best-group", args=[row.pk])
    first, second = signed_in(cast.drafter), signed_in(cast.approver)
    assert here in first.get(draft_page(row)).content.decode()
    assert "Propose it for publication" in first.get(here).content.decode()
    assert "A second officer has to publish it." in first.post(here, follow=True).content.decode()
    read = read_in(second.get(here).content.decode())
    assert (
        "signed and logged"
        in second.post(here, {"act": "publish", "read_against": read}, follow=True).content.decode()
    )
    assert signed_in(cast.provincial).get(here).status_code == 404
    assert signed_in(cast.plants[0].owner).get(here).status_code == 403


def test_who_wished_to_propose_does_not_publish_what_another_proposed_meanwhile(cast: Cast) -> None:
    row = version(cast)
    here = reverse("web:best-group", args=[row.pk])
    first, second = signed_in(cast.drafter), signed_in(cast.approver)
    read = read_in(second.get(here).content.decode())
    first.post(here)
    answer = second.post(here, {"act": "propose", "read_against": read})
    assert answer.status_code == 409
    assert "since you opened the page" in answer.content.decode()
    assert BestGroup.objects.get().proposed_by == cast.drafter
    assert best_groups.best_group_of(row.pk) is None


@pytest.mark.parametrize("again", ["first", "second"])
def test_a_proposal_that_became_outdated_says_so_and_is_made_again_by_either_officer(
    cast: Cast, again: str
) -> None:
    row = version(cast)
    here = reverse("web:best-group", args=[row.pk])
    officers = {"first": signed_in(cast.drafter), "second": signed_in(cast.approver)}
    officers["first"].post(here, {"act": "propose"})
    read = read_in(officers["second"].get(here).content.decode())
    Site.objects.filter(slug__startswith="big-").update(
        since=None, size_class="small", jurisdiction=cast.nation
    )
    nothing_to_show = officers["second"].get(here).content.decode()
    assert "Proposed, but outdated" in nothing_to_show
    assert 'name="act"' not in nothing_to_show
    Site.objects.filter(slug__in=[f"big-{index:03}" for index in range(0, FIRMS, 2)]).update(
        size_class="large"
    )
    answer = officers["second"].post(here, {"act": "publish", "read_against": read})
    assert answer.status_code == 409
    for page in (answer, *(officer.get(here) for officer in officers.values())):
        assert 'value="propose">Propose it again<' in page.content.decode()
    officers[again].post(here, {"act": "propose"})
    (other,) = (officer for name, officer in officers.items() if name != again)
    renewed = other.get(here).content.decode()
    assert 'value="publish">Publish it<' in renewed
    assert "outdated" not in renewed
    other.post(here, {"act": "publish", "read_against": read_in(renewed)})
    assert best_groups.best_group_of(row.pk) is not None


def test_a_firm_that_leaves_has_no_name_behind_a_share(cast: Cast) -> None:
    out = propose_and_publish(cast, version(cast))
    (tables,) = out.behind.values()
    site = next(iter(tables.values()))[0]["members"][0][1]
    gone = Site.objects.get(slug=site)
    firm_leaves.send(
        sender=Site,
        sites=[gone],
        firm=gone.organisation,
        names=RandomNames({site}),
        because=leaving.BECAUSE,
        now=NOW,
    )
    after = BestGroup.objects.get(pk=out.pk)
    assert site not in str(after.behind)
    assert "left-" in str(after.behind)


def test_a_firm_states_since_when_its_plant_runs(cast: Cast) -> None:
    plant = cast.plants[0]
    form = {
        "name": "Works 1",
        "name_zh": "",
        "size_class": plant.site.size_class,
        "credit_code": "",
        "since": "2008",
    }
    assert (
        signed_in(plant.owner).post(reverse("web:edit-site", args=["works-1"]), form).status_code
        == 302
    )
    assert Site.objects.get(slug="works-1").since == 2008
    for year, sentence in (
        ("soon", "Write a year, such as 2008."),
        (str(scheme_day().year + 1), "This year is still to come."),
    ):
        wrong = signed_in(plant.owner).post(
            reverse("web:edit-site", args=["works-1"]), {**form, "since": year}
        )
        assert (wrong.status_code, sentence in wrong.content.decode()) == (400, True)
    for year, since in ((str(scheme_day().year), scheme_day().year), ("", None)):
        assert (
            signed_in(plant.owner)
            .post(reverse("web:edit-site", args=["works-1"]), {**form, "since": year})
            .status_code
            == 302
        )
        assert Site.objects.get(slug="works-1").since == since, (
            "what was typed in error can be taken out"
        )
