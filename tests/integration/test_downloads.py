"""What a version can be had as besides the page: paper and records for citing, and the codebook of its table."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from benchmarks.wire import published
from portal import keys
from portal.intake import services as intake
from portal.opening import services as opening
from portal.publication import services
from portal.publication.document import CSV_FIELDS
from portal.publication.models import Publication
from tests.integration.portal_cast import NOW, PERIOD, Cast, make_cast

pytestmark = [pytest.mark.django_db(databases=["default", "vault"]), pytest.mark.usefixtures("portal_keys")]
VERSION = f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/"


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    made = make_cast(9)
    for place, plant in enumerate(made.plants):
        intake.receive(plant.envelope(made.pack, shift=place), keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)
    return made


@pytest.fixture
def row(cast: Cast) -> Publication:
    return services.publish(services.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_paper_is_a_pdf_in_the_language_of_the_reader_and_knows_no_unit(client: Client, row: Publication, language: str) -> None:
    asked = client.get(f"{VERSION}benchmark.pdf", headers={"accept-language": language})
    assert asked.headers["Content-Type"] == "application/pdf"
    assert 'filename="steplabel-cement-cn-2016-v1.pdf"' in asked.headers["Content-Disposition"]
    assert asked.content.startswith(b"%PDF-")
    assert f"/Lang ({'zh-Hans' if language == 'zh-hans' else 'en'})".encode() in asked.content
    assert client.get(f"{VERSION}benchmark.pdf?unit=MJ", headers={"accept-language": language}).content == asked.content


def test_a_citation_names_the_permanent_address_and_the_digest_of_what_was_signed(client: Client, row: Publication) -> None:
    assert row.document is not None
    digest = published.digest(row.document).hex()
    assert digest in client.get(VERSION).content.decode()
    bib = client.get(f"{VERSION}benchmark.bib").content.decode()
    ris = client.get(f"{VERSION}benchmark.ris").content.decode()
    assert bib.startswith("@misc{steplabel-cement-cn-2016-v1,\n")
    assert bib.count("{") == bib.count("}")
    assert ris.startswith("TY  - DATA\r\n")
    assert ris.endswith("ER  - \r\n")
    for record in (bib, ris):
        assert f"http://testserver{VERSION}" in record
        assert digest in record
        assert "CC BY 4.0" in record
        assert "Withdrawn" not in record


def test_a_withdrawn_version_stays_in_every_form_and_says_so(client: Client, cast: Cast, row: Publication) -> None:
    before = {end: client.get(f"{VERSION}benchmark.{end}") for end in ("csv", "json", "pdf", "bib", "ris")}
    services.withdraw(row, cast.drafter, "A kiln was counted twice.", NOW)
    after = {end: client.get(f"{VERSION}benchmark.{end}") for end in before}
    assert {answer.headers["Steplabel-Status"] for answer in before.values()} == {"published"}
    assert {answer.headers["Steplabel-Status"] for answer in after.values()} == {"withdrawn"}
    assert [end for end in before if before[end].content == after[end].content] == ["json"]  # what was signed is never changed
    assert "Withdrawn on 2017-06-01." in after["bib"].content.decode()


def test_the_codebook_has_a_row_for_every_column_in_both_languages(client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/about/codebook.csv").content.decode())))
    assert [one["variable"] for one in rows] == list(CSV_FIELDS)
    english = client.get("/about/codebook/").content.decode()
    chinese = client.get("/about/codebook/", headers={"accept-language": "zh-hans"}).content.decode()
    assert all(one["meaning_en"].replace("'", "&#x27;") in english and one["meaning_zh"] in chinese for one in rows)
