"""More said to hold than was checked: falsified figures, checks left out of a summary, no
directory, a report that was replaced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Set
from copy import deepcopy
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from benchmarks.audit import published as audited
from benchmarks.audit import recomposed, wording
from benchmarks.audit.recomposed import Repeat
from benchmarks.audit.sample_file import OF_A_SAMPLE
from benchmarks.composition import IndustryLabel, ReportedLabel
from benchmarks.wire import attestations, receipts
from benchmarks.wire.attestations import EvidenceLimit, SampleVerdict
from benchmarks.wire.schema import Header
from benchmarks.wire.signing import AuditorSigningKey
from portal import keys
from portal.assurance import attestation_standing, attesting, auditors, sampling, summaries
from portal.assurance.assigning import assign
from portal.assurance.attestation_standing import AttestationStanding, code_of
from portal.assurance.models import Assignment, Sample
from reporting_agent.audit.openings import published
from reporting_agent.audit.openings.verdict import AuditVerdict
from reporting_agent.cli import main
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.integration import test_composed_of
from tests.integration.audited import make_sample_of, summary_bytes, terms
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
)
from tests.unit.agent_send.cast import FakePortal

ON_THE_PORTAL = pytest.mark.django_db(databases=["default", "vault"])
KEY = AuditorSigningKey.generate()
FALSIFIED = {  # by the end of the figure's name, how it is falsified
    " curve": "a point of the curve",
    " pooled": "firms whose values are pooled",
    " quarters": "the number in a quarter",
}
NOT_NAMED = (
    "report-received",
    "values-logged",
    "draw-promised",
    "drawn-after-commitment",
    "head-signed",
    "commitment-logged",
)


@ON_THE_PORTAL
def test_a_falsified_curve_quarter_or_pooled_value_is_found(
    portal_keys: object, monkeypatch: pytest.MonkeyPatch, stated: State
) -> None:
    """Signed and logged by a portal that has every key."""
    honest = test_composed_of.the_file(test_composed_of.published_of(20))

    def falsified(name: str) -> test_composed_of.JSON:
        def change(document: test_composed_of.JSON) -> None:
            steps = [
                step
                for step in document["steps"]
                if step["gate"]["shown"] and step["curve"] and step["bands"]
            ]
            test_composed_of.FALSIFIED[name](steps[0])

        return test_composed_of.signed_anew(change)(deepcopy(honest))

    for figure, name in FALSIFIED.items():
        content = falsified(name)
        assert test_composed_of.refused(content) == "value-differs", name
        with monkeypatch.context() as blind:
            blind.setattr(recomposed.RecomputedFigure, "agrees", _looked_at_but(figure))
            test_composed_of.check(content)
    stated(
        Row(
            "falsified",
            "a version whose curve, quarter counts or pooled values the portal falsified, signed "
            "and logged",
            "every signed figure is composed again from the logged reports",
            "0 held",
            "0 of 3: `value-differs`",
            "best, typical and totals alone composed again: 3 of 3 held",
        )
    )


@ON_THE_PORTAL
def test_what_a_document_says_of_itself_counts_for_nothing(
    portal_keys: object,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    stated: State,
) -> None:
    """A portal with every key: what it writes beside the figures, so that they are not looked at,
    is signed and logged, too.
    """
    honest = test_composed_of.the_file(test_composed_of.published_of(20))
    assert test_composed_of.verified(tmp_path, capsys, honest)[0] == 0

    def stopping_check(content: test_composed_of.JSON) -> str | None:
        """The check that stops it, none where `verify` says that everything holds."""
        code, states = test_composed_of.verified(tmp_path, capsys, content)
        stopped = [check for check, state in states.items() if state != "held"]
        assert (code == 0) is (not stopped)
        return stopped[0] if stopped else None

    defended: dict[str, str | None] = {}
    undefended: dict[str, str | None] = {}
    for name, (change, off) in ATTACKS.items():
        with monkeypatch.context() as world:
            content = test_composed_of.signed_anew(change)(deepcopy(honest))
            defended[name] = stopping_check(content)
            off(world)
            undefended[name] = stopping_check(content)
    chosen = _five_set_aside(honest)
    defended["firms set aside"] = stopping_check(chosen)
    with monkeypatch.context() as world:
        world.setattr(published, "left_out_of_versions", lambda _made: [])
        undefended["firms set aside"] = stopping_check(chosen)
    again, lacking = "benchmark-recomputed", "repeats-shown-before"
    assert defended == {
        "said to be unchanged": lacking,
        "figures in cells not shown": again,
        "ratios": again,
        "firms of a total": again,
        "unit of a total": again,
        "steps left out": again,
        "another explanation": "explanation-follows",
        "firms set aside": "left-out-justified",
    }
    assert undefended == dict.fromkeys(defended)
    stated(
        Row(
            "said-of-itself",
            "a version that the portal falsified and marked so that nothing is compared (repeats "
            "an earlier one, not shown), "
            "or with steps, firms, ratios, units, counts or words left out or replaced; signed "
            "and logged",
            "rules, cells, counts and words follow from pack, day and reports; a repeated cell "
            "holds beside its earlier version alone",
            "0 held",
            f"0 of {len(defended)}: {list(defended.values()).count(again)} `value-differs`, "
            "`repeats-shown-before`, `left-out-justified` "
            "and `explanation-follows` not checkable",
            f"the document's word taken: {len(defended)} of {len(defended)} held",
        )
    )


def _lowered(document: test_composed_of.JSON, code: str, *, shown: bool) -> None:
    for step in document["steps"]:
        if step["gate"]["shown"]:
            step["best"], step["typical"] = 0.8 * step["best"], 0.8 * step["typical"]
            step["gate"].update(code=code, shown=shown)
    for name in recomposed.TOTALS:
        if document[name]["gate"]["shown"]:
            document[name]["value"] *= 0.8
            document[name]["gate"].update(code=code, shown=shown)


def _five_set_aside(honest: test_composed_of.JSON) -> test_composed_of.JSON:
    """Made of 15 of 20 reports, those with the least energy in some step left out, as if a policy
    had done it.
    """
    least = sorted(
        range(20),
        key=lambda index: min(
            label["best"]["cell"] for label in honest["reports"][index]["labels"]
        ),
    )[:5]

    def set_aside(content: test_composed_of.JSON) -> test_composed_of.JSON:
        for index in least:
            content["reports"][index]["left_out"] = list(
                range(len(content["reports"][index]["labels"]))
            )
        return content

    logged = audited.require_logged(
        set_aside(deepcopy(honest)), keys.published_directory().content.receipt_keys()
    )
    pack, route = recomposed._declared(honest["document"])
    label = recomposed._composed(logged, pack, route, logged.labels)
    return set_aside(
        test_composed_of.signed_anew(lambda document: _as_composed(document, label))(
            deepcopy(honest)
        )
    )


def _as_composed(document: test_composed_of.JSON, label: IndustryLabel) -> None:
    """These figures in the document, and the words that follow from them."""
    for shown, step in zip(document["steps"], label.cells, strict=True):
        if shown["gate"]["shown"]:
            shown.update(
                firms=step.firms,
                bands=None,
                curve_withheld=True,
                curve=[],
            )
            shown.update(potential_withheld=["typical", "best"], potential=[])
            for figure in recomposed._of_cell("", shown, step):
                if (name := figure.name.strip().replace(" ", "_")) in shown:
                    shown[name] = figure.recomputed
    for figure in recomposed._totals(document, label):
        name, _, part = figure.name.partition(" ")
        if part != "shown":
            document[name][part or "value"] = figure.recomputed
    reported = [
        ReportedLabel(str(firm), str(firm), None)  # type: ignore[arg-type] # counted only
        for firm in range(document["steps"][0]["firms"])
    ]
    pack, route = recomposed._declared(document)
    document["explanation"] |= wording.made_again(document, label, pack, route, reported)


def _ignoring(*ends: str) -> Callable[[pytest.MonkeyPatch], None]:
    """The defence off: figures whose name ends so are not compared."""
    return lambda world: world.setattr(
        recomposed.RecomputedFigure,
        "agrees",
        property(
            lambda figure: figure.name.endswith(ends) or figure.published == figure.recomputed
        ),
    )


def _taken_as_said(world: pytest.MonkeyPatch) -> None:
    world.setattr(recomposed, "repeat_of", lambda name, *_: Repeat(name, "as it says"))
    world.setattr(recomposed, "worded_otherwise", lambda *_: ())


def _wording_off(world: pytest.MonkeyPatch) -> None:
    world.setattr(recomposed, "worded_otherwise", lambda *_: ())


def _and(*offs: Callable[[pytest.MonkeyPatch], object]) -> Callable[[pytest.MonkeyPatch], object]:
    return lambda world: [off(world) for off in offs]


ATTACKS: dict[
    str, tuple[Callable[[test_composed_of.JSON], object], Callable[[pytest.MonkeyPatch], object]]
] = {
    "said to be unchanged": (
        lambda document: _lowered(document, "unchanged", shown=True),
        _taken_as_said,
    ),
    "figures in cells not shown": (
        lambda document: _lowered(document, "lag", shown=False),
        _and(
            _ignoring(
                "best", "typical", "interval", "curve", "potential", "pooled", "quarters", "total"
            ),
            _wording_off,
        ),
    ),
    "ratios": (
        lambda document: [step.update(ratio=7.5) for step in document["steps"]],
        _ignoring("ratio"),
    ),
    "firms of a total": (
        lambda document: document["route_total"].update(firms=999),
        _ignoring("total firms"),
    ),
    "unit of a total": (
        lambda document: document["route_total"].update(unit="kgce/kt"),
        _ignoring("total unit"),
    ),
    "steps left out": (
        lambda document: document.update(steps=document["steps"][:1]),
        _and(_ignoring("cells"), _wording_off),
    ),
    "another explanation": (
        lambda document: document.update(explanation={"lead": {"en": "something else", "zh": ""}}),
        _wording_off,
    ),
}
"""By name: what the portal does to the document, and the defence against it taken away."""


def _looked_at_but(end: str) -> property:
    """Whether a figure agrees, where figures with such a name are not compared."""
    return property(
        lambda figure: figure.name.endswith(end) or figure.published == figure.recomputed
    )


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    actors = make_cast(1)
    deliver(actors.plants[0].envelope(actors.pack))
    open_waiting()
    auditors.register(actors.body, KEY.public.hex, actors.auditor, NOW)
    return actors


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    assigned = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    auditors.declare(assigned, cast.auditor, False, "", NOW)
    return assigned


@ON_THE_PORTAL
def test_a_summary_with_checks_left_out_does_not_hold(
    cast: Cast, assignment: Assignment, monkeypatch: pytest.MonkeyPatch, stated: State
) -> None:
    sample = make_sample_of(assignment, cast.auditor, KEY, NOW)
    page = _page_of_summary(cast, sample)
    assert (
        f"NOT VERIFIED: {len(OF_A_SAMPLE) - 6} of {len(OF_A_SAMPLE)} checks that were asked for "
        "passed; 6 could not be made." in page
    )
    assert "not bound to the report that this portal accepted" in page
    assert all(code in page for code in NOT_NAMED)

    monkeypatch.setattr(summaries, "verdict_of", _of_named_checks)
    assert f"All {len(OF_A_SAMPLE) - 6} checks that were" in _page_of_summary(cast, sample)
    stated(
        Row(
            "checks-left-out",
            "a summary of an opening that does not name the six checks which bind it to the "
            "accepted report",
            "what a summary does not name was not made; bound only where every check that binds "
            "is named as held",
            "never said to hold",
            "not verified, not bound, the six named",
            "named checks alone counted: all checks hold",
        )
    )


def _of_named_checks(
    held: Set[str], failed: Set[str], missing: Set[str], limits: Collection[EvidenceLimit]
) -> SampleVerdict:
    """The word of the file taken: only what it names counts, and it is bound."""
    return SampleVerdict(True, len(held), tuple(failed), tuple(missing), tuple(limits))


def _page_of_summary(cast: Cast, sample: Sample) -> str:
    """The page of the sample once such a summary is in; the summary is taken back."""
    with transaction.atomic():
        summary = summaries.read_summary(summary_bytes(sample, {}, NOT_NAMED))
        sampling.note(Sample.objects.get(pk=sample.pk), summary, cast.auditor, NOW)
        client = Client()
        assert client.login(username=cast.auditor.email, password=PASSWORD)
        page = client.get(
            reverse("web:engagement-sample", args=[sample.assignment_id])
        ).content.decode()
        transaction.set_rollback(True)
    return page


def test_verify_without_a_directory_holds_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    stated: State,
) -> None:
    portal, receipt = FakePortal(), tmp_path / "receipt"
    header = Header("works-1", "2025", 1, "0" * 64, "device-1", 1)
    receipt.write_bytes(receipts.issue("ab" * 32, header, 7, NOW.date(), portal.receipt_key))

    def verify() -> tuple[int, str, str]:
        code = main(["verify", str(receipt), "--json"])
        output = json.loads(capsys.readouterr().out)
        return code, output["binding"], output["checks"][0]["state"]

    assert verify() == (1, "not-bound", "not-checkable")
    monkeypatch.setattr(AuditVerdict, "holds", property(lambda verdict: not verdict.failed))
    assert verify()[0] == 0
    stated(
        Row(
            "no-directory",
            "files for `verify` without the portal's key directory, so that no signature can be "
            "checked",
            "exit code 0 only where everything asked was bound and held",
            "never exit code 0",
            "`receipt-signed` not checkable, `not-bound`, exit code 1",
            "only what failed counted: exit code 0",
        )
    )


@ON_THE_PORTAL
def test_a_statement_on_a_replaced_revision_says_so(
    cast: Cast, assignment: Assignment, monkeypatch: pytest.MonkeyPatch, stated: State
) -> None:
    drawn_up = attesting.draw_up(assignment, terms(NOW), cast.auditor, NOW)
    issued = attesting.take(attestations.sign(bytes(drawn_up.content), KEY), cast.auditor, NOW)
    deliver(cast.plants[0].envelope(cast.pack, revision=2))
    open_waiting()

    def shown() -> tuple[AttestationStanding, bool]:
        statement = attestation_standing.by_code(code_of(issued.digest), NOW.date())
        assert statement is not None
        page = Client().get(reverse("web:verify", args=[code_of(issued.digest)])).content.decode()
        return (
            statement.standing,
            "This statement is about revision 1 of the report. A later revision has replaced it"
            in page,
        )

    assert shown() == (AttestationStanding.EARLIER, True)
    honest = attestation_standing.standing_of
    monkeypatch.setattr(
        attestation_standing,
        "standing_of",
        lambda row, today: (
            AttestationStanding.VALID
            if honest(row, today) is AttestationStanding.EARLIER
            else honest(row, today)
        ),
    )
    assert shown() == (AttestationStanding.VALID, False)
    stated(
        Row(
            "replaced-revision",
            "a statement shown as valid after its report was replaced by another revision",
            "a statement stands while the revision that it is of is the accepted one",
            "never valid",
            "`earlier`, with the revision, on its page and by its code",
            "state of the report not asked: valid",
        )
    )
