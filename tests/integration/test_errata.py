"""A false report is taken out of a published version: an erratum drafted on the pages, published by
a second person, said on page, paper and API; and what may not be corrected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from benchmarks.disclosure import GateResult
from benchmarks.disclosure.corrected_values import Correction
from benchmarks.errors import PolicyRefusal
from benchmarks.wire import published
from portal import keys
from portal.accounts.models import User
from portal.auditlog.models import Event
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Notice
from portal.problems import RefusedError
from portal.publication import correcting, drafting, publishing, scheduling
from portal.publication.models import Publication
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

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

PLANTS, FALSE = 12, -12
WHY = "One report counted a meter twice."


def build_scene() -> Cast:
    """Version 1 is public with a false report of the first plant, which corrects it."""
    cast = make_cast(PLANTS)
    for number, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=FALSE if number == 0 else number - 5))
    open_waiting()
    publish(cast, drafting.draft(cast.period, cast.drafter, NOW))
    report_again(cast, 0, 2)
    return cast


def publish(cast: Cast, draft: Publication) -> Publication:
    return publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)


def report_again(cast: Cast, plant: int, shift: int) -> None:
    deliver(cast.plants[plant].envelope(cast.pack, revision=2, shift=shift))
    open_waiting()


def first_version(cast: Cast) -> Publication:
    return Publication.objects.get(period=cast.period, version=1)


def firm(cast: Cast, plant: int) -> str:
    return str(cast.plants[plant].site.organisation.controlling_firm_id)


def bests(row: Publication) -> dict[str, float | None]:
    return {cell.name: cell.best for cell in GateResult.from_json(row.gate).published.cells}


def document(client: Client, version: int) -> dict[str, Any]:
    body: dict[str, Any] = client.get(
        f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v{version}/"
    ).json()
    return body


def correct(cast: Cast, corrections: Mapping[int, Correction]) -> Publication:
    chosen = {firm(cast, plant): kind for plant, kind in corrections.items()}
    return correcting.correct(first_version(cast), chosen, cast.drafter, WHY, NOW)


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_correction_of_one_firm_shows_nothing_as_a_new_version_and_every_figure_as_an_erratum(
    cast: Cast, client: Client, withdrawn: bool
) -> None:
    first = first_version(cast)
    if withdrawn:
        publishing.withdraw(first, cast.approver, WHY, NOW)
    again = drafting.draft(cast.period, cast.drafter, NOW, WHY)
    assert GateResult.from_json(again.gate).shown == 0
    drafting.discard(again, cast.drafter, "Shows nothing.", NOW)
    second = publish(cast, correct(cast, {0: Correction.AT_FAULT}))
    before, after = GateResult.from_json(first.gate), GateResult.from_json(second.gate)
    assert after.shown == before.shown > 0
    assert {cell.reason_code for cell in after.cells if cell.shown} == {"corrected"}
    assert all(
        now > then
        for then, now in zip(bests(first).values(), bests(second).values(), strict=True)
        if then is not None and now is not None
    )
    body = document(client, second.version)
    published.verify(body, keys.published_directory().content.receipt_keys())
    erratum = body["erratum"]
    assert erratum["corrects"] == {"version": 1, "digest": first.digest}
    assert (erratum["firms"], erratum["at_fault"]) == (1, 1)
    moved = {
        (figure["step"], figure["metric"]): (figure["before"], figure["after"])
        for figure in erratum["moved"]
        if figure["figure"] == "best"
    }
    old = document(client, 1)
    assert moved == {
        (then["step"], then["metric"]): (then["best"], now["best"])
        for then, now in zip(old["steps"], body["steps"], strict=True)
        if then["best"] != now["best"]
    }
    assert "erratum" not in old
    assert all(step["bands"] is None for step in body["steps"])
    for part in ("sample_characteristics", "verification_of_data"):
        assert body["explanation"][part] == old["explanation"][part]
    assert "Erratum of version 1" in body["explanation"]["changes"]["en"]


def test_the_regulator_walks_it_on_the_pages_in_both_languages(cast: Cast, client: Client) -> None:
    first = first_version(cast)
    address = reverse("web:correct", args=[first.pk])
    officer = signed_in(cast.drafter.email)
    assert address in officer.get(draft_page(first)).content.decode()
    page = officer.get(address).content.decode()
    assert "(has reported again since)" in page
    assert page.index("(has reported again since)") < page.index(
        str(cast.plants[1].site.organisation.controlling_firm)
    )
    wrong = officer.post(address, {"firm_1": firm(cast, 0), "kind_1": "", "reason": ""})
    assert wrong.status_code == 400
    assert "Say whether the firm is at fault." in wrong.content.decode()
    twice = {
        f"{field}_{slot}": value
        for slot in (1, 2)
        for field, value in (("firm", firm(cast, 0)), ("kind", "at-fault"))
    }
    assert (
        "Choose another firm." in officer.post(address, {**twice, "reason": WHY}).content.decode()
    )
    filled = {"firm_1": firm(cast, 0), "kind_1": "at-fault", "reason": WHY}
    for _sent_twice in range(2):
        drafted = officer.post(address, filled)
        draft = Publication.objects.get(version=2)
        assert drafted["Location"] == draft_page(draft)
    found = officer.get(drafted["Location"]).content.decode()
    name = str(cast.plants[0].site.organisation.controlling_firm)
    assert "Erratum of version 1" in found
    assert f"{name}, at fault: its present report counts" in found
    assert "at least 4 firms in each mean stay unknown" in found
    signed_in(cast.approver.email).post(
        reverse("web:publish", args=[draft.pk]), {"read": "on", "note": "", "when": "now"}
    )
    public = f"/benchmarks/cement/cn/dry-process/{PERIOD}/v2/"
    english = client.get(public, headers={"accept-language": "en"}).content.decode()
    chinese = client.get(public, headers={"accept-language": "zh-hans"}).content.decode()
    assert (
        "Erratum of version 1: the report of 1 firm was corrected or taken out; at fault: 1"
        in english
    )
    assert "What the erratum moved" in english
    assert WHY in english
    assert "勘误" in chinese
    assert name not in english + json.dumps(document(client, 2))
    [event] = Event.objects.filter(action="publication.drafted", detail__startswith="erratum")
    assert event.detail == f"erratum of version 1: firm {firm(cast, 0)} at-fault"
    told = Notice.objects.filter(kind=NoticeKind.BENCHMARK_PUBLISHED, told__version=2)
    assert {notice.recipient_id for notice in told} >= {cast.plants[0].owner.pk}
    assert officer.get(reverse("web:correct", args=[draft.pk])).status_code == 302
    assert officer.get(reverse("web:composed-of", args=[draft.pk])).status_code == 409


def test_nothing_of_the_other_firms_reports_is_in_an_erratum(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every other report exchanged it comes out the same, to the last digit."""
    drafted = correct(cast, {0: Correction.AT_FAULT})
    for plant in range(1, PLANTS):
        report_again(cast, plant, 7 - plant)
    again = correct(cast, {0: Correction.AT_FAULT})
    assert again.gate["published"] == drafted.gate["published"]
    honest = correct(cast, {0: Correction.NOT_AT_FAULT})
    assert honest.gate["published"] != drafted.gate["published"]


