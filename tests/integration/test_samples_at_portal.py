"""Sample and opening at the portal: a promise, the one head that it leads to, the draw, and counts; never an opening."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from benchmarks.audit import draws
from benchmarks.errors import VerificationError
from benchmarks.wire.logged import Kind
from benchmarks.wire.signing import AuditorKey
from portal import keys
from portal.assurance import auditor_keys, interests, sampling
from portal.assurance.models import Assignment, Sample
from portal.assurance.sampling import Summary, read_summary
from portal.assurance.services import assign
from portal.intake import services as intake
from portal.opening import services as opening
from portal.problems import RefusedError
from portal.translog import log
from tests.integration.audited import draw_of, promise_of
from tests.integration.portal_cast import NOW, PASSWORD, PERIOD, Cast, make_cast

pytestmark = [pytest.mark.django_db(databases=["default", "vault"]), pytest.mark.usefixtures("portal_keys")]

KEY = AuditorKey.generate()
OTHER = bytes(range(draws.NONCE_BYTES))


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    made = make_cast(2)
    for plant in made.plants:
        intake.receive(plant.envelope(made.pack), keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)
    auditor_keys.register(made.body, KEY.public.hex, made.auditor, NOW)
    return made


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    made = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    interests.declare(made, cast.auditor, False, "", NOW)
    return made


def promised(cast: Cast, assignment: Assignment, *, ready: bool = True) -> Sample:
    sample = sampling.promise(assignment, promise_of(assignment, KEY, NOW), cast.auditor, NOW)
    if ready:
        log.add(Kind.KEY_DESTROYED, "ef" * 32, NOW)
    return sample


def refusal_of(attempt: Callable[[], object]) -> str:
    with pytest.raises((RefusedError, VerificationError)) as refused:
        attempt()
    return refused.value.code


def test_a_sample_is_promised_drawn_from_the_one_head_and_noted_in_counts(cast: Cast, assignment: Assignment) -> None:
    sample = promised(cast, assignment)
    drawn = sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    assert sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW).drawn_at == drawn.drawn_at
    noted = sampling.note(sample, Summary(15, 1, {"records-recomputed": 2}), cast.auditor, NOW)
    assert (noted.held, noted.failing, noted.codes) == (15, 1, {"records-recomputed": 2})
    assert refusal_of(lambda: sampling.note(sample, Summary(16, 0, {}), cast.auditor, NOW)) == "sample-noted"


def test_of_two_promises_none_can_be_chosen(cast: Cast, assignment: Assignment) -> None:
    sample = promised(cast, assignment)
    another = promise_of(assignment, KEY, NOW, OTHER)
    assert refusal_of(lambda: sampling.promise(assignment, another, cast.auditor, NOW)) == "promise-waits"
    assert refusal_of(lambda: sampling.draw(sample, draw_of(sample, KEY, OTHER), cast.auditor, NOW)) == "nonce-not-promised"
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    sampling.promise(assignment, another, cast.auditor, NOW)  # the next sample


def test_the_head_is_no_choice(cast: Cast, assignment: Assignment) -> None:
    sample = promised(cast, assignment, ready=False)
    early = draw_of(sample, KEY, size=sample.head_size - 1)
    assert refusal_of(lambda: sampling.draw(sample, early, cast.auditor, NOW)) == "head-not-there"
    for number in range(3):
        log.add(Kind.KEY_DESTROYED, f"{number:064x}", NOW)
    for size in (sample.head_size - 1, sample.head_size + 1):
        other = draw_of(sample, KEY, size=size)
        assert refusal_of(lambda other=other: sampling.draw(sample, other, cast.auditor, NOW)) == "head-of-another"  # type: ignore[misc] # bound now
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)


def test_another_key_another_site_and_an_interest_are_refused(cast: Cast, assignment: Assignment) -> None:
    stranger = AuditorKey.generate()
    by_stranger = promise_of(assignment, stranger, NOW)
    assert refusal_of(lambda: sampling.promise(assignment, by_stranger, cast.auditor, NOW)) == "not-your-key"
    elsewhere = draws.promise("works-2", PERIOD, OTHER, NOW.date(), KEY)
    assert refusal_of(lambda: sampling.promise(assignment, elsewhere, cast.auditor, NOW)) == "draw-of-another"
    interests.declare(assignment, cast.auditor, True, "A post was offered to me.", NOW)
    assert refusal_of(lambda: promised(cast, assignment)) == "interest-declared"
    assert not Sample.objects.exists()


@pytest.mark.parametrize(
    "told",
    [
        {"held": 16, "failing": 0, "codes": {}, "records": ["2025-07-03 14:10"]},
        {"held": 16, "failing": 0, "codes": {"7 July 14:10 batch 8": 1}},
        {"held": 15, "failing": 1, "codes": {"records-recomputed": [1, 2]}},
        {"held": 15, "failing": 1, "codes": {"records-recomputed": 99.1}},
        {"held": 15, "failing": 0, "codes": {"records-recomputed": 1}},
        {"held": True, "failing": 0, "codes": {}},
        {"held": True, "checks": [{"code": "a", "records": []}]},
        [],
    ],
)
def test_a_file_with_more_than_counts_is_refused_and_not_kept(cast: Cast, assignment: Assignment, told: object) -> None:
    assert refusal_of(lambda: read_summary(json.dumps(told).encode())) == "summary-not-counts"
    sample = promised(cast, assignment)
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    client = Client()
    assert client.login(username=cast.auditor.email, password=PASSWORD)
    file = SimpleUploadedFile("summary.json", json.dumps(told).encode())
    answer = client.post(reverse("web:engagement-sample", args=[assignment.pk]), {"summary": file})
    assert answer.status_code == 400
    assert "counts and codes" in answer.content.decode()
    assert Sample.objects.get().verified_at is None


def test_a_summary_of_counts_is_read() -> None:
    assert read_summary(b'{"held": 15, "failing": 1, "codes": {"records-recomputed": 2}}') == Summary(15, 1, {"records-recomputed": 2})
    assert refusal_of(lambda: read_summary(b"\xff")) == "summary-not-counts"
    assert refusal_of(lambda: read_summary(b" " * 5000)) == "summary-not-counts"


def test_body_and_plant_fetch_the_draw_and_nobody_else(cast: Cast, assignment: Assignment) -> None:
    sample = promised(cast, assignment)
    auditor, owner, other = Client(), Client(), Client()
    for client, who in ((auditor, cast.auditor), (owner, cast.plants[0].owner), (other, cast.plants[1].owner)):
        assert client.login(username=who.email, password=PASSWORD)
    page = reverse("web:engagement-sample", args=[assignment.pk])
    assert f"{sample.head_size}:" in auditor.get(page).content.decode()
    signed = draw_of(sample, KEY)
    assert auditor.post(page, {"signed": SimpleUploadedFile("draw.cbor", signed)}).status_code == 302
    address = reverse("web:draw-file", args=[sample.pk])
    assert auditor.get(address).content == owner.get(address).content == signed
    assert other.get(address).status_code == 404
    assert address in owner.get(reverse("web:audits")).content.decode()
    typed = auditor.post(page, {"held": "16", "failing": "0"}, follow=True).content.decode()
    assert "All 16 checks hold." in typed
