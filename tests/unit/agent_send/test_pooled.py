"""Which steps gain from earlier years, what is pooled then, and that no batch pays more than its
cap for it, year after year.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.errors import PolicyRefusal
from benchmarks.labels import SiteLabel, label_site
from benchmarks.measurements import Batch, Period
from benchmarks.privacy import accounting
from benchmarks.privacy.accounting import Debit
from benchmarks.routes import Pack
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.schema import Header, decode_report
from reporting_agent.sending.consent import Offer
from reporting_agent.sending.planning import ReportPlan, Subject, plan, wire_period
from reporting_agent.sending.pooled_labels import counted, covers, gains, span, together
from reporting_agent.sending.privacy_ledger import Ledger
from reporting_agent.sending.revisions import refuse_old_ledger
from reporting_agent.sending.submission import ReportMaterial
from reporting_agent.state import transaction
from tests.unit.agent_send.cast import SITE, Desk, heats

PACK = packs.load("steel")
YEAR = Period.parse("2016", UTC)


def one_metric(pack: Pack = PACK) -> Pack:
    """The arc furnace releases its headline alone: a release spends 1 of the cap of 2."""
    step = pack.step("eaf")
    lone = step.model_copy(update={"metrics": step.metrics[:1]})
    return pack.model_copy(
        update={
            "steps": tuple(lone if pack_step.id == "eaf" else pack_step for pack_step in pack.steps)
        }
    )


def label_of(batches: list[Batch], pack: Pack, period: Period) -> SiteLabel:
    return label_site(batches, pack, FactorTable.load(), period, site=SITE, paths={})


def small_plant(a_year: int, *years: int) -> list[Batch]:
    return [heat for year in years for heat in heats(a_year, year=year)]


def nothing_spent(_step: str, _year: int) -> Fraction:
    return Fraction(0)


def offered(batches: list[Batch], pack: Pack = PACK, year: int = 2016) -> tuple[Offer, ...]:
    period = Period.parse(str(year), UTC)
    return gains(
        label_of(batches, pack, span(period, pack.policy.most_years)), pack, year, nothing_spent
    )


def planned(
    batches: list[Batch], pack: Pack, windows: dict[str, int], year: int = 2016
) -> ReportPlan:
    period = Period.parse(str(year), UTC)
    label = together(
        label_of(batches, pack, period), lambda wider: label_of(batches, pack, wider), windows
    )
    return plan(label, batches, pack, Subject(SITE, str(year), 1, correction=False), windows)


def test_a_step_with_too_few_in_each_year_gains_a_label() -> None:
    (offer,) = offered(small_plant(40, 2014, 2015, 2016))
    assert (offer.step, offer.first_year, offer.alone, offer.together) == ("eaf", 2014, 40, 120)
    assert (offer.released_alone, offer.eligible, offer.spends) == (False, False, Fraction(2))


def test_a_step_with_enough_in_the_year_and_one_with_too_few_even_in_three_gain_nothing() -> None:
    assert offered(heats(49)) == ()
    assert offered(small_plant(16, 2014, 2015, 2016)) == ()
    assert (
        offered(small_plant(60, 2014, 2015, 2016)) == ()
    )  # released alone; 180 would still be too uncertain for the industry's label


def of_two_variants(batches: list[Batch]) -> list[Batch]:
    return [
        dataclasses.replace(heat, variant=("any", "stainless")[number % 2])
        for number, heat in enumerate(batches)
    ]


@pytest.mark.parametrize("pack", [PACK, one_metric()], ids=["two metrics", "one metric"])
def test_of_two_variants_is_offered_what_every_batch_then_pays(pack: Pack) -> None:
    """For the variant that it leaves and the one that it enters; a second metric is withheld, and
    costs nothing.
    """
    batches = of_two_variants(small_plant(80, 2014, 2015, 2016))
    (offer,) = offered(batches, pack)
    paid: dict[str, Fraction] = {}
    for debit in planned(batches, pack, {"eaf": offer.years}).debits():
        paid[debit.batch_id] = paid.get(debit.batch_id, Fraction(0)) + debit.epsilon
    assert (offer.years, {offer.spends}) == (3, set(paid.values()))
    assert offer.spends == 2


def test_no_year_is_offered_whose_batches_could_not_pay_for_both_variants(desk: Desk) -> None:
    pack, batches = one_metric(), of_two_variants(small_plant(80, 2014, 2015, 2016))
    once = label_of(small_plant(80, 2015), pack, Period.parse("2015", UTC))
    debits = plan(once, batches, pack, Subject(SITE, "2015", 1, correction=False)).debits()
    spend(desk, debits, "2015 r1", pack)
    assert Ledger(desk.connection).most_spent() == {("eaf", 2015): 1}
    assert windows_for(desk, batches, pack, 2016) == {}


def test_a_pack_that_allows_one_year_offers_nothing() -> None:
    alone = PACK.model_copy(update={"policy": PACK.policy.model_copy(update={"most_years": 1})})
    assert offered(small_plant(40, 2014, 2015, 2016), alone) == ()


def test_a_pooled_step_covers_its_years_and_every_other_step_its_own() -> None:
    ladle = [dataclasses.replace(heat, step="ladle-refining") for heat in heats(60)]
    batches = [
        *small_plant(40, 2014, 2015, 2016),
        *ladle,
        *(dataclasses.replace(heat, step="ladle-refining") for heat in heats(60, year=2015)),
    ]
    plan = planned(batches, PACK, {"eaf": 3})
    assert {
        (release.label.step, release.years, release.label.used) for release in plan.releases
    } == {("eaf", 3, 120)}
    inside = [batch for batch in batches if covers(batch, YEAR, {"eaf": 3})]
    assert {(batch.step, batch.start.year) for batch in inside} == {
        ("eaf", 2014),
        ("eaf", 2015),
        ("eaf", 2016),
        ("ladle-refining", 2016),
    }


def test_other_years_are_other_data() -> None:
    batches = small_plant(60, 2014, 2015, 2016)
    digests = {
        planned(batches, PACK, windows).data_digest for windows in ({}, {"eaf": 2}, {"eaf": 3})
    }
    assert len(digests) == 3


def test_each_batch_is_debited_in_its_own_year_once_for_every_release() -> None:
    debits = planned(small_plant(40, 2014, 2015, 2016), PACK, {"eaf": 3}).debits()
    assert len({(debit.batch_id, debit.release_id) for debit in debits}) == len(debits) == 2 * 120
    assert {(debit.year, debit.batch_id[1:5]) for debit in debits} == {
        (year, str(year)) for year in (2014, 2015, 2016)
    }


def spend(desk: Desk, debits: list[Debit], parcel: str, pack: Pack) -> None:
    with transaction(desk.connection):
        Ledger(desk.connection).record(debits, parcel=parcel, rules=pack.policy)


def windows_for(desk: Desk, batches: list[Batch], pack: Pack, year: int) -> dict[str, int]:
    spent = Ledger(desk.connection).most_spent(besides=str(year))
    widest = label_of(batches, pack, span(Period.parse(str(year), UTC), 3))
    offers = gains(
        widest, pack, year, lambda step, earlier: spent.get((step, earlier), Fraction(0))
    )
    return {offer.step: offer.years for offer in offers}


def most_of_all(desk: Desk) -> Fraction:
    return max(Ledger(desk.connection).most_spent().values(), default=Fraction(0))


def test_pooling_year_after_year_never_spends_more_than_the_cap(desk: Desk) -> None:
    """Windows of three years that roll on would spend 3 on the middle ones: the third of them finds
    no year to go back to.
    """
    pack, batches = one_metric(), small_plant(45, *range(2010, 2020))
    chosen: dict[int, int] = {}
    for year in range(2012, 2020):
        windows = windows_for(desk, batches, pack, year)
        if windows:
            chosen[year] = windows["eaf"]
            spend(desk, planned(batches, pack, windows, year).debits(), f"{year} r1", pack)
        assert most_of_all(desk) <= pack.policy.cap_per_year
    assert chosen == {2012: 3, 2013: 3, 2014: 2, 2015: 2, 2016: 2, 2017: 2, 2018: 2, 2019: 2}
    assert most_of_all(desk) == 2


def test_without_the_ledger_rolling_windows_would_spend_above_the_cap(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The defence off: windows chosen as if nothing had been spent, and a ledger that does not
    look.
    """
    pack, batches = one_metric(), small_plant(45, *range(2012, 2017))
    rolling = {
        year: planned(batches, pack, {"eaf": 3}, year).debits() for year in (2014, 2015, 2016)
    }
    spend(desk, rolling[2014], "2014 r1", pack)
    spend(desk, rolling[2015], "2015 r1", pack)
    with pytest.raises(PolicyRefusal, match="would spend more than the cap of 2") as refused:
        spend(desk, rolling[2016], "2016 r1", pack)
    assert refused.value.code == "budget-exhausted"
    assert most_of_all(desk) == 2
    monkeypatch.setattr(accounting, "check", lambda *_: None)
    spend(desk, rolling[2016], "2016 r1", pack)
    assert most_of_all(desk) == 3


