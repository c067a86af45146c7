"""The page of the transparency log: its head, an entry by number or digest with its proof, and what
cannot be found.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from benchmarks.wire import heads
from benchmarks.wire.directory import renewed
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import require_inclusion
from portal import keys
from portal.intake.models import Submission
from portal.translog import selectors
from portal.web.presenters.log import KINDS
from tests.integration.portal_cast import Cast, deliver, make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(3)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    return cast


def page(client: Client, query: str = "", language: str = "en") -> Any:
    return client.get(f"/verify/{query}", headers={"accept-language": language})


def test_an_empty_log_has_a_page(client: Client) -> None:
    answer = page(client)
    assert answer.status_code == 200
    assert "nothing yet" in answer.content.decode()


def test_the_page_shows_the_head_and_gives_it_as_a_file(client: Client, cast: Cast) -> None:
    text = page(client).content.decode()
    signed = client.get("/log/head.cbor")
    head = heads.read(signed.content, keys.published_directory().content.receipt_keys()).head
    assert signed["Content-Type"] == "application/cbor"
    assert head.root.hex() in text
    assert head.key_id in text
    assert head.size == selectors.size()


def test_the_key_directory_is_given_as_the_file_that_a_plant_takes(
    client: Client, cast: Cast
) -> None:
    answer, directory = client.get("/log/directory.cbor"), keys.published_directory()
    assert renewed(answer.content, directory.fingerprint, directory.content) == directory.content
    assert (
        answer["Content-Disposition"]
        == f'attachment; filename="steplabel-directory-{directory.content.number}.cbor"'
    )
    owner = Client()
    owner.force_login(cast.plants[0].owner)
    assert 'href="/log/directory.cbor"' in owner.get("/submissions/hand-in/").content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_entry_is_found_by_number_or_digest_with_a_proof_that_holds(
    client: Client, cast: Cast, language: str
) -> None:
    sent = Submission.objects.order_by("log_index")[1]
    head = selectors.head(keys.receipt_key())
    view, proof = selectors.inclusion(sent.log_index, head.size)
    require_inclusion(view.leaf_hash, sent.log_index, head.size, proof, head.root)
    for query in (
        f"?code={sent.log_index}",
        f"?code={sent.digest}",
        f"?code={sent.digest.upper()}",
    ):
        answer = page(client, query, language)
        text = answer.content.decode()
        assert answer.status_code == 200
        assert all(node.hex() in text for node in proof)
        assert view.leaf_hash.hex() in text
        assert ("Sealed report" if language == "en" else "密封报告") in text


@pytest.mark.parametrize("asked", ["99999", "0" * 64, "", "minus one", "%C2%B2", "1" * 64 + "0"])
def test_what_is_not_there_is_said_beside_the_field(client: Client, cast: Cast, asked: str) -> None:
    answer = page(client, f"?code={asked}")
    assert answer.status_code == 404
    assert "govuk-error-message" in answer.content.decode()


def test_by_number_the_page_tells_no_digest_of_a_report(client: Client, cast: Cast) -> None:
    reports = Submission.objects.all()
    assert len(reports) == len(cast.plants)
    for sent in reports:
        text = page(client, f"?code={sent.log_index}").content.decode()
        assert "Sealed report" in text
        assert sent.digest not in text


def test_every_kind_has_its_words() -> None:
    assert set(KINDS) == set(EntryKind)
