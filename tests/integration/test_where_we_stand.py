"""Where a firm stands: what a change changes shows at the next reading, and nobody reads of another
firm.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import packs, ranking
from benchmarks.comparison.co2 import Co2Factors
from benchmarks.wire import envelope
from portal import keys
from portal.accounts.models import Acting, Membership, Organisation, Role, Site, User
from portal.accounts.selectors import own_sites, regulated_sites, visible_sites
from portal.catalogue.periods import open_period
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.standings import computing as standings
from portal.standings.models import Standing
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    Plant,
    deliver,
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

STAND, TREND = "/where-we-stand/", "/where-we-stand/over-the-periods/"
NEXT = "/what-to-do-next/"
EARLIER = "2015"
CHINA = Co2Factors(date(2025, 12, 31), "CN")
CHANGING = re.compile(r'csrfmiddlewaretoken" value="[^"]*"|<a class="sl-person"[^>]*>[^<]*')


def build_scene() -> Cast:
    """Ten works, each some points of the grid from the next; all have reported both years, and both
    are published.
    """
    cast = make_cast(plants=10)
    earlier = open_period(cast.group, EARLIER, "test", NOW)
    for number, plant in enumerate(cast.plants):
        for name, shift in ((EARLIER, number), (PERIOD, number - 5)):
            hand_in(cast, plant, shift=shift, period=name)
    open_waiting()
    for period in (earlier, cast.period):
        standings.compute(period, "worker", NOW)
        publishing.publish(
            drafting.draft(period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
        )
    return cast


def hand_in(cast: Cast, plant: Plant, shift: int, period: str = PERIOD, revision: int = 1) -> None:
    sealed = envelope.build(
        plant.report(cast.pack, revision, shift, period),
        plant.header(revision, period),
        plant.key,
        processing_public(),
    )
    deliver(sealed)


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return CHANGING.sub("", answer.content.decode())


def test_what_changes_shows_at_the_next_reading(cast: Cast) -> None:
    owner, plant = signed_in(cast.plants[0].owner), cast.plants[0]
    before = {address: text(owner, address) for address in (STAND, TREND)}
    assert "industry label version 1" in before[STAND]
    assert before[TREND].count('class="sl-curve"') > 1
    assert {address: text(owner, address) for address in (STAND, TREND)} == before

    hand_in(cast, plant, shift=9, revision=2)
    open_waiting()
    revised = {address: text(owner, address) for address in (STAND, TREND)}
    assert all(revised[address] != before[address] for address in before), "a corrected report"

    assert (
        "The intervals of 6 of your steps are computed when the regulator composes the next draft"
        in revised[STAND]
    )
    assert re.search(r"above the best by\s+more than the noise", revised[STAND]) is None, (
        "no gap is told from noise without an interval"
    )
    assert "not every step was reported" not in revised[STAND]
    assert "Incomplete: the intervals of 6 steps are computed with the next draft" in text(
        owner, NEXT
    )
    assert "data-worth" not in text(owner, NEXT), (
        "nothing is worth anything before it is told from noise"
    )
    assert "not reported" not in revised[STAND]

    standings.compute(cast.period, "worker", NOW)
    ranked = {address: text(owner, address) for address in (STAND, TREND)}
    assert all(ranked[address] != revised[address] for address in before), (
        "intervals and ranks of the corrected value"
    )

    for other, shift in zip(
        cast.plants[1:3], (8, 7), strict=True
    ):  # three firms must have changed, each as much as the others
        hand_in(cast, other, shift, revision=2)
    open_waiting()
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW, "Three corrected."),
        cast.approver,
        keys.receipt_key(),
        NOW,
    )
    published = {address: text(owner, address) for address in (STAND, TREND)}
    assert "industry label version 2" in published[STAND]
    assert published[TREND] != ranked[TREND], "the industry's best is that of the new version"

    Site.objects.filter(pk=plant.site.pk).update(name="Works renamed")
    assert all("Works renamed" in text(owner, address) for address in (STAND, TREND))

    for version in (2, 1):
        publishing.withdraw(
            Publication.objects.get(period=cast.period, version=version),
            cast.drafter,
            "Counted twice.",
            NOW,
        )
        if version == 2:
            assert "industry label version 1" in text(owner, STAND), (
                "the version before is in force again"
            )
    for address in (STAND, TREND):
        assert "There is no published benchmark to compare with yet." in text(owner, address)

    Membership.objects.filter(user=plant.owner).delete()
    assert {owner.get(address).status_code for address in (STAND, TREND)} == {403}


def test_a_score_stands_with_its_interval_on_page_and_file(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = signed_in(cast.plants[0].owner)
    few = text(owner, STAND)
    assert few.count("With fewer than 26 sites there is a rank, but no score.") == 1
    assert "Score, 95 % interval" not in few

    monkeypatch.setattr(ranking, "FEWEST_FOR_A_SCORE", 10)
    standings.compute(cast.period, "worker", NOW)
    scores = set(
        Standing.objects.filter(
            period=cast.period, submission__site=cast.plants[0].site
        ).values_list("score_low", "score_high")
    )
    assert all(
        low is not None and high is not None and 1 <= low < high <= 100 for low, high in scores
    )
    shown = [
        (int(low), int(high))
        for low, high in re.findall(r"<div>(\d+) to (\d+)</div>", text(owner, STAND))
    ]
    assert (
        len(shown) == 7
    )  # the whole route, and a step by its headline; the file tells every metric
    whole = Standing.objects.get(
        period=cast.period, submission__site=cast.plants[0].site, step="whole-route"
    )
    assert shown[0] == (whole.score_low, whole.score_high), "the whole route stands first"
    assert whole.of == len(cast.plants)
    assert set(shown) <= scores
    rows = csv.DictReader(io.StringIO(text(owner, STAND + "where-we-stand.csv").lstrip("\ufeff")))
    assert {(int(row["score_low"]), int(row["score_high"])) for row in rows} == scores


def test_the_interval_of_the_whole_route_is_that_by_which_it_is_ranked(cast: Cast) -> None:
    """Added in squares from the steps' own intervals it would be another one than the file's and
    the API's.
    """
    plant = cast.plants[0]
    whole = Standing.objects.get(
        period=cast.period, submission__site=plant.site, step="whole-route"
    )
    page = text(signed_in(plant.owner), STAND)
    low, high = (figure.replace("\u2212", "-") for figure in whole_route_interval(page))
    decimals = len(low.partition(".")[2])
    assert (float(low), float(high)) == (round(whole.low, decimals), round(whole.high, decimals))


def whole_route_interval(page: str) -> tuple[str, str]:
    after = page.partition("Your best runs, whole route")[2]
    match = re.search(r"([\d.\u2212]+) to ([\d.\u2212]+)", after)
    assert match is not None
    return match[1], match[2]


def test_a_firm_reads_of_itself_alone(cast: Cast) -> None:
    pages = {}
    for number, plant in enumerate(cast.plants[:3], 1):
        client = signed_in(plant.owner)
        for address in (STAND, TREND):
            pages[number, address] = text(client, address)
            named = set(re.findall(r"Works \d+|works-\d+", pages[number, address]))
            assert named
            assert named <= {f"Works {number}", f"works-{number}"}
    assert len(set(pages.values())) == len(pages)


def test_versions_of_more_periods_are_read_by_the_same_questions(cast: Cast) -> None:
    owner = signed_in(cast.plants[0].owner)

    def questions(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            text(owner, address)
        return len(asked)

    for address in (STAND, TREND):
        text(owner, address)  # the first reading of a day is put on record
    two = {address: questions(address) for address in (STAND, TREND)}
    publishing.withdraw(
        Publication.objects.get(period__name=EARLIER), cast.drafter, "Counted twice.", NOW
    )
    assert {address: questions(address) for address in (STAND, TREND)} == two


def test_whose_values_a_person_sees_is_said_once_and_by_one_condition(cast: Cast) -> None:
    """Own sites and those of the jurisdictions, and no others."""
    ministry = Organisation.objects.get(name="Ministry")
    both = person("both@example.org", cast.plants[0].site.organisation, Role.ENTERPRISE)
    Membership.objects.create(user=both, organisation=ministry, role=Role.REGULATOR)
    Membership.objects.create(
        user=cast.stranger, organisation=ministry, role=Role.ENTERPRISE
    )  # in a role that its house has not
    people = {
        cast.plants[0].owner: 1,
        cast.approver: 10,
        cast.provincial: 5,
        cast.auditor: 0,
        cast.stranger: 0,
        both: 10,
    }
    for user, sites in people.items():
        assert set(visible_sites(user)) == {*own_sites(user), *regulated_sites(user)}, user.email
        assert visible_sites(user).count() == sites, user.email
    for role, house, sites in (
        (Role.ENTERPRISE, cast.plants[2].site.organisation, 1),
        (Role.REGULATOR, ministry, 10),
        (Role.ENTERPRISE, ministry, 0),
    ):
        holder = User(email="key")
        holder.acting_as = Acting(house.pk, role)  # type: ignore[misc] # of this holder alone, as a key's is
        assert visible_sites(holder).count() == sites


def test_the_co2_of_clinker_goes_by_its_heat(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Coal's 2.7 to the grid's 4.3 kg a kgce are 60 % apart, and left a gap of clinker at anything
    between; its heat stands apart.
    """
    monkeypatch.setattr(
        Co2Factors, "of", lambda _period, _place: CHINA
    )  # of 2016 no factor of electricity is held
    # corrected upwards, so that most of the gap is no part of its interval
    hand_in(cast, cast.plants[-1], shift=20, revision=2)
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    rows = re.findall(r"<tr.*?</tr>", text(signed_in(cast.plants[-1].owner), STAND), re.DOTALL)
    row = next(row for row in rows if "Clinker burning" in row and "kg CO" in row)
    match = re.search(r"kg CO.*?<div[^>]*>\s*([\d.]+) to ([\d.]+)", row, re.DOTALL)
    assert match is not None
    low, high = map(float, match.groups())
    gap = re.search(r"\(([\d.]+) to ([\d.]+)\)", row)
    assert gap is not None
    boundary = packs.load("cement").step("clinker-burning").boundary
    least, most = (CHINA.co2(float(end), boundary) for end in gap.groups())
    assert least is not None
    assert most is not None
    assert high - low < 0.8 * (most[1] - least[0])