def test_a_batch_stands_in_its_own_years_label_and_in_one_pooled_one(desk: Desk) -> None:
    pack, batches = one_metric(), [*heats(60, year=2015), *heats(40, year=2016)]
    spend(desk, planned(batches, pack, {}, 2015).debits(), "2015 r1", pack)
    windows = windows_for(desk, batches, pack, 2016)
    assert windows == {"eaf": 2}
    spend(desk, planned(batches, pack, windows).debits(), "2016 r1", pack)
    assert Ledger(desk.connection).most_spent() == {("eaf", 2015): 2, ("eaf", 2016): 1}
    assert (
        windows_for(desk, batches, pack, 2016) == windows
    )  # its own share does not close the years that it covers


def test_the_report_says_how_many_years_and_is_drawn_from_all_of_them(enrolled: Desk) -> None:
    batches, windows = small_plant(40, 2014, 2015, 2016), {"eaf": 3}
    label = together(
        label_of(batches, PACK, YEAR), lambda wider: label_of(batches, PACK, wider), windows
    )
    with enrolled.road as road:
        parcel = enrolled.submission().prepare(
            ReportMaterial(label, batches, PACK, windows), "2016", road, correct=False
        )
    assert parcel.windows == windows
    assert parcel.plaintext is not None
    assert {
        (entry.years, entry.count_class)
        for entry in decode_report(parcel.plaintext).released.labels
    } == {(3, 100)}


