"""What an audit asks of its people on which day, how a statement stands and is found, and what a
version tells of all of them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from portal.assurance.attestation_standing import (
    AttestationStanding,
    canonical,
    code_of,
    standing_of,
    start_of_digest,
)
from portal.assurance.engagements import EngagementView, FindingStepView, FindingView
from portal.assurance.models import Attestation
from portal.assurance.models.findings import FindingAct, FindingGrade
from portal.assurance.reminding import AuditNeed, NeedCount, needs
from portal.intake.models import SubmissionState
from portal.publication.audited import excluded, told_of_change, verification
from portal.standings.attested import NotEnteredReason, Verdicts
from portal.standings.cohort import Cohort

NOW = datetime(2017, 6, 1, 12, tzinfo=UTC)
TODAY, DAY = date(2017, 6, 1), timedelta(days=1)


def finding(
    grade: FindingGrade = FindingGrade.MAJOR, due: date = TODAY, *acts: FindingAct
) -> FindingView:
    steps = tuple(FindingStepView(act, "", "", "", NOW) for act in acts)
    return FindingView(1, 1, grade, "", "", "", due, "", NOW, steps)


def engagement(**changed: Any) -> EngagementView:
    """Of a report that is accepted; one person declared no interest; nothing was found or
    concluded.
    """
    fields: dict[str, Any] = dict.fromkeys(EngagementView.__dataclass_fields__, ())
    fields |= {"due": None, "taken_back_at": None, "concluded": False}
    fields |= {
        "submissions": (SimpleNamespace(state=SubmissionState.ACCEPTED),),
        "declarations": (SimpleNamespace(interested=False, mine=False, acts=True, person_id=1),),
    }
    return EngagementView(**fields | changed)


def stated(
    until: date,
    visit: date | None = None,
    standing: AttestationStanding = AttestationStanding.VALID,
) -> Any:
    return SimpleNamespace(
        standing=standing,
        takes_signature=False,
        statement=SimpleNamespace(valid_until=until, surveillance_on=visit),
    )


@pytest.mark.parametrize(
    ("days", "asked"),
    [
        (31, []),
        (30, [NeedCount(AuditNeed.DUE_SOON, day=TODAY + 30 * DAY)]),
        (29, [NeedCount(AuditNeed.DUE_SOON, day=TODAY + 29 * DAY)]),
        (0, [NeedCount(AuditNeed.DUE_SOON, day=TODAY)]),  # the day itself is not over
        (-1, [NeedCount(AuditNeed.OVERDUE, day=TODAY - DAY)]),
    ],
)
def test_a_conclusion_is_asked_for_thirty_days_ahead_and_late_once_its_day_is_over(
    days: int, asked: list[NeedCount]
) -> None:
    assert needs(engagement(due=TODAY + days * DAY), TODAY) == (
        *asked,
        NeedCount(AuditNeed.CONCLUDE),
    )
    assert needs(engagement(due=TODAY + days * DAY, concluded=True), TODAY) == ()


@pytest.mark.parametrize(
    ("visit", "until", "needed"),
    [(31, 91, []), (30, 91, [AuditNeed.SURVEILLANCE]), (31, 90, [AuditNeed.EXPIRES])],
)
def test_a_visit_is_told_thirty_days_ahead_and_the_end_of_a_statement_ninety(
    visit: int, until: int, needed: list[AuditNeed]
) -> None:
    statement = stated(TODAY + until * DAY, TODAY + visit * DAY)
    assert [
        asked.need for asked in needs(engagement(concluded=True, attestations=(statement,)), TODAY)
    ] == needed
    withdrawn = stated(TODAY, TODAY, AttestationStanding.WITHDRAWN)
    assert needs(engagement(concluded=True, attestations=(withdrawn,)), TODAY) == ()


@pytest.mark.parametrize(
    ("findings", "needed"),
    [
        (
            (finding(FindingGrade.OBSERVATION, TODAY + DAY),),
            [AuditNeed.CONCLUDE],
        ),  # an observation holds nothing up
        ((finding(FindingGrade.MINOR, TODAY + DAY),), []),
        ((finding(FindingGrade.MAJOR, TODAY + DAY),), []),
        (
            (finding(FindingGrade.MAJOR, TODAY, FindingAct.ANSWERED, FindingAct.CLOSED),),
            [AuditNeed.CONCLUDE],
        ),
        (
            (finding(FindingGrade.MAJOR, TODAY, FindingAct.APPEALED, FindingAct.ANNULLED),),
            [AuditNeed.CONCLUDE],
        ),
        ((finding(FindingGrade.MAJOR, TODAY, FindingAct.ANSWERED),), [AuditNeed.ANSWERED]),
        ((finding(FindingGrade.MAJOR, TODAY),), []),  # its last day is not over
        ((finding(FindingGrade.MAJOR, TODAY - DAY),), [AuditNeed.LATE_ANSWERS]),
        (
            (finding(FindingGrade.MAJOR, TODAY - DAY, FindingAct.ANSWERED, FindingAct.RETURNED),),
            [AuditNeed.LATE_ANSWERS],
        ),
        (
            (finding(FindingGrade.MAJOR, TODAY - DAY, FindingAct.APPEALED),),
            [],
        ),  # it waits for the regulator
    ],
)
def test_a_finding_holds_the_conclusion_up_until_it_has_ended(
    findings: tuple[FindingView, ...], needed: list[AuditNeed]
) -> None:
    for place in ("findings", "earlier"):
        assert [asked.need for asked in needs(engagement(**{place: findings}), TODAY)] == needed, (
            place
        )


def test_findings_that_wait_for_the_auditor_are_counted() -> None:
    answered = finding(FindingGrade.MINOR, TODAY, FindingAct.ANSWERED)
    assert needs(engagement(findings=(answered, answered, finding(due=TODAY - DAY))), TODAY) == (
        NeedCount(AuditNeed.ANSWERED, 2),
        NeedCount(AuditNeed.LATE_ANSWERS, 1),
    )


def test_open_majors_are_those_of_before_too_and_no_minor_ones() -> None:
    closed = finding(FindingGrade.MAJOR, TODAY, FindingAct.CLOSED)
    view = engagement(
        findings=(finding(), finding(FindingGrade.MINOR), closed), earlier=(finding(),)
    )
    assert view.open_majors == 2


@pytest.mark.parametrize(
    ("state", "superseded", "days", "standing"),
    [
        ("issued", False, 0, AttestationStanding.VALID),  # up to and with its last day
        ("issued", False, -1, AttestationStanding.EXPIRED),
        ("issued", True, 100, AttestationStanding.EARLIER),
        ("withdrawn", True, 100, AttestationStanding.WITHDRAWN),
        ("drawn-up", False, -1, AttestationStanding.DRAWN_UP),
    ],
)
def test_a_statement_is_valid_up_to_and_with_its_last_day_while_its_report_counts(
    state: str, superseded: bool, days: int, standing: AttestationStanding
) -> None:
    report = SimpleNamespace(
        state=SubmissionState.SUPERSEDED if superseded else SubmissionState.ACCEPTED
    )
    statement = cast(
        Attestation, SimpleNamespace(state=state, submission=report, valid_until=TODAY + days * DAY)
    )
    assert standing_of(statement, TODAY) == standing


def test_a_code_is_the_first_eighty_bits_by_fives_in_letters_that_are_no_digits() -> None:
    """By hand: 0x00443214c74254b635cf is 0, 1, 2, ... 15 in five bits each; the alphabet begins
    with the ten digits.
    """
    number = 0
    for index in range(16):
        number = number * 32 + index
    digest = f"{number:020x}" + "f" * 44
    assert digest.startswith("00443214c74254b635cf")
    assert code_of(digest) == "A-0123-4567-89AB-CDEF"
    assert start_of_digest("A-0123-4567-89AB-CDEF") == "00443214c74254b635cf"
    assert code_of("f" * 64, "C") == "C-ZZZZ-ZZZZ-ZZZZ-ZZZZ"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("A-0123-4567-89AB-CDEF", "A-0123-4567-89AB-CDEF"),
        (" a0123 4567 89ab cdef ", "A-0123-4567-89AB-CDEF"),
        ("A-O1I3-L567-89AB-CDEF", "A-0113-1567-89AB-CDEF"),  # letters that are taken for digits
        (
            "Ａ－０１２３－４５６７－８９ａｂ－ＣＤＥＦ\u3000",
            "A-0123-4567-89AB-CDEF",
        ),  # as a Chinese keyboard writes it
        ("C-0123-4567-89AB-CDEF", "C-0123-4567-89AB-CDEF"),
        ("A-0123-4567-89AB-CDE", None),  # a letter too few
        ("A-0123-4567-89AB-CDEFG", None),
        ("A-U123-4567-89AB-CDEF", None),  # no letter of a code
        ("0-0123-4567-89AB-CDEF", None),  # no kind
        ("", None),
    ],
)
def test_a_code_is_read_however_it_was_typed(typed: str, code: str | None) -> None:
    assert canonical(typed) == code


def test_a_code_of_another_kind_finds_no_attestation() -> None:
    assert start_of_digest("C-0123-4567-89AB-CDEF") is None


def verdict(body: str, until: date, *steps: str) -> Any:
    return SimpleNamespace(
        pk=1,
        certification_body_id=None,
        body=body,
        body_zh="",
        valid_until=until,
        steps=steps,
        ident=f"{body} {until}",
    )


LATE, SOON = date(2019, 1, 1), date(2018, 1, 1)
POSITIVE = {
    1: (verdict("Zertifikat", LATE, "kiln", "mill"), verdict("Audit", SOON, "kiln")),
    2: (verdict("Audit", LATE, "kiln"),),
}
VERDICTS = Verdicts(POSITIVE, frozenset({2}))


def test_the_newest_statement_that_covers_a_step_attests_it_and_an_adverse_one_outweighs_all() -> (
    None
):
    assert [VERDICTS.attestation(1, step) for step in ("kiln", "mill", "cooler")] == [
        POSITIVE[1][1],
        POSITIVE[1][0],
        None,
    ]
    assert VERDICTS.attestation(2, "kiln") is None
    assert [VERDICTS.attests(report, "kiln") for report in (1, 2, 3)] == [True, False, False]


@pytest.mark.parametrize(
    ("attested_only", "adverse_leaves", "left_out"),
    [
        (False, False, (None, None, None)),
        (False, True, (None, NotEnteredReason.ADVERSE, None)),
        (True, False, (None, NotEnteredReason.NOT_ATTESTED, NotEnteredReason.NOT_ATTESTED)),
        (
            True,
            True,
            (None, NotEnteredReason.ADVERSE, NotEnteredReason.NOT_ATTESTED),
        ),  # the reason that weighs more
    ],
)
def test_a_report_leaves_by_what_its_peer_group_decided(
    attested_only: bool, adverse_leaves: bool, left_out: tuple[NotEnteredReason | None, ...]
) -> None:
    group: Any = SimpleNamespace(attested_only=attested_only, adverse_leaves=adverse_leaves)
    assert tuple(VERDICTS.left_out(group, report, "kiln") for report in (1, 2, 3)) == left_out
    assert VERDICTS.left_out(group, 1, "cooler") == (
        NotEnteredReason.NOT_ATTESTED if attested_only else None
    )


def cohort(
    verdicts: Verdicts,
    reported: list[tuple[str, str, str]],
    left_out: dict[str, NotEnteredReason] | None = None,
) -> Cohort:
    """Of (step, site, firm); the report of site `s1` is row 1."""
    labels: Any = tuple(
        SimpleNamespace(label=SimpleNamespace(step=step), site=site, firm=firm)
        for step, site, firm in reported
    )
    return Cohort(
        labels, {site: int(site[1:]) for _, site, _ in reported}, (), {}, verdicts, left_out or {}
    )


def test_a_firm_with_an_attested_site_and_another_stands_on_both_sides_and_the_first_end_is_told() -> (
    None
):
    reported = [
        (step, site, firm)
        for step in ("kiln", "mill")
        for site, firm in (("s1", "A"), ("s3", "A"), ("s4", "B"))
    ]
    verified = verification(cohort(Verdicts(POSITIVE, frozenset()), reported))
    kiln, mill = verified.steps
    assert (kiln.step, kiln.sites, kiln.of, kiln.firms, kiln.other_firms) == ("kiln", 1, 3, 1, 2)
    assert (mill.step, mill.sites) == ("mill", 1)
    assert [name.en for name in verified.names] == ["Audit", "Zertifikat"]
    assert (verified.bodies, verified.valid_until) == (2, SOON)


def test_a_statement_that_an_adverse_one_outweighs_names_no_body_and_no_day() -> None:
    """The report enters all the same where the peer group did not decide that it leaves."""
    positive = {1: (verdict("Zertifikat", LATE, "kiln"),), 2: (verdict("Audit", SOON, "kiln"),)}
    verified = verification(
        cohort(Verdicts(positive, frozenset({2})), [("kiln", "s1", "A"), ("kiln", "s2", "B")])
    )
    assert [name.en for name in verified.names] == ["Zertifikat"]
    assert (
        verified.bodies,
        verified.valid_until,
        verified.steps[0].sites,
        verified.steps[0].of,
    ) == (1, LATE, 1, 2)


def test_without_a_statement_no_body_and_no_day_is_told() -> None:
    verified = verification(cohort(Verdicts({}, frozenset()), [("kiln", "s1", "A")]))
    assert (verified.bodies, verified.names, verified.valid_until, verified.steps[0].sites) == (
        0,
        (),
        None,
        0,
    )


def test_who_left_is_told_of_those_that_stood_in_the_version_before_and_left_for_an_adverse_opinion() -> (
    None
):
    left_out = {
        "a": NotEnteredReason.ADVERSE,
        "b": NotEnteredReason.ADVERSE,
        "new": NotEnteredReason.ADVERSE,
        "c": NotEnteredReason.NOT_ATTESTED,
    }
    present = cohort(Verdicts({}, frozenset()), [], left_out)
    assert told_of_change("Audited.", present, ["a", "b", "c"]).en == (
        "Audited. 2 sites left this version after an adverse opinion of a certification body."
    )
    assert told_of_change("Audited.", present, ["a"]).en.startswith(
        "Audited. 1 site left this version"
    )
    assert told_of_change("Audited.", present, ["c"]).en == "Audited."
    assert told_of_change("", present, []).en == "the drafter did not describe the change."
    assert excluded(present) == (("adverse-opinion", 3), ("not-attested", 1))
