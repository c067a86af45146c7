"""What a version can be had as besides the page: paper and records for citing, and the codebook of
its table.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.utils.html import escape

from benchmarks.wire import published
from portal import keys
from portal.accounts.models import Organisation, Role
from portal.publication import citation, drafting, publishing
from portal.publication.codebook import OVER_YEARS
from portal.publication.document import CSV_FIELDS
from portal.publication.models import Publication
from portal.publication.rows import benchmark_view
from portal.publication.selectors import every_published
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]
VERSION = f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/"


def build_scene() -> Cast:
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    return cast


@pytest.fixture
def row(cast: Cast) -> Publication:
    return publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_paper_is_a_pdf_in_the_language_of_the_reader_and_knows_no_unit(
    client: Client, row: Publication, language: str
) -> None:
    asked = client.get(f"{VERSION}benchmark.pdf", headers={"accept-language": language})
    assert asked.headers["Content-Type"] == "application/pdf"
    assert (
        'filename="steplabel-cement-cn-dry-process-2016-v1.pdf"'
        in asked.headers["Content-Disposition"]
    )
    assert asked.content.startswith(b"%PDF-")
    assert f"/Lang ({'zh-Hans' if language == 'zh-hans' else 'en'})".encode() in asked.content
    assert (
        client.get(f"{VERSION}benchmark.pdf?unit=MJ", headers={"accept-language": language}).content
        == asked.content
    )


def test_a_citation_names_the_permanent_address_and_the_digest_of_what_was_signed(
    client: Client, row: Publication
) -> None:
    assert row.document is not None
    digest = published.digest(row.document).hex()
    (proof,) = re.findall(rf'href="(/verify/[^"]*{digest})"', client.get(VERSION).content.decode())
    assert "Publication of a version" in client.get(proof).content.decode()
    bib = client.get(f"{VERSION}benchmark.bib").content.decode()
    ris = client.get(f"{VERSION}benchmark.ris").content.decode()
    assert bib.startswith("@misc{steplabel-cement-cn-dry-process-2016-v1,\n")
    assert bib.count("{") == bib.count("}")
    assert ris.startswith("TY  - DATA\r\n")
    assert ris.endswith("ER  - \r\n")
    authority = Organisation.objects.get(kind=Role.REGULATOR, jurisdiction__path="cn").name
    assert f"  author = {{{{{authority}}}}},\n" in bib
    assert f"AU  - {authority}\r\n" in ris
    assert f"{escape(authority)} (20" in client.get(VERSION).content.decode(), (
        "the software is not the publisher"
    )
    for record in (bib, ris):
        assert f"http://testserver{VERSION}" in record
        assert digest in record
        assert "CC BY 4.0" in record
        assert "Withdrawn" not in record


def test_a_withdrawn_version_stays_in_every_form_and_says_so(
    client: Client, cast: Cast, row: Publication
) -> None:
    before = {
        end: client.get(f"{VERSION}benchmark.{end}")
        for end in ("csv", "json", "pdf", "bib", "ris", "parquet", "jsonld", "xlsx")
    }
    publishing.withdraw(row, cast.drafter, "A kiln was counted twice.", NOW)
    after = {end: client.get(f"{VERSION}benchmark.{end}") for end in before}
    assert {answer.headers["Steplabel-Status"] for answer in before.values()} == {"published"}
    assert {answer.headers["Steplabel-Status"] for answer in after.values()} == {"withdrawn"}
    assert [end for end in before if before[end].content == after[end].content] == [
        "json"
    ]  # what was signed is never changed
    assert "Withdrawn on 2017-06-01." in after["bib"].content.decode()


@pytest.mark.parametrize("name", ["ladder", "spread"])
def test_a_chart_is_a_picture_that_any_page_may_show_with_version_and_licence_in_it(
    client: Client, cast: Cast, row: Publication, name: str
) -> None:
    address = f"{VERSION}{name}.svg"
    shown = client.get(f"{address}?language=zh-hans")
    assert shown.headers["Content-Type"] == "image/svg+xml"
    assert shown.headers["Content-Language"] == "zh-hans"
    assert set(shown.headers["Content-Security-Policy"].split("; ")) == {
        "default-src 'none'",
        "frame-ancestors *",
        "style-src 'unsafe-inline'",
    }
    assert "X-Frame-Options" not in shown.headers
    page = client.get(VERSION)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY", "of the picture alone"
    assert (f"{name}.svg?language=en" in page.content.decode()) is (name == "ladder"), (
        "nine firms have no curve"
    )
    english = client.get(f"{address}?language=en").content.decode()
    for picture in (shown.content.decode(), english):
        assert ElementTree.fromstring(picture).tag.endswith("svg")  # noqa: S314 - our own answer
        for text in (f"http://testserver{VERSION}", "CC BY 4.0", "95"):
            assert text in picture
    assert "Licence: CC BY 4.0" in english
    assert "许可" in shown.content.decode()
    assert client.get(f"{address}?language=<script>").status_code == 200
    publishing.withdraw(row, cast.drafter, "Counted twice.", NOW)
    assert "Withdrawn" in client.get(f"{address}?language=en").content.decode()


def test_parquet_holds_the_figures_of_the_table_with_units_and_meaning(
    client: Client, row: Publication
) -> None:
    raw = client.get(f"{VERSION}benchmark.parquet").content
    table = pq.read_table(io.BytesIO(raw))
    written = list(
        csv.DictReader(io.StringIO(client.get(f"{VERSION}benchmark.csv").content.decode()))
    )
    assert table.column_names == list(CSV_FIELDS)
    assert table.num_rows == len(written) > 3
    for mine, theirs in zip(table.to_pylist(), written, strict=True):
        for name, value in mine.items():
            text = theirs[name]
            if isinstance(value, bool):
                assert str(value).lower() == text, name
            elif isinstance(value, float):
                assert value == float(text), name
            else:
                assert str("" if value is None else value) == text, name
    best = table.schema.field("best")
    assert (str(best.type), best.metadata[b"unit"]) == ("double", b"unit of the row")
    assert all(field.metadata[b"meaning"] for field in table.schema)
    assert row.document is not None
    assert table.schema.metadata[b"sha256"].decode() == published.digest(row.document).hex()
    assert table.schema.metadata[b"source"].decode() == f"http://testserver{VERSION}"
    assert client.get(f"{VERSION}benchmark.parquet").content == raw


def test_json_ld_is_a_data_set_with_a_permanent_id_and_every_figure_that_is_shown(
    client: Client, row: Publication
) -> None:
    dataset = json.loads(client.get(f"{VERSION}benchmark.jsonld").content)
    assert (dataset["@context"], dataset["@type"]) == ("https://schema.org/", "Dataset")
    assert dataset["@id"] == f"http://testserver{VERSION}"
    assert client.get(dataset["@id"].removeprefix("http://testserver")).status_code == 200
    authority = Organisation.objects.get(kind=Role.REGULATOR, jurisdiction__path="cn").name
    assert dataset["publisher"] == {"@type": "Organization", "name": authority}
    assert dataset["temporalCoverage"] == "2016-01-01/2016-12-31"
    assert dataset["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert row.document is not None
    assert dataset["identifier"]["value"] == published.digest(row.document).hex()
    for form in dataset["distribution"]:
        answer = client.get(form["contentUrl"].removeprefix("http://testserver"))
        assert answer.headers["Content-Type"].partition(";")[0] == form["encodingFormat"]
    shown = [step for step in row.document["steps"] if step["gate"]["shown"]]
    measured = {
        (
            variable["name"],
            variable["value"],
            variable["minValue"],
            variable["maxValue"],
            variable["unitText"],
        )
        for variable in dataset["variableMeasured"]
    }
    totals = {
        name: row.document[name] for name in ("route_total", "best_reached_total", "typical_total")
    }
    shown_totals = {
        name.replace("_", "-"): total for name, total in totals.items() if total["gate"]["shown"]
    }
    assert len(measured) == len(shown_totals) + sum(
        2 + len(step["curve"]) + len(step["potential"]) for step in shown
    )
    for name, total in shown_totals.items():
        assert (
            f"{name} / {row.document['product']} / total",
            total["value"],
            *total["interval"],
            total["unit"],
        ) in measured
    assert shown
    assert shown_totals
    for step in shown:
        name = " / ".join(
            part
            for part in (step["step"], step["product"], step["variant"], step["metric"])
            if part
        )
        assert (f"{name} / best", step["best"], *step["interval"], step["unit"]) in measured
        assert (
            f"{name} / typical",
            step["typical"],
            *step["typical_interval"],
            step["unit"],
        ) in measured
        for point in step["curve"]:
            assert (
                f"{name} / p{point['percent']}",
                point["value"],
                *point["interval"],
                step["unit"],
            ) in measured


def test_the_codebook_has_a_row_for_every_column_in_both_languages(client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/about/codebook.csv").content.decode())))
    of_years = [column.name for column in OVER_YEARS if column.name not in CSV_FIELDS]
    assert [row["variable"] for row in rows] == [*CSV_FIELDS, *of_years]
    english = client.get("/about/api/").content.decode()
    chinese = client.get("/about/api/", headers={"accept-language": "zh-hans"}).content.decode()
    assert all(
        row["meaning_en"].replace("'", "&#x27;") in english and row["meaning_zh"] in chinese
        for row in rows
    )


def test_two_routes_of_one_sector_and_year_are_cited_and_called_by_names_of_their_own(
    row: Publication,
) -> None:
    (version,) = every_published()
    view = benchmark_view(version, None)
    other = replace(view, route="wet-process")
    assert {citation.file_name(of) for of in (version, view)} == {
        "steplabel-cement-cn-dry-process-2016-v1"
    }
    assert {citation.file_name(of) for of in (replace(version, route="wet-process"), other)} == {
        "steplabel-cement-cn-wet-process-2016-v1"
    }
    cited = [
        citation.bibtex(
            of, "Cement", "https://portal.example/", "ab" * 32, "Ministry"
        ).splitlines()[0]
        for of in (view, other)
    ]
    assert len(set(cited)) == 2