def test_a_correction_of_a_pooled_report_pays_from_the_reserve_of_every_year(
    enrolled: Desk,
) -> None:
    batches, windows = small_plant(40, 2014, 2015, 2016), {"eaf": 3}

    def material(heats_of: list[Batch]) -> ReportMaterial:
        label = together(
            label_of(heats_of, PACK, YEAR), lambda wider: label_of(heats_of, PACK, wider), windows
        )
        return ReportMaterial(label, heats_of, PACK, windows)

    with enrolled.road as road:
        enrolled.submission().prepare(material(batches), "2016", road, correct=False)
        second = enrolled.submission().prepare(material(batches[1:]), "2016", road, correct=True)
    assert (second.revision, second.correction, second.windows) == (2, True, windows)
    accounts = {
        (account.year, account.most_spent, account.most_corrected)
        for account in Ledger(enrolled.connection).accounts()
    }
    assert accounts == {(year, Fraction(2), Fraction(2)) for year in (2014, 2015, 2016)}


def test_years_are_no_longer_than_the_pack_allows() -> None:
    with pytest.raises(PolicyRefusal) as refused:
        wire_period(Period.parse("2013-01-01/2017-01-01", UTC), PACK.policy)
    assert refused.value.code == "period-too-long"
    assert (
        wire_period(Period.parse("2014-01-01/2017-01-01", UTC), PACK.policy)
        == "2014-01-01/2017-01-01"
    )


def of_days(most: int) -> Pack:
    """The arc furnace with whole days hidden, at most so many heats of one."""
    step = PACK.step("eaf")
    bounded = step.model_copy(
        update={"label_rule": step.label_rule.model_copy(update={"most_records_a_day": most})}
    )
    policy = PACK.policy.model_copy(update={"unit": "day"})
    return PACK.model_copy(
        update={
            "policy": policy,
            "steps": tuple(
                bounded if pack_step.id == "eaf" else pack_step for pack_step in PACK.steps
            ),
        }
    )


def crowded(days: int, a_day: int) -> list[Batch]:
    """So many heats on each of so many days."""
    first, batches = datetime(2016, 1, 1, tzinfo=UTC), heats(days * a_day)
    return [
        dataclasses.replace(heat, start=first + timedelta(days=number // a_day), end=None)
        for number, heat in enumerate(batches)
    ]


def test_where_days_are_protected_a_release_counts_days_and_not_batches() -> None:
    """30 days of two heats are 60 batches and count as 30: below 50, whatever the number of batches
    is.
    """
    pack, batches = of_days(1), crowded(30, 2)
    label = label_of(batches, pack, YEAR)
    (first, *_) = [step_label for step_label in label.steps if step_label.step == "eaf"]
    batch_count = counted(first, pack.step("eaf"), pack)
    assert (batch_count.total, batch_count.valid) == (30, 60)
    with pytest.raises(PolicyRefusal) as refused:
        planned(batches, pack, {})
    assert refused.value.code == "too-few-batches"
    assert len(planned(batches, PACK, {}).releases) == 2  # by the record there are enough


@pytest.mark.parametrize(
    ("period", "windows", "refused"),
    [
        ("2016", {}, True),
        ("2015", {}, False),
        ("2015", {"eaf": 2}, True),
        ("2018", {}, True),
        ("2019", {}, False),
        ("2018-Q1", {}, False),
    ],
)
def test_an_unknown_report_may_have_spent_on_all_years_that_it_may_cover(
    period: str, windows: dict[str, int], refused: bool
) -> None:
    receipt = Receipt(
        "unknown", Header(SITE, period, 1, "0" * 64, "device", 1), 0, date(2017, 2, 1), "0" * 64
    )
    asked = planned(small_plant(60, 2015, 2016), PACK, windows)
    if not refused:
        refuse_old_ledger(asked, [receipt], [])
        return
    with pytest.raises(PolicyRefusal) as refusal:
        refuse_old_ledger(asked, [receipt], [])
    assert refusal.value.code == "ledger-set-back"
