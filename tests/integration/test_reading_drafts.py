"""The page of a draft tells what stands in the tables now."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from portal import keys
from portal.accounts.models import Jurisdiction, Membership, Organisation, Role, User
from portal.accounts.selectors import jurisdictions_of, roles_of
from portal.intake.models import Submission
from portal.publication import draft_comments, drafting, publishing, review, scheduling
from portal.publication.models import Publication
from portal.standings.models import Verdict
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


def build_scene() -> Cast:
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    return cast


@pytest.fixture
def draft(cast: Cast) -> Publication:
    return drafting.draft(cast.period, cast.drafter, NOW)


def hidden_first(gate: Any) -> Any:
    """The same findings, but the first value is held back: as an operator, a repair or a later
    release might write them.
    """
    changed = copy.deepcopy(gate)
    step, cell = changed["published"]["steps"][0], changed["cells"][0]
    assert cell["shown"]
    step.update(best=None, interval=None, typical=None, typical_interval=None)
    cell.update(
        shown=False,
        reason_code="too-few-firms",
        reason={"en": "Held back by this test.", "zh": "本测试隐去。"},
    )
    return changed


def test_other_findings_show_at_once_whoever_wrote_them(cast: Cast, draft: Publication) -> None:
    page, officer = draft_page(draft), signed_in(cast.approver.email)
    before = officer.get(page).content.decode()
    assert officer.get(page).content.decode().count("<tr") == before.count("<tr")
    Publication.objects.filter(pk=draft.pk).update(gate=hidden_first(draft.gate))
    after = officer.get(page).content.decode()
    assert "Held back by this test." in after
    assert "Held back by this test." not in before
    Publication.objects.filter(pk=draft.pk).update(gate=draft.gate)
    assert "Held back by this test." not in officer.get(page).content.decode()


def test_a_total_held_beside_other_publications_is_told_though_every_step_is_shown_and_no_version_was_before(
    cast: Cast, draft: Publication
) -> None:
    page, officer = draft_page(draft), signed_in(cast.approver.email)
    assert "Difference from other public values" not in officer.get(page).content.decode()
    gate = copy.deepcopy(draft.gate)
    gate["published"]["best_reached"].update(value=None, interval=None)
    decided = next(cell for cell in gate["cells"] if cell["measure"] == "best-reached")
    decided.update(
        shown=False,
        reason_code="overlap",
        reason={"en": "Beside group B it tells.", "zh": "与乙组相比会泄露。"},
    )
    Publication.objects.filter(pk=draft.pk).update(gate=gate)
    text = officer.get(page).content.decode()
    assert "Difference from other public values" in text
    assert text.count("Beside group B it tells.") == 2  # among the checks, and at the value


def test_a_review_says_who_drafted_where_and_from_how_many_reports(
    cast: Cast, draft: Publication
) -> None:
    view = review.draft_review(cast.approver, draft.pk, NOW)
    assert view is not None
    assert view.reports == len(draft.participants) == 9
    assert (view.drafted_by, view.scope, view.jurisdiction) == (
        str(cast.drafter),
        cast.nation.name,
        cast.nation.path,
    )


def test_each_thing_that_the_page_tells_shows_at_once(cast: Cast, draft: Publication) -> None:
    page, officer = draft_page(draft), signed_in(cast.approver.email)
    assert "Publish version 1" in officer.get(page).content.decode()
    draft_comments.comment(draft, cast.drafter, "One plant came in late.", NOW)
    assert "One plant came in late." in officer.get(page).content.decode()
    scheduling.schedule(
        draft,
        cast.approver,
        NOW + timedelta(days=900),
        keys.receipt_key(),
        NOW,
        "After the holidays.",
    )
    waiting = officer.get(page).content.decode()
    assert "After the holidays." in waiting
    assert "Cancel this release" in waiting
    assert "Approved, will be published at its time" in waiting
    view = review.draft_review(cast.approver, draft.pk, NOW)
    assert view is not None
    assert (view.why_not, view.release and view.release.approved_by) == (
        "is-scheduled",
        str(cast.approver),
    )
    scheduling.cancel(draft, cast.approver, NOW)
    assert "Cancel this release" not in officer.get(page).content.decode()
    User.objects.filter(pk=cast.drafter.pk).update(name="Renamed")
    assert "drafted by Renamed" in officer.get(page).content.decode()
    publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    assert "This version is published." in officer.get(page).content.decode()
    second = drafting.draft(cast.period, cast.drafter, NOW, "Again.")
    page = draft_page(second)
    assert "What changed since version 1" in officer.get(page).content.decode()
    publishing.withdraw(draft, cast.approver, "Wrong unit.", NOW)
    text = officer.get(page).content.decode()
    assert "What changed since version 1" not in text, (
        "nobody measures a change by figures that were withdrawn"
    )
    assert "Difference from version 1" in text, (
        "but the public has read them: the gate still holds the draft against them"
    )


def test_a_spread_that_cannot_be_judged_is_not_said_to_fit(cast: Cast, draft: Publication) -> None:
    page, officer = draft_page(draft), signed_in(cast.approver.email)
    assert "The spread between plants fits the assumed one" in officer.get(page).content.decode()
    Publication.objects.filter(pk=draft.pk).update(participants=draft.participants[:1])
    assert (
        "Too few plants have a value: their spread cannot be compared with the assumed one."
        in officer.get(page).content.decode()
    )


def test_a_poor_fit_of_a_cell_beside_the_headline_is_shown_to_who_decides(
    cast: Cast, draft: Publication
) -> None:
    page, officer = draft_page(draft), signed_in(cast.approver.email)
    gate = copy.deepcopy(draft.gate)
    beside = next(
        step
        for step in gate["published"]["steps"]
        if not step["headline"] and step["best"] is not None
    )
    assert (beside["step"], beside["metric"]) == ("clinker-burning", "thermal")
    beside["good_fit"] = False
    Publication.objects.filter(pk=draft.pk).update(gate=gate)
    shown = officer.get(page).content.decode()
    assert "does not fit the assumed one well at: Clinker burning (grey clinker, heat)." in shown
    assert "The spread between plants fits the assumed one" not in shown


def test_who_loses_a_role_or_a_jurisdiction_is_refused_at_the_next_page(
    cast: Cast, draft: Publication
) -> None:
    pages = [
        draft_page(draft),
        reverse("web:periods"),
        reverse("web:period", args=[cast.group.pk, "2016", "reports"]),
    ]
    officer = signed_in(cast.approver.email)
    assert [officer.get(page).status_code for page in pages] == [200, 200, 200]
    ministry = Organisation.objects.get(memberships__user=cast.approver, kind=Role.REGULATOR)
    elsewhere = Jurisdiction.objects.create(
        path="xx", name="Elsewhere", level=Jurisdiction.Level.NATION
    )
    Organisation.objects.filter(pk=ministry.pk).update(jurisdiction=elsewhere)
    assert [officer.get(page).status_code for page in pages] == [404, 200, 404]
    assert "There is no peer group in your jurisdiction." in officer.get(pages[1]).content.decode()
    Membership.objects.filter(user=cast.approver).delete()
    assert [officer.get(page).status_code for page in pages] == [403, 403, 403]


def test_what_a_person_holds_is_asked_each_time(cast: Cast) -> None:
    user = User.objects.get(pk=cast.approver.pk)
    assert list(roles_of(user)) == [Role.REGULATOR]
    assert [jurisdiction.path for jurisdiction in jurisdictions_of(user)] == [cast.nation.path]
    Membership.objects.filter(user=user).delete()
    assert roles_of(user) == frozenset()
    assert jurisdictions_of(user) == ()


def test_a_province_is_led_to_what_everybody_reads_and_to_no_draft(
    cast: Cast, draft: Publication
) -> None:
    """On both pages that list versions of a national peer group."""
    publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    second = drafting.draft(cast.period, cast.drafter, NOW, "Nothing but the wording.")
    public = reverse(
        "web:benchmark", args=[cast.group.pack, cast.group.scope.path, cast.group.route, PERIOD, 1]
    )
    for address in (
        reverse("web:periods"),
        reverse("web:period", args=[cast.group.pk, PERIOD, "draft"]),
    ):
        page = signed_in(cast.provincial).get(address).content.decode()
        assert f'href="{public}"' in page
        assert "/draft/?version=" not in page
        assert draft_page(second) in signed_in(cast.approver).get(address).content.decode()
    assert signed_in(cast.provincial).get(public).status_code == 200


def test_a_draft_says_how_far_one_report_moves_each_value_and_whose_to_audit_first(
    cast: Cast, draft: Publication
) -> None:
    page, officer = draft_page(draft), signed_in(cast.approver.email)
    text = officer.get(page).content.decode()
    assert "Without any one firm it moves by at most" in text
    assert "No value moves by more than" in text
    view = review.draft_review(cast.approver, draft.pk, NOW)
    assert view is not None
    (name, first), *_ = view.moves.items()
    assert str(first.audit_first) in text

    report = Submission.objects.get(
        digest__in=draft.participants, site__name=str(first.audit_first)
    )
    Verdict.objects.create(
        submission=report,
        attestation="ab" * 32,
        adverse=False,
        steps=[name.partition("/")[0]],
        body="Auditor",
        valid_until=NOW.date(),
    )
    audited = review.draft_review(cast.approver, draft.pk, NOW)
    assert audited is not None
    assert audited.moves[name].by == first.by
    assert audited.moves[name].audit_first not in (None, first.audit_first)

    publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    decided = review.draft_review(cast.approver, draft.pk, NOW)
    assert decided is not None
    assert decided.moves == {}
    public = Publication.objects.get(pk=draft.pk).document
    assert str(first.audit_first) not in str(public)