def test_the_report_of_a_firm_not_at_fault_is_read_only_for_whether_a_figure_stands(
    cast: Cast,
) -> None:
    drafted = correct(cast, {0: Correction.NOT_AT_FAULT})
    deliver(cast.plants[0].envelope(cast.pack, revision=3, shift=4))
    open_waiting()
    again = correct(cast, {0: Correction.NOT_AT_FAULT})
    cells = zip(
        GateResult.from_json(drafted.gate).published.cells,
        GateResult.from_json(again.gate).published.cells,
        strict=True,
    )
    # another seed, as the report is another: the simulation differs by less than a tenth
    assert all(
        then.best is None
        or now.best is None
        or abs(then.best - now.best) <= 2 * float(then.grid.width)
        for then, now in cells
    )


def test_a_report_is_taken_out_though_the_firm_corrects_nothing(cast: Cast) -> None:
    drafted = correct(cast, {3: Correction.TAKEN_OUT})
    counted = {cell.firms for cell in GateResult.from_json(drafted.gate).cells if cell.shown}
    assert counted == {PLANTS - 1}


def test_a_firm_whose_report_changes_again_makes_the_draft_outdated(cast: Cast) -> None:
    drafted = correct(cast, {0: Correction.AT_FAULT})
    scheduling.schedule(
        correct(cast, {0: Correction.AT_FAULT, 1: Correction.TAKEN_OUT}),
        cast.approver,
        NOW.replace(year=NOW.year + 1),
        keys.receipt_key(),
        NOW,
    )
    report_again(cast, 5, 1)  # of another firm: nothing of it is in the erratum
    deliver(cast.plants[0].envelope(cast.pack, revision=3, shift=4))
    open_waiting()
    with pytest.raises(RefusedError, match="differ from those"):
        publish(cast, drafted)
    assert scheduling.release_due(lambda: NOW.replace(year=NOW.year + 2)) == 0


