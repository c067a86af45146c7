"""A regulator's evaluation of a period: the record's counts and the published figures, as page, PDF
and DOCX, in both languages.
"""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from docx import Document

from benchmarks.wire.signing import AuditorSigningKey
from portal import keys
from portal.assurance.assigning import assign
from portal.catalogue import deadlines
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission, SubmissionState
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.publication.selectors import benchmark
from portal.standings import computing as standings
from portal.web.presenters.evaluation import REFUSED_REPORTS, EvaluationPage
from tests.documents.refusals import ROOT, Module
from tests.integration.audited import make_attestation
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

FIRMS = 12


def plain_text(page: EvaluationPage) -> list[str]:
    """Every sentence and cell in order: what page, PDF and DOCX must all hold."""
    texts = [page.title, page.caption, page.lead]
    for section in page.sections:
        texts += [section.title, *section.lines]
        if section.table is not None:
            texts += [*section.table.heads, *(cell for row in section.table.rows for cell in row)]
    return [*texts, page.basis]


def build_scene() -> Cast:
    cast = make_cast(FIRMS)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    key = AuditorSigningKey.generate()
    for plant in cast.plants[:3]:
        make_attestation(
            assign(cast.body, plant.site, PERIOD, cast.approver, NOW),
            cast.auditor,
            timezone.now(),
            key=key,
        )
    refused = Submission.objects.get(site=cast.plants[-1].site)
    Submission.objects.filter(pk=refused.pk).update(
        state=SubmissionState.REFUSED, reason_code="seal-broken", reason="It cannot be opened."
    )
    return cast


def publish(cast: Cast) -> Publication:
    draft = drafting.draft(cast.period, cast.drafter, NOW)
    return publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)


def address(cast: Cast, end: str = "") -> str:
    if end:
        return reverse(f"web:results{end}", args=[cast.group.pk, PERIOD])
    return reverse("web:period", args=[cast.group.pk, PERIOD, "results"])


def text_of(docx: bytes) -> str:
    document = Document(io.BytesIO(docx))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_before_anything_is_published_there_are_counts_and_no_energy(cast: Cast) -> None:
    page = signed_in(cast.approver).get(address(cast)).content.decode()
    assert "No version is in force, so this evaluation contains no energy figures." in page
    assert "Published steps" not in page
    assert "kgce/t" not in page
    assert f"{FIRMS} reports were received; {FIRMS - 1} of them are the accepted ones." in page
    assert (
        "The sealed report cannot be opened: it was altered, or sealed to another key. "
        "(seal-broken)" in page
    )


def test_a_site_that_was_given_more_time_is_late_only_after_its_own_day_and_the_sentence_says_so(
    cast: Cast,
) -> None:
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(due=NOW - timedelta(days=1))
    deadlines.extend(
        cast.period,
        cast.plants[0].site,
        (NOW + timedelta(days=30)).date(),
        "Rebuilt.",
        cast.approver,
        NOW,
    )
    page = signed_in(cast.approver).get(address(cast)).content.decode()
    assert f"Obliged sites whose first report came after their own last day: {FIRMS - 1}." in page


def test_a_refusal_is_a_sentence_in_chinese_too_and_an_unknown_code_stays_a_code(
    cast: Cast,
) -> None:
    page = signed_in(cast.approver, "zh-hans").get(address(cast)).content.decode()
    assert "密封的报告无法打开：报告被改动，或是用别的密钥密封的。（seal-broken）" in page
    assert "家已上报。" in page
    assert "家已上报。 " not in page, "a full stop of Chinese brings its own room"
    Submission.objects.filter(state=SubmissionState.REFUSED).update(
        reason_code="of-another-release"
    )
    assert "of-another-release" in signed_in(cast.approver).get(address(cast)).content.decode()


