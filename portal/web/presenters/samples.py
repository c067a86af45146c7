"""Sample and opening of an engagement: how was drawn, and what came of it, in counts."""

from __future__ import annotations

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from benchmarks.audit import signed_draws
from benchmarks.audit.sampling_plan import STANDARD, SamplingPlan, StratumKind, promised_of_used
from benchmarks.wire.attestations import SampleOutcome
from portal.assurance.engagements import EngagementView
from portal.assurance.models import Sample
from portal.assurance.sampling import outcome_noted
from portal.days import scheme_day
from portal.intake.models import SubmissionState
from portal.web.presenters.assurance import engagement_title
from portal.web.viewmodels.assurance import PlanRow, SamplePage, SampleStage
from portal.web.viewmodels.shared import Crumb, HeadlineFigure, Item
from portal.web.words.checks import how_sure, outcome_in_words, what_is_missing
from portal.web.words.terms import Names, enumerated


def sample_page(
    view: EngagementView,
    sample: Sample | None,
    root: bytes | None,
    fingerprint: str,
    crumbs: tuple[Crumb, ...],
) -> SamplePage:
    """`fingerprint` is of the key that signs the portal's directory."""
    promise = signed_draws.read_promise(bytes(sample.promise)) if sample is not None else None
    drawn = (
        signed_draws.read(bytes(sample.draw))
        if sample is not None and sample.draw is not None
        else None
    )
    outcome = outcome_noted(sample) if sample is not None else None
    waits = sample is not None and sample.waits
    plan = promise.plan if promise is not None else STANDARD
    ready = root is not None
    return SamplePage(
        title=_("Sample and opening, %(of)s") % {"of": engagement_title(view)},
        stage=sample_stage(sample, root),
        lead=_lead(sample, outcome, drawn=drawn is not None, ready=ready),
        earlier=_earlier(view, sample),
        figures=_figures(outcome),
        codes=tuple(
            Item(code, _("%(n)s records") % {"n": f"{number:,}"})
            for code, number in sorted(sample.codes.items())
        )
        if sample is not None
        else (),
        missing=tuple(Item(code, what_is_missing(code)) for code in sample.not_checkable)
        if sample is not None
        else (),
        parameters=_parameters(sample, _steps_drawn(view, promise), drawn, root)
        if sample is not None and promise is not None
        else (),
        plan=_plan(plan),
        certainty=how_sure(*promised_of_used(plan)),
        planned=sample is None,
        about=f"{view.site}/{view.period}",
        folder=f"{view.site}-{view.period.replace('/', '_')}",
        give_up_url=reverse("web:engagement-give-up", args=[view.id]) if waits else "",
        draw_url=reverse("web:draw-file", args=[sample.pk]) if sample is not None and drawn else "",
        evidence_url=reverse("web:sample-evidence", args=[sample.pk])
        if sample is not None and (drawn or (waits and ready))
        else "",
        evidence_name=evidence_name(sample) if sample is not None else "",
        fingerprint=fingerprint,
        finding_url=reverse("web:engagement-new-finding", args=[view.id])
        if outcome is not None and outcome.verdict.failed
        else "",
        crumbs=crumbs,
    )


def evidence_name(sample: Sample) -> str:
    """What the evidence file of a sample is called."""
    return f"evidence-{sample.pk}.json"


def sample_stage(sample: Sample | None, root: bytes | None) -> SampleStage:
    """What the newest sample waits for; `root` is of the head to draw with, None where it is not
    there yet.
    """
    if sample is None or sample.verified_at is not None or sample.given_up_at is not None:
        return SampleStage.PROMISE
    if sample.draw is not None:
        return SampleStage.COUNTS
    return SampleStage.WAIT if root is None else SampleStage.DRAW