def test_errata_of_one_version_correct_two_firms_together_and_no_third(cast: Cast) -> None:
    publish(cast, correct(cast, {0: Correction.AT_FAULT}))
    report_again(cast, 1, 6)
    report_again(cast, 2, 6)
    with pytest.raises(PolicyRefusal, match="3 firms are to be corrected"):
        correct(cast, {1: Correction.NOT_AT_FAULT, 2: Correction.NOT_AT_FAULT})
    third = publish(cast, correct(cast, {1: Correction.NOT_AT_FAULT}))
    assert third.corrected_firms == {
        firm(cast, 0): Correction.AT_FAULT,
        firm(cast, 1): Correction.NOT_AT_FAULT,
    }
    page = signed_in(cast.drafter.email).get(
        reverse("web:correct", args=[first_version(cast).pk]), follow=True
    )
    assert "Errata have corrected as many firms of this version as they may." in (
        page.content.decode()
    )


def test_who_may_not_and_what_may_not_be_corrected(cast: Cast) -> None:
    first = first_version(cast)
    chosen = {firm(cast, 0): Correction.AT_FAULT}

    def refused(
        row: Publication,
        corrections: Mapping[str, Correction],
        by: User = cast.drafter,
        reason: str = WHY,
    ) -> str:
        with pytest.raises(RefusedError) as problem:
            correcting.correct(row, corrections, by, reason, NOW)
        return problem.value.code

    for person in (cast.provincial, cast.plants[0].owner, cast.auditor, cast.stranger):
        assert refused(first, chosen, by=person) == "not-regulator"
    assert refused(first, {}) == "nothing-corrected"
    assert refused(first, chosen, reason="  ") == "correction-unexplained"
    assert refused(first, {"999999": Correction.AT_FAULT}) == "firm-not-behind"
    erratum = publish(cast, correct(cast, {0: Correction.AT_FAULT}))
    assert refused(erratum, chosen) == "not-correctable"
    with pytest.raises(RefusedError):
        publishing.publish(
            correct(cast, {0: Correction.TAKEN_OUT}), cast.drafter, keys.receipt_key(), NOW
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.filter(pk=first.pk).update(corrections=chosen)


def test_after_an_erratum_a_draft_of_the_same_reports_shows_its_figures(cast: Cast) -> None:
    erratum = publish(cast, correct(cast, {0: Correction.AT_FAULT}))
    again = GateResult.from_json(drafting.draft(cast.period, cast.drafter, NOW, WHY).gate)
    assert {cell.reason_code for cell in again.cells if cell.step and cell.shown} == {"unchanged"}
    assert {cell.name: cell.best for cell in again.published.cells} == bests(erratum)
