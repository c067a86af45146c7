"""A dossier for leaders and grades: what is shown, declared and missing, as page, paper and JSON,
in both languages.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from benchmarks.wire.attestations import Opinion
from extras.programmes.dossier_shown import dossier_page
from extras.programmes.dossiers import (
    CriterionState,
    CriterionVerdict,
    declare,
    dossier,
    read_paper,
)
from extras.programmes.models import Declaration
from extras.programmes.programmes import programmes
from portal.accounts.models import Organisation, Role
from portal.assurance import systems
from portal.assurance.assigning import assign
from portal.assurance.models import Attestation
from portal.auditlog.models import AppendOnlyError, Event
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission
from portal.problems import RefusedError
from tests.integration.audited import make_attestation
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    person,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

PAPER = "cd" * 32
LEADERS, CARBON = "cn-energy-leaders", "cn-carbon-leaders"
TODAY = NOW.date()


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    make_attestation(
        assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW), cast.auditor, NOW
    )
    year = timedelta(days=365)
    paper = systems.CertificatePaper(
        "gb-t-23331", "EN-7", "Quality North", TODAY - year, TODAY + year, "ef" * 32
    )
    systems.put_on_record(cast.plants[0].site, paper, cast.plants[0].owner, NOW)
    return cast


def states(cast: Cast, index: int, programme: str = LEADERS) -> dict[str, CriterionState]:
    view = dossier(cast.plants[index].site, programmes()[programme], TODAY)
    return {entry.criterion.id: entry.state for entry in view.entries}


def test_what_is_on_record_shows_a_criterion_and_nothing_else_does(cast: Cast) -> None:
    first, second = states(cast, 0), states(cast, 1)
    assert {criterion for criterion, state in first.items() if state is CriterionState.SHOWN} == {
        "gb-t-23331",
        "report",
        "attestation",
    }
    assert {criterion for criterion, state in second.items() if state is CriterionState.SHOWN} == {
        "report"
    }
    assert first["grade"] is CriterionState.MISSING
    later = dossier(cast.plants[0].site, programmes()[LEADERS], TODAY + timedelta(days=400))
    assert {
        entry.criterion.id for entry in later.entries if entry.state is CriterionState.SHOWN
    } == {"report"}, "what ran out shows nothing"


def test_what_the_portal_adds_is_counted_apart_from_the_programmes_own_criteria(cast: Cast) -> None:
    """The second plant has a report and nothing else: a criterion that the programme does not
    require.
    """
    shown = dossier_page(dossier(cast.plants[1].site, programmes()[LEADERS], TODAY))
    added = sum(criterion.own for criterion in programmes()[LEADERS].criteria)
    own = len(programmes()[LEADERS].criteria) - added
    assert shown.lead.startswith(f"Of the programme’s {own} criteria, the records here show 0,")
    assert f"Of {added} criteria that this portal added, the records here show 1." in shown.lead
    declarable = next(row for row in shown.rows if row.id == "non-fossil")
    assert declarable.wanted is not None
    assert declarable.wanted.text.startswith("Not declared."), (
        "what may be done is not told as if it had been"
    )


def test_a_declaration_names_a_paper_and_the_newest_counts(cast: Cast) -> None:
    site, owner = cast.plants[1].site, cast.plants[1].owner
    declare(site, LEADERS, "non-fossil", ("21.4 %", "Energy balance 2025", PAPER), owner, NOW)
    declare(
        site, LEADERS, "non-fossil", ("21.4 %", "Energy balance 2025", PAPER), owner, NOW
    )  # the form sent twice
    assert states(cast, 1)["non-fossil"] is CriterionState.DECLARED
    assert states(cast, 1, CARBON).get("non-fossil") is None
    declare(site, LEADERS, "non-fossil", ("", "", ""), owner, NOW)
    assert states(cast, 1)["non-fossil"] is CriterionState.MISSING
    assert (
        Declaration.objects.count() == Event.objects.filter(action="dossier.declared").count() == 2
    )
    with pytest.raises(AppendOnlyError):
        Declaration.objects.update(value="22 %")


def test_an_officer_who_read_the_paper_confirms_or_refutes_that_declaration_and_no_later_one(
    cast: Cast,
) -> None:
    site, owner, officer = cast.plants[1].site, cast.plants[1].owner, cast.approver
    declared = declare(site, LEADERS, "grade", ("grade 1", "Audit 2025", PAPER), owner, NOW)
    with pytest.raises(RefusedError) as refused:
        read_paper(declared, (True, "Page 3."), owner, NOW)
    assert refused.value.code == "not-regulator"
    for met, state, so in (
        (True, CriterionState.CONFIRMED, CriterionVerdict.MET),
        (False, CriterionState.REFUTED, CriterionVerdict.NOT_MET),
    ):
        read_paper(declared, (met, "Page 3 names the grade."), officer, NOW)
        read_paper(declared, (met, "Page 3 names the grade."), officer, NOW)  # the form sent twice
        entry = next(
            candidate
            for candidate in dossier(site, programmes()[LEADERS], TODAY).entries
            if candidate.criterion.id == "grade"
        )
        assert (entry.state, entry.met) == (state, so)
        assert entry.evidence[0].finding == "Page 3 names the grade."
    assert Event.objects.filter(action="dossier.paper-read").count() == 2
    declare(site, LEADERS, "grade", ("grade 2", "Audit 2026", PAPER), owner, NOW)
    assert states(cast, 1)["grade"] is CriterionState.DECLARED
    with pytest.raises(RefusedError) as changed:
        read_paper(declared, (True, "Page 3 names the grade."), officer, NOW)
    assert changed.value.code == "declaration-changed"
    assert states(cast, 1)["grade"] is CriterionState.DECLARED
    declare(site, LEADERS, "grade", ("", "", ""), owner, NOW)
    with pytest.raises(RefusedError, match="declares nothing"):
        read_paper(declared, (True, "Page 3."), officer, NOW)


def test_a_finding_about_one_paper_is_not_recorded_of_another_that_the_firm_names_meanwhile(
    cast: Cast,
) -> None:
    site, owner, officer = cast.plants[1].site, cast.plants[1].owner, signed_in(cast.approver)
    address = reverse("web:dossier-read", args=[site.slug])
    declare(site, LEADERS, "grade", ("grade 2", "Audit 2025", PAPER), owner, NOW)
    typed = {
        "criterion": chosen(officer, address, "grade 2"),
        "reading": "met",
        "note": "Page 3 of the audit.",
    }
    declare(site, LEADERS, "grade", ("grade 1", "Another paper", "ab" * 32), owner, NOW)
    answer = officer.post(address, typed)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "What the firm declares has changed since you opened the page." in text
    assert "Page 3 of the audit." in text, "what was typed is not lost"
    assert "“grade 1”" in text
    assert states(cast, 1)["grade"] is CriterionState.DECLARED
    assert (
        officer.post(
            address, typed | {"criterion": chosen(officer, address, "grade 1")}
        ).status_code
        == 302
    )
    assert states(cast, 1)["grade"] is CriterionState.CONFIRMED


def chosen(officer: Client, address: str, value: str) -> str:
    """What the form sends for the declaration of that value."""
    options = dict(
        re.findall(
            r'<option value="(\d+)"[^>]*>[^<]*“([^”]*)”', officer.get(address).content.decode()
        )
    )
    return str(next(row for row, declared in options.items() if declared == value))


def test_an_adverse_opinion_shows_nothing(cast: Cast) -> None:
    Attestation.objects.update(opinion="adverse")
    assert states(cast, 0)["attestation"] is CriterionState.REFUTED
    rows = dossier_page(dossier(cast.plants[0].site, programmes()[LEADERS], TODAY)).rows
    assert (
        "the opinion is adverse"
        in next(row for row in rows if row.id == "attestation").evidence[0].text
    )


def attested_by_another(cast: Cast, period: str, opinion: Opinion) -> Attestation:
    """A statement of a second body on the report of that period, which the portal has accepted."""
    body = Organisation.objects.create(name="Certifier South", kind=Role.CERTIFICATION_BODY)
    auditor = person("south@example.org", body, Role.CERTIFICATION_BODY)
    return make_attestation(
        assign(body, cast.plants[0].site, period, cast.approver, NOW), auditor, NOW, opinion
    )


def test_an_adverse_opinion_outweighs_the_positive_one_of_another_body(cast: Cast) -> None:
    attested_by_another(cast, PERIOD, Opinion.ADVERSE)
    entry = next(
        candidate
        for candidate in dossier(cast.plants[0].site, programmes()[LEADERS], TODAY).entries
        if candidate.criterion.id == "attestation"
    )
    assert (entry.state, entry.met) == (CriterionState.REFUTED, CriterionVerdict.NOT_MET)
    assert {evidence.opinion for evidence in entry.evidence} == {"adverse", "unqualified"}, (
        "both are shown"
    )


@pytest.mark.parametrize(
    ("earlier", "later", "state"),
    [
        (Opinion.UNQUALIFIED, Opinion.ADVERSE, CriterionState.REFUTED),
        (Opinion.ADVERSE, Opinion.UNQUALIFIED, CriterionState.SHOWN),
    ],
)
def test_the_opinion_on_the_newest_period_decides(
    cast: Cast, earlier: Opinion, later: Opinion, state: CriterionState
) -> None:
    """Of two reports that are attested; which of them was received last says nothing."""
    Attestation.objects.update(opinion=later)
    before = "2015"
    start = cast.period.start
    ReportingPeriod.objects.create(
        peer_group=cast.group,
        name=before,
        start=start - timedelta(days=365),
        end=start,
        due=NOW + timedelta(days=365),
    )
    deliver(cast.plants[0].envelope(cast.pack, period=before))
    open_waiting()
    attested_by_another(cast, before, earlier)
    assert states(cast, 0)["attestation"] is state
    (shown,) = next(
        candidate.evidence
        for candidate in dossier(cast.plants[0].site, programmes()[LEADERS], TODAY).entries
        if candidate.criterion.shown_by == "report"
    )
    assert shown.title == PERIOD


@pytest.mark.parametrize(
    ("criterion", "declaration", "who", "code"),
    [
        ("non-fossil", ("21 %", "Balance", PAPER), "approver", "not-your-site"),
        ("non-fossil", ("21 %", "Balance", "no digest"), "owner", "evidence-not-a-digest"),
        ("beauty", ("much", "Picture", PAPER), "owner", "criterion-unknown"),
        ("attestation", ("yes", "Letter", PAPER), "owner", "criterion-shown"),
    ],
)
def test_what_is_no_declaration_is_refused(
    cast: Cast, criterion: str, declaration: tuple[str, str, str], who: str, code: str
) -> None:
    by = cast.plants[1].owner if who == "owner" else cast.approver
    with pytest.raises(RefusedError) as refused:
        declare(cast.plants[1].site, LEADERS, criterion, declaration, by, NOW)
    assert refused.value.code == code


def test_a_certificate_or_an_attestation_is_not_declared_away(cast: Cast) -> None:
    """A declaration beside what is on record changes nothing: what is shown stays shown."""
    declare(
        cast.plants[0].site,
        LEADERS,
        "gb-t-23331",
        ("certified", "Certificate", PAPER),
        cast.plants[0].owner,
        NOW,
    )
    assert states(cast, 0)["gb-t-23331"] is CriterionState.SHOWN


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Dossier: Energy-efficiency leaders",
                "At least 20 % of energy is non-fossil",
                "Missing",
                "工信厅联节函〔2025〕221号",
            ),
        ),
        (
            "zh-hans",
            (
                "申报材料：重点行业能效“领跑者”",
                "非化石能源消费占比不低于 20%",
                "缺",
                "工信厅联节函〔2025〕221号",
            ),
        ),
    ],
)
def test_the_page_the_paper_and_the_json_say_the_same(
    cast: Cast, language: str, words: tuple[str, ...]
) -> None:
    site = cast.plants[0].site
    client = signed_in(cast.plants[0].owner, language)
    page = client.get(reverse("web:dossier", args=[site.slug])).content.decode()
    for word in words:
        assert word in page
    digest = Submission.objects.get(site=site).digest
    assert digest in page
    with translation.override(language):
        rows = dossier_page(dossier(site, programmes()[LEADERS], TODAY)).rows
    assert all(row.asks in page for row in rows)
    paper = client.get(reverse("web:dossier-pdf", args=[site.slug]))
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    answer = client.get(reverse("web:dossier-json", args=[site.slug])).json()
    assert answer["programme"]["status"] == "read"
    by_id = {criterion["id"]: criterion for criterion in answer["criteria"]}
    assert by_id["report"]["evidence"][0]["digest"] == digest
    assert by_id["grade"] == {
        "id": "grade",
        "asks": {"en": "Grade 1 of the limit standard", "zh": "达到能耗限额标准 1 级"},
        "added_by_this_portal": False,
        "state": "missing",
        "met": "not-shown",
        "evidence": [],
        "incentives": [],
    }


def test_criteria_that_were_not_read_say_so(cast: Cast) -> None:
    client = signed_in(cast.approver)
    page = client.get(
        reverse("web:dossier", args=["works-1"]), {"programme": CARBON}
    ).content.decode()
    assert "not checked against the original text" in page
    assert (
        client.get(reverse("web:dossier", args=["works-1"]))
        .content.decode()
        .count("not checked against the original text")
        == 0
    )
    assert (
        client.get(reverse("web:dossier", args=["works-1"]), {"programme": "none"}).status_code
        == 404
    )


def test_a_firm_declares_by_the_form_and_its_regulator_reads_it(cast: Cast) -> None:
    site, address = cast.plants[1].site, reverse("web:dossier", args=["works-2"])
    firm, officer = signed_in(cast.plants[1].owner), signed_in(cast.approver)
    wrong = firm.post(
        address, {"criterion": "grade", "value": "grade 1", "paper": "", "evidence": ""}
    )
    assert wrong.status_code == 400
    assert "Name the document." in wrong.content.decode()
    done = firm.post(
        address,
        {"criterion": "grade", "value": "grade 1", "paper": "Audit 2025", "evidence": PAPER},
        follow=True,
    )
    assert "The declaration is on record." in done.content.decode()
    read = officer.get(address).content.decode()
    assert "“grade 1”, by the document “Audit 2025”" in read
    assert PAPER in read
    assert "Declare a criterion" not in read
    paper = reverse("web:dossier-read", args=["works-2"])
    assert paper in read
    grade = chosen(officer, paper, "grade 1")
    assert (
        officer.post(paper, {"criterion": grade, "reading": "met", "note": ""}).status_code == 400
    )
    confirmed = officer.post(
        paper, {"criterion": grade, "reading": "met", "note": "Page 3."}, follow=True
    ).content.decode()
    assert "An officer read the paper on" in confirmed
    assert "Confirmed" in confirmed
    assert signed_in(cast.provincial).get(paper).status_code == 404, "another province's"
    assert (
        officer.post(
            address, {"criterion": "grade", "value": "x", "paper": "y", "evidence": PAPER}
        ).status_code
        == 404
    )
    assert states(cast, 1)["grade"] is CriterionState.CONFIRMED
    assert signed_in(cast.plants[0].owner).get(address).status_code == 404, "another firm's"
    assert signed_in(cast.provincial).get(address).status_code == 404, "another province's"
    assert site.slug == "works-2"


def test_a_missing_criterion_says_what_would_show_it_and_where(cast: Cast) -> None:
    address = reverse("web:dossier", args=["works-2"])
    rows = dossier_page(dossier(cast.plants[1].site, programmes()[LEADERS], TODAY)).rows
    missing = [row for row in rows if not row.evidence]
    assert missing
    assert all(row.wanted and row.wanted.text for row in missing)
    assert {row.wanted is None for row in rows if row.evidence} == {True}
    for reader, links in ((cast.plants[1].owner, True), (cast.approver, False)):
        page = signed_in(reader).get(address).content.decode()
        assert "A certification body’s statement on an accepted report shows it." in page
        assert "Not declared. The firm may declare it and name the document that shows it." in page
        assert ('href="#declare"' in page and 'id="declare"' in page) is links, (
            "only who may declare is led to the form"
        )
