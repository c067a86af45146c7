"""Deciding about a draft: comments, a note, a release at a set time that the worker lets out, or
stops and says why.
"""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.wire import published
from portal import keys
from portal.accounts.models import Membership, User
from portal.auditlog.models import AppendOnlyError, Event
from portal.catalogue import obliged_list
from portal.catalogue.models import PeerGroup
from portal.catalogue.obliged_rows import ObligedSite
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.celery import app
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Notice
from portal.problems import RefusedError
from portal.publication import draft_comments, drafting, publishing, review, scheduling, selectors
from portal.publication.models import DraftComment, Publication, ScheduledRelease
from portal.publication.sectors import drafts_waiting
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    draft_page,
    make_cast,
    make_plant,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

AT = NOW + timedelta(days=2)


def build_scene() -> Cast:
    cast = make_cast(9)
    submit(cast)
    return cast


def submit(cast: Cast, plants: int = 9, revision: int = 1) -> None:
    for index, plant in enumerate(cast.plants[:plants]):
        raw = plant.envelope(cast.pack, revision, shift=index + revision - 1)
        deliver(raw)
    open_waiting()


@pytest.fixture
def draft(cast: Cast) -> Publication:
    return drafting.draft(cast.period, cast.drafter, NOW)


@pytest.fixture
def scheduled(cast: Cast, draft: Publication) -> ScheduledRelease:
    return scheduling.schedule(
        draft, cast.approver, AT, keys.receipt_key(), NOW, " After the ministry's announcement. "
    )


def events(action: str) -> list[tuple[str, str]]:
    return list(Event.objects.filter(action=action).values_list("actor", "detail"))


def test_comments_stand_in_a_thread_and_are_never_changed(cast: Cast, draft: Publication) -> None:
    draft_comments.comment(draft, cast.drafter, "Two plants of one firm came in.", NOW)
    draft_comments.comment(draft, cast.approver, " Looks right. ", NOW)
    draft_comments.comment(draft, cast.approver, "Looks right.", NOW)  # the form sent twice
    view = review.draft_review(cast.approver, draft.pk, NOW)
    assert view is not None
    assert [(comment.author, comment.text) for comment in view.comments] == [
        ("drafter", "Two plants of one firm came in."),
        ("approver", "Looks right."),
    ]
    with pytest.raises(AppendOnlyError):
        DraftComment.objects.all().delete()
    assert len(events("publication.commented")) == 2


def test_who_may_not_decide_may_not_comment(cast: Cast, draft: Publication) -> None:
    for person in (cast.provincial, cast.plants[0].owner, cast.auditor, cast.stranger):
        with pytest.raises(RefusedError) as refused:
            draft_comments.comment(draft, person, "A word", NOW)
        assert (refused.value.code, refused.value.status) == ("not-regulator", 403)
    with pytest.raises(RefusedError, match="comment is empty"):
        draft_comments.comment(draft, cast.approver, "  ", NOW)


def test_a_comment_is_on_the_page_of_the_draft_and_nowhere_public(
    cast: Cast, draft: Publication, client: Client
) -> None:
    officer = signed_in(cast.drafter.email)
    address = reverse("web:comment", args=[draft.pk])
    assert officer.post(address, {"text": ""}).status_code == 400
    assert officer.post(address, {"text": "<b>Hold</b> it"}).status_code == 302
    assert "&lt;b&gt;Hold&lt;/b&gt; it" in officer.get(draft_page(draft)).content.decode()
    publishing.publish(draft, cast.approver, keys.receipt_key(), NOW, "Read and agreed.")
    for page in (
        f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/",
        f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/",
    ):
        text = client.get(page).content.decode()
        assert "Hold" not in text
        assert "Read and agreed" not in text
    assert events("publication.published") == [(cast.approver.email, "Read and agreed.")]