def test_every_code_that_the_worker_refuses_by_has_its_sentence() -> None:
    """Read out of the modules that open a report; what is raised there by who writes an envelope or
    holds the keys is left out.
    """
    wire = ("canonical", "envelope", "pack_conformity", "records", "schema", "sealing", "signing")
    modules = (
        ROOT / "portal/opening/unsealing.py",
        *(ROOT / f"benchmarks/wire/{name}.py" for name in wire),
    )
    of_others = {"envelope-too-large", "key-unreadable", "report-too-long"}
    raised = {refusal.code for module in modules for refusal in Module(module).refusals()} | {
        "period-too-long"
    }  # of pooling, passed on
    assert len(raised) > 20
    assert sorted(raised - of_others - REFUSED_REPORTS.keys()) == []
    assert sorted(REFUSED_REPORTS.keys() - raised) == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Participation",
                "Published steps",
                "Levels of standards",
                "What the sector could save",
                "Audits",
                "Findings",
                "Refusals",
            ),
        ),
        (
            "zh-hans",
            ("参与情况", "已发布工序", "标准等级", "全行业的节能潜力", "核查", "核查发现", "拒收"),
        ),
    ],
)
def test_page_pdf_and_docx_say_the_same_in_the_readers_language(
    cast: Cast, language: str, words: tuple[str, ...]
) -> None:
    published = publish(cast)
    client = signed_in(cast.approver, language)
    page = client.get(address(cast)).content.decode()
    docx = text_of(client.get(address(cast, "-docx")).content)
    pdf = client.get(address(cast, "-pdf"))
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    for word in words:
        assert word in page
        assert word in docx
    view = benchmark(cast.group.pack, PERIOD, "dry-process", "cn")
    assert view is not None
    assert view.digest in page
    assert view.digest in docx
    assert published.version == view.version
    shown = [step for step in view.label.cells if step.shown]
    assert shown
    assert page.count(shown[0].unit) > 1
    assert (
        re.findall(r"[\u4e00-\u9fff]", docx)
        if language.startswith("zh")
        else "Industry best" in docx
    )


def test_every_sentence_and_cell_stands_in_the_docx_and_in_the_page(cast: Cast) -> None:
    publish(cast)
    client = signed_in(cast.approver)
    answer = client.get(address(cast))
    texts = plain_text(answer.context["page"])
    docx = text_of(client.get(address(cast, "-docx")).content)
    assert len(texts) > 60
    assert [text for text in texts if text not in docx] == []
    steps = next(
        section.table
        for section in answer.context["page"].sections
        if section.title == "Published steps"
    )
    view = benchmark(cast.group.pack, PERIOD, "dry-process", "cn")
    assert view is not None
    whole = view.label.composite
    assert steps.rows[0][0] == "Whole route", "the headline of the public page"
    if whole.value is None:
        assert steps.rows[0][2]
    else:
        assert float(steps.rows[0][2].replace(",", "")) == pytest.approx(whole.value, rel=0.01)


def test_figures_of_energy_are_those_of_the_version_in_force_and_go_with_it(cast: Cast) -> None:
    """Withdrawn: the evaluation of tomorrow tells none of them, and nothing of a draft is told at
    any time.
    """
    client = signed_in(cast.approver)
    drafting.draft(cast.period, cast.drafter, NOW)
    assert "Published steps" not in client.get(address(cast)).content.decode(), (
        "a draft is not published"
    )
    version = publish(cast)
    figures = "The energy figures are those of the version in force"
    shown = client.get(address(cast)).content.decode()
    assert "Published steps" in shown
    assert figures in shown
    publishing.withdraw(version, cast.approver, "The pack was wrong.", NOW)
    withdrawn = client.get(address(cast)).content.decode()
    assert "Published steps" not in withdrawn
    assert figures not in withdrawn


def test_the_files_of_two_sectors_have_two_names(cast: Cast) -> None:
    publish(cast)
    client = signed_in(cast.approver)
    named = client.get(address(cast, "-pdf"))["Content-Disposition"]
    assert f"steplabel-evaluation-{cast.pack.id}-" in named


def test_audits_findings_and_opinions_are_counted(cast: Cast) -> None:
    page = signed_in(cast.approver).get(address(cast)).context["page"]
    by_title = {section.title: section for section in page.sections}
    assert (
        "Assignments in force: 3; certification bodies: 1; statements withdrawn: 0."
        in by_title["Audits"].lines[0]
    )
    assert by_title["Audits"].table.rows == (("Unqualified", "3"),)
    assert {row[0]: row[1:] for row in by_title["Findings"].table.rows}["Observation"] == ("3", "0")


def test_a_regulator_of_a_part_counts_its_part(cast: Cast) -> None:
    """The province has every other site; it reads the same published figures and its own counts."""
    publish(cast)
    page = signed_in(cast.provincial).get(address(cast)).context["page"]
    whole = signed_in(cast.approver).get(address(cast)).context["page"]
    first = {section.title: section for section in page.sections}
    other = {section.title: section for section in whole.sections}
    assert first["Published steps"].table == other["Published steps"].table
    assert first["Participation"].lines != other["Participation"].lines