def _lead(sample: Sample | None, outcome: SampleOutcome | None, *, drawn: bool, ready: bool) -> str:
    if sample is None:
        return _(
            "No sample is drawn yet. First promise a number. Its digest goes into the log before "
            "anybody can know which records "
            "will be drawn."
        )
    if sample.given_up_at is not None:
        facts = {
            "day": date_format(scheme_day(sample.given_up_at), _("j F Y")),
            "person": str(sample.given_up_by),
            "reason": sample.given_up_reason,
        }
        return (
            _(
                "On %(day)s %(person)s gave up the promise of this sample (%(reason)s). It counts "
                "as promised before. Promise a new number."
            )
            % facts
        )
    if outcome is not None:
        return outcome_in_words(outcome)
    if drawn:
        return _(
            "The sample is drawn. The plant opens it to you, not to this portal. The result of "
            "each check is recorded here."
        )
    if ready:
        return _("Your promise and the entry that follows it are in the log. You can draw now.")
    return _("Your promise is in the log. You can draw once the log has its next entry.")


def _earlier(view: EngagementView, sample: Sample | None) -> str:
    """Said where the newest sample is of a revision that another has replaced."""
    if sample is None or sample.submission.state == SubmissionState.ACCEPTED:
        return ""
    facts = {
        "n": sample.submission.revision,
        "now": view.accepted.revision if view.accepted else "–",
    }
    return (
        _(
            "This is about revision %(n)s of the report, which is not the newest. Revision "
            "%(now)s has replaced it, and no sample "
            "of revision %(now)s has been drawn."
        )
        % facts
    )


def _figures(outcome: SampleOutcome | None) -> tuple[HeadlineFigure, ...]:
    if outcome is None:
        return tuple(
            HeadlineFigure(name, "–", "", "")
            for name in (_("Checks passed"), _("Checks failed"), _("Checks not made"))
        )
    verdict = outcome.verdict
    failed, missing = len(verdict.failed), len(verdict.not_checkable)
    of = _("of %(n)s") % {"n": f"{verdict.held + failed + missing:,}"}
    bound = (
        _("bound to the report that this portal accepted")
        if verdict.bound
        else _("not bound to the report that this portal accepted")
    )
    return (
        HeadlineFigure(_("Checks passed"), f"{verdict.held:,}", of, bound),
        HeadlineFigure(
            _("Checks failed"), f"{failed:,}", of, _("each needs a finding") if failed else ""
        ),
        HeadlineFigure(
            _("Checks not made"),
            f"{missing:,}",
            of,
            _("none of them counts as passed") if missing else "",
        ),
    )


def _steps_drawn(view: EngagementView, promise: signed_draws.Promise) -> str:
    """Those that records are drawn of, by their names."""
    names = Names.newest(view.pack)
    return (
        enumerated(names.step_name(step) for step in promise.steps) if promise.steps else _("all")
    )


def _parameters(
    sample: Sample, steps: str, drawn: signed_draws.Draw | None, root: bytes | None
) -> tuple[Item, ...]:
    items = [
        Item(_("Report"), _("revision %(n)s") % {"n": sample.submission.revision}),
        Item(_("Steps drawn"), steps),
        Item(_("Digest of the promise (SHA-256)"), sample.promise_digest),
        Item(_("Promised on"), date_format(scheme_day(sample.promised_at), _("j F Y"))),
        Item(
            _("Head of the log used for the draw"),
            f"{sample.head_size}:{root.hex()}"
            if root
            else _("of %(n)s entries") % {"n": f"{sample.head_size:,}"},
        ),
    ]
    if drawn is not None:
        items.append(Item(_("Root of the data"), drawn.commitment.data_root.hex()))
        items.append(Item(_("Number that was promised"), drawn.nonce.hex()))
    return tuple(items)


def _plan(plan: SamplingPlan) -> tuple[PlanRow, ...]:
    words = {
        StratumKind.BELOW: pgettext("stratum", "At or below the label"),
        StratumKind.USED: pgettext("stratum", "Counted by the label"),
        StratumKind.EXCLUDED: pgettext("stratum", "Left out of the label"),
        StratumKind.DAYS: pgettext("stratum", "Days of meters"),
        StratumKind.PADDING: pgettext("stratum", "Padding of the tree"),
    }
    edge = PlanRow(
        pgettext("stratum", "At the rank of the label"),
        _("always"),
        _("that record alone"),
    )
    return (
        edge,
        *(
            PlanRow(
                words[kind], f"{float(size.confidence * 100):g} %", f"{float(size.share * 100):g} %"
            )
            for kind, size in plan.sizes.items()
            if kind in words
        ),
    )