def test_an_officer_of_a_part_reads_no_figure_of_a_version_before_it_is_published(
    cast: Cast, draft: Publication
) -> None:
    def figures(officer: User) -> list[tuple[str, str]]:
        """Label and firms of every version, newest first, as the page of the group shows them."""
        page = (
            signed_in(officer)
            .get(reverse("web:period", args=[cast.group.pk, PERIOD, "draft"]))
            .content.decode()
        )
        return re.findall(
            r'data-l="Label"><div class="sl-i">(.*?)</div>.*?data-l="Firms"><div>(.*?)</div>',
            page,
            re.DOTALL,
        )

    ((total, firms),) = figures(cast.drafter)
    assert "kgce" in total
    assert firms == "9"
    assert figures(cast.provincial) == [("–", "–")]
    drafting.discard(draft, cast.drafter, "Composed by mistake.", NOW)
    assert figures(cast.provincial) == [("–", "–")]
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    assert figures(cast.provincial) == [(total, firms), ("–", "–")]


def test_what_is_approved_for_later_is_a_draft_until_then(
    cast: Cast, scheduled: ScheduledRelease, client: Client
) -> None:
    assert scheduling.release_due(lambda: AT - timedelta(seconds=1)) == 0
    assert client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").status_code == 404
    assert client.get(f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").status_code == 404
    row = Publication.objects.get()
    assert (row.status, row.document, row.approved_by) == ("draft", None, None)
    assert selectors.series("cement", PERIOD, "dry-process", "cn").rows == ()


def test_the_day_of_approval_is_on_record_as_the_schemes(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    ScheduledRelease.objects.update(
        approved_at=NOW.replace(hour=22)
    )  # the next morning where the portal is
    assert scheduling.release_due(lambda: AT) == 1
    assert [detail for _actor, detail in events("publication.published")] == [
        "as approved on 2017-06-02"
    ]


def test_the_worker_lets_it_out_when_its_time_comes_even_late(
    cast: Cast, scheduled: ScheduledRelease, client: Client
) -> None:
    late = AT + timedelta(hours=7)  # the worker was away
    assert scheduling.release_due(lambda: late) == 1
    assert scheduling.release_due(lambda: late) == 0
    row = Publication.objects.get()
    assert (row.status, row.approved_by, row.published_at, row.approval_note) == (
        "published",
        cast.approver,
        late,
        "After the ministry's announcement.",
    )
    body = client.get(f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").json()
    published.verify(body, keys.published_directory().content.receipt_keys())
    assert [actor for actor, _detail in events("publication.published")] == ["worker"]
    scheduled.refresh_from_db()
    assert scheduled.state == "released"


def test_what_goes_out_is_what_would_have_been_published_by_hand_at_that_time(
    cast: Cast, draft: Publication
) -> None:
    with transaction.atomic():
        by_hand = publishing.publish(draft, cast.approver, keys.receipt_key(), AT)
        document = by_hand.document
        transaction.set_rollback(True)
    draft.refresh_from_db()
    assert (
        scheduling.schedule(draft, cast.approver, AT, keys.receipt_key(), NOW).document == document
    )


def test_the_same_rules_hold_as_for_publishing_now(cast: Cast, draft: Publication) -> None:
    for person, code in ((cast.drafter, "own-draft"), (cast.provincial, "not-regulator")):
        with pytest.raises(RefusedError) as refused:
            scheduling.schedule(draft, person, AT, keys.receipt_key(), NOW)
        assert refused.value.code == code
    with pytest.raises(RefusedError) as refused:
        scheduling.schedule(draft, cast.approver, NOW, keys.receipt_key(), NOW)
    assert refused.value.code == "time-past"


def test_a_release_that_waits_is_not_published_by_hand_nor_set_twice(
    cast: Cast, draft: Publication, scheduled: ScheduledRelease
) -> None:
    for attempt in (
        lambda: publishing.publish(draft, cast.approver, keys.receipt_key(), NOW),
        lambda: scheduling.schedule(draft, cast.approver, AT, keys.receipt_key(), NOW),
    ):
        with pytest.raises(RefusedError) as refused:
            attempt()
        assert refused.value.code == "is-scheduled"
    with pytest.raises(IntegrityError), transaction.atomic():
        ScheduledRelease.objects.create(
            publication=draft,
            at=AT,
            approved_by=cast.approver,
            approved_at=NOW,
            gate={},
            explanation={},
            document={},
        )


def test_whoever_may_decide_cancels_it(
    cast: Cast, draft: Publication, scheduled: ScheduledRelease
) -> None:
    with pytest.raises(RefusedError):
        scheduling.cancel(draft, cast.provincial, NOW)
    scheduling.cancel(draft, cast.drafter, NOW)
    assert scheduling.release_due(lambda: AT) == 0
    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.ended_by) == ("cancelled", cast.drafter)
    with pytest.raises(RefusedError) as refused:
        scheduling.cancel(draft, cast.drafter, NOW)
    assert refused.value.code == "not-scheduled"
    assert scheduling.schedule(draft, cast.approver, AT, keys.receipt_key(), NOW).state == "waiting"


def test_a_draft_is_discarded_with_a_reason_by_whoever_may_decide_and_never_goes_out(
    cast: Cast, draft: Publication, client: Client
) -> None:
    with pytest.raises(RefusedError) as refused:
        drafting.discard(draft, cast.provincial, "Composed by mistake.", NOW)
    assert refused.value.code == "not-regulator"
    with pytest.raises(RefusedError) as refused:
        drafting.discard(draft, cast.drafter, "  ", NOW)
    assert refused.value.code == "discard-unexplained"
    drafting.discard(draft, cast.drafter, " Composed by mistake. ", NOW)
    for again in (
        lambda: drafting.discard(draft, cast.approver, "Twice.", NOW),
        lambda: publishing.publish(draft, cast.approver, keys.receipt_key(), NOW),
        lambda: scheduling.schedule(draft, cast.approver, AT, keys.receipt_key(), NOW),
        lambda: publishing.withdraw(draft, cast.approver, "Away with it.", NOW),
    ):
        with pytest.raises(RefusedError) as refused:
            again()
        assert refused.value.code in {"not-a-draft", "not-published"}
    assert events("publication.discarded") == [(cast.drafter.email, "Composed by mistake.")]
    page = signed_in(cast.approver.email).get(draft_page(draft)).content.decode()
    assert "This draft is discarded." in page
    assert "Composed by mistake." in page
    anew = drafting.draft(cast.period, cast.drafter, NOW)
    assert (anew.version, anew.status) == (draft.version + 1, "draft")


def test_what_is_discarded_is_nowhere_public_and_nothing_that_the_gate_compares_with(
    cast: Cast, draft: Publication, client: Client
) -> None:
    drafting.discard(draft, cast.drafter, "Composed by mistake.", NOW)
    parts = {"pack": "cement", "jurisdiction": "cn", "route": "dry-process", "period": PERIOD}
    assert (
        client.get(reverse("web:benchmark", kwargs={**parts, "version": draft.version})).status_code
        == 404
    )
    assert "Composed by mistake." not in client.get("/").content.decode()
    assert selectors.series("cement", PERIOD, "dry-process", "cn").rows == ()
    first = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    assert (
        "Composed by mistake."
        not in client.get(
            reverse("web:benchmark", kwargs={**parts, "version": first.version})
        ).content.decode()
    )
    assert [
        row.version for row in selectors.series("cement", PERIOD, "dry-process", "cn").rows
    ] == [first.version]
    assert first.explanation["changes"]["en"] == "First version."


def test_a_draft_that_waits_for_its_time_is_not_discarded(
    cast: Cast, draft: Publication, scheduled: ScheduledRelease
) -> None:
    with pytest.raises(RefusedError) as refused:
        drafting.discard(draft, cast.drafter, "Composed by mistake.", NOW)
    assert refused.value.code == "is-scheduled"
    page = signed_in(cast.drafter.email)
    assert "Discard" not in page.get(draft_page(draft)).content.decode()
    assert (
        page.post(
            reverse("web:discard", args=[draft.pk]), {"reason": "Composed by mistake."}
        ).status_code
        == 302
    )
    draft.refresh_from_db()
    assert draft.status == "draft"


def stopped_by(scheduled: ScheduledRelease) -> str:
    assert scheduling.release_due(lambda: AT) == 0
    scheduled.refresh_from_db()
    assert scheduled.state == "stopped"
    assert Publication.objects.get(pk=scheduled.publication_id).status == "draft"
    return scheduled.reason_code


def test_reports_that_came_after_the_approval_stop_it(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    submit(cast, plants=1, revision=2)
    assert stopped_by(scheduled) == "draft-outdated"
    assert [detail for _actor, detail in events("publication.release-stopped")] == [
        "draft-outdated"
    ]
    page = signed_in(cast.drafter.email).get(draft_page(scheduled.publication)).content.decode()
    assert "reports were accepted or replaced after the approval" in page


def test_an_approver_who_may_no_longer_decide_stops_it(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    Membership.objects.filter(user=cast.approver).delete()
    assert stopped_by(scheduled) == "not-regulator"


def test_an_approver_whose_account_was_closed_stops_it(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    """The register file closes an account and ends no membership."""
    User.objects.filter(pk=cast.approver.pk).update(is_active=False)
    assert stopped_by(scheduled) == "not-regulator"
    page = signed_in(cast.drafter.email).get(draft_page(scheduled.publication)).content.decode()
    assert "may no longer decide on it" in page


def test_another_number_of_the_obliged_than_was_signed_stops_it(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    assert str(scheduled.explanation["sample_characteristics"]["en"]).startswith(
        "9 firms of 9 obliged to report"
    )
    site = make_plant(10, cast.nation, cast.pack).site  # which has not reported
    obliged_list.amend(cast.group, ObligedSite(site.slug, True), cast.approver, NOW)
    assert stopped_by(scheduled) == "explanation-changed"


def test_a_drafter_who_has_left_the_office_stops_nothing(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    """By whom it was drafted stays true."""
    Membership.objects.filter(user=cast.drafter).delete()
    assert scheduling.release_due(lambda: AT) == 1
    assert "drafted by Ministry" in Publication.objects.get().explanation["approval"]["en"]


def test_a_gate_that_says_something_else_by_then_stops_it(cast: Cast) -> None:
    """A version of one firm fewer went out meanwhile: now the difference would tell of it."""
    first = cast.plants[0].site
    cast.group.members.filter(site=first).delete()
    fewer = drafting.draft(cast.period, cast.drafter, NOW, "Without the first.")
    cast.group.members.create(site=first)
    draft = drafting.draft(cast.period, cast.drafter, NOW)
    scheduled = scheduling.schedule(draft, cast.approver, AT, keys.receipt_key(), NOW)
    cast.group.members.filter(site=first).delete()
    publishing.publish(fewer, cast.approver, keys.receipt_key(), NOW)
    cast.group.members.create(site=first)
    assert stopped_by(scheduled) == "gate-changed"


def test_a_draft_older_than_a_version_that_was_published_is_not_published(
    cast: Cast, draft: Publication
) -> None:
    newer = drafting.draft(cast.period, cast.drafter, NOW, "In other words.")
    publishing.publish(newer, cast.approver, keys.receipt_key(), NOW)
    notices = Notice.objects.filter(kind=NoticeKind.BENCHMARK_PUBLISHED).count()
    for _ in range(2):
        for attempt in (
            lambda: publishing.publish(draft, cast.approver, keys.receipt_key(), NOW),
            lambda: scheduling.schedule(draft, cast.approver, AT, keys.receipt_key(), NOW),
        ):
            with pytest.raises(RefusedError) as refused:
                attempt()
            assert refused.value.code == "newer-published"
        page = signed_in(cast.approver.email).get(draft_page(draft)).content.decode()
        assert "A newer version has been published since this was drafted" in page
        assert "Publish at that time" not in page
        if newer.status == "published":
            newer = publishing.withdraw(newer, cast.approver, "A meter was counted twice.", NOW)
    assert Notice.objects.filter(kind=NoticeKind.BENCHMARK_PUBLISHED).count() == notices
    drafting.discard(draft, cast.drafter, "Version 2 is public.", NOW)
    assert drafting.draft(cast.period, cast.drafter, NOW).version == 3


def test_a_draft_that_a_newer_version_has_overtaken_waits_for_nobody(
    cast: Cast, draft: Publication
) -> None:
    newer = drafting.draft(cast.period, cast.drafter, NOW, "In other words.")
    assert [waiting.version for waiting in drafts_waiting(cast.approver)] == [
        draft.version,
        newer.version,
    ]
    publishing.publish(newer, cast.approver, keys.receipt_key(), NOW)
    assert drafts_waiting(cast.approver) == ()


def test_a_newer_version_that_was_published_meanwhile_stops_it(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    newer = drafting.draft(cast.period, cast.drafter, NOW, "In other words.")
    publishing.publish(newer, cast.approver, keys.receipt_key(), NOW)
    page = signed_in(cast.approver.email).get(draft_page(scheduled.publication)).content.decode()
    assert "so it will not be published" in page
    assert "will be published at" not in page
    assert scheduling.release_due(lambda: AT) == 0
    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.reason_code) == ("stopped", "newer-published")


def release_of_the_province(cast: Cast) -> ScheduledRelease:
    """Of another group of the same plants, due a minute later."""
    group = make_peer_group(cast.pack.id, cast.province, [plant.site for plant in cast.plants])
    other = drafting.draft(open_period(group, PERIOD, "test", NOW), cast.drafter, NOW)
    return scheduling.schedule(
        other, cast.approver, AT + timedelta(minutes=1), keys.receipt_key(), NOW
    )


def test_a_release_that_cannot_be_checked_is_stopped_and_keeps_no_other_back(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    later = release_of_the_province(cast)
    PeerGroup.objects.filter(pk=cast.group.pk).update(
        pack_version="0"
    )  # an installation that no longer has this version of the pack
    assert scheduling.release_due(lambda: AT + timedelta(hours=1)) == 1
    for release, state in ((scheduled, "stopped"), (later, "released")):
        release.refresh_from_db()
        assert release.state == state
    assert [detail for _actor, detail in events("publication.release-stopped")] == [
        scheduled.reason_code
    ]
    PeerGroup.objects.filter(pk=cast.group.pk).update(pack_version=cast.pack.version)
    page = signed_in(cast.drafter.email).get(draft_page(scheduled.publication)).content.decode()
    assert f"it could not be checked any more ({scheduled.reason_code})" in page


def test_a_release_that_fails_waits_for_the_next_sweep_and_keeps_no_other_back(
    cast: Cast, scheduled: ScheduledRelease, caplog: pytest.LogCaptureFixture
) -> None:
    later = release_of_the_province(cast)
    ScheduledRelease.objects.filter(pk=scheduled.pk).update(document={})
    assert scheduling.release_due(lambda: AT + timedelta(hours=1)) == 1
    for release, state in ((scheduled, "waiting"), (later, "released")):
        release.refresh_from_db()
        assert release.state == state
    assert f"The release of publication {scheduled.publication_id} failed" in caplog.text


def test_the_worker_sweeps_releases_by_its_own_timer(
    cast: Cast, scheduled: ScheduledRelease
) -> None:
    assert "portal.publication.tasks.release" in settings.SWEEPS
    app.loader.import_default_modules()
    ScheduledRelease.objects.update(at=NOW)
    app.tasks["portal.publication.tasks.release"]()  # long past NOW
    assert Publication.objects.get().status == "published"


def test_the_page_takes_the_time_in_the_readers_zone_and_says_which(
    cast: Cast, draft: Publication
) -> None:
    approver = signed_in(cast.approver.email)
    address, page = reverse("web:publish", args=[draft.pk]), draft_page(draft)
    assert "UTC+8" in approver.get(page).content.decode()
    for wrong, sentence in (
        ("", "Set the day and time first."),
        ("soon", "Write day and time"),
        ("2017-06-01T09:00", "This time is in the past."),
    ):
        answer = approver.post(address, {"when": "later", "at": wrong, "read": "on"})
        assert answer.status_code == 400
        assert sentence in answer.content.decode()
    tomorrow = (
        (timezone.now() + timedelta(days=1))
        .astimezone(ZoneInfo("Asia/Shanghai"))
        .replace(second=0, microsecond=0)
    )
    done = approver.post(
        address,
        {
            "when": "later",
            "at": tomorrow.strftime("%Y-%m-%dT%H:%M"),
            "note": "Embargo",
            "read": "on",
        },
        follow=True,
    )
    assert "is approved and will be published on" in done.content.decode()
    assert ScheduledRelease.objects.get().at == tomorrow
    assert "Cancel this release" in done.content.decode()
    cancelled = approver.post(reverse("web:cancel-release", args=[draft.pk]), follow=True)
    assert "is a draft again" in cancelled.content.decode()
    assert "Publish at that time" in cancelled.content.decode()
