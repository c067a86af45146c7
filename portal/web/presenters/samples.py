"""Sample and opening of an engagement: how was drawn, and what came of it, in counts."""

from __future__ import annotations

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from benchmarks.audit import draws
from benchmarks.audit.sampling import STANDARD, Kind, Plan
from portal.assurance.engagements import EngagementView
from portal.assurance.models import Sample
from portal.days import scheme_day
from portal.web.presenters.assurance import engagement_title
from portal.web.viewmodels.assurance import PlanRow, SamplePage
from portal.web.viewmodels.shared import Crumb, Figure, Item


def sample_page(view: EngagementView, sample: Sample | None, root: bytes | None, crumbs: tuple[Crumb, ...]) -> SamplePage:
    drawn = draws.read(bytes(sample.draw)) if sample is not None and sample.draw is not None else None
    verified = sample is not None and sample.verified_at is not None
    held, failing = (sample.held or 0, sample.failing or 0) if sample is not None and verified else (0, 0)
    waits = sample is not None and drawn is None
    ready = root is not None
    return SamplePage(
        title=_("Sample and opening, %(of)s") % {"of": engagement_title(view)},
        stage=_stage(sample, verified=verified, drawn=drawn is not None, ready=ready),
        lead=_lead(sample, held, failing, verified=verified, drawn=drawn is not None, ready=ready),
        figures=(
            Figure(
                _("Checks held"), f"{held:,}" if verified else "–", _("of %(n)s") % {"n": f"{held + failing:,}"} if verified else "", ""
            ),
            Figure(_("Checks failed"), f"{failing:,}" if verified else "–", "", _("each needs a finding") if failing else ""),
        ),
        codes=tuple(Item(code, _("%(n)s records") % {"n": f"{number:,}"}) for code, number in sorted(sample.codes.items()))
        if sample is not None
        else (),
        parameters=_parameters(sample, drawn, root) if sample is not None else (),
        plan=_plan(drawn.plan if drawn else STANDARD),
        planned=drawn is None,
        head=f"{sample.head_size}:{root.hex()}" if sample is not None and waits and root is not None else "",
        about=f"{view.site}/{view.period}",
        commitment_name=commitment_name(view),
        commitment_url=reverse("web:engagement-commitment", args=[view.id]) if waits and ready else "",
        draw_url=reverse("web:draw-file", args=[sample.pk]) if sample is not None and drawn else "",
        finding_url=reverse("web:engagement-new-finding", args=[view.id]) if failing else "",
        crumbs=crumbs,
    )


def commitment_name(view: EngagementView) -> str:
    """What the plant's commitment is called as a file."""
    report = view.accepted
    return f"commitment-{view.site}-{view.period.replace('/', '_')}-r{report.revision}.cbor" if report else ""


def _stage(sample: Sample | None, *, verified: bool, drawn: bool, ready: bool) -> str:
    """What the form on the page takes: `promise`, `draw`, `counts`; `wait` where nothing can be done."""
    if sample is None or verified:
        return "promise"
    if drawn:
        return "counts"
    return "draw" if ready else "wait"


def _lead(sample: Sample | None, held: int, failing: int, *, verified: bool, drawn: bool, ready: bool) -> str:
    if sample is None:
        return _("Nothing is drawn yet. First promise a number: its digest goes into the log before anybody can know the draw.")
    if verified:
        n = f"{held + failing:,}"
        if failing:
            return _("%(held)s of %(n)s checks hold. %(failing)s failed and need a finding.") % {
                "held": f"{held:,}",
                "n": n,
                "failing": f"{failing:,}",
            }
        return _("All %(n)s checks hold.") % {"n": n}
    if drawn:
        return _("The sample is drawn. The plant opens it to you, not to this portal; what comes of it is noted here in counts.")
    if ready:
        return _("Your promise is in the log, and so is what came after it: draw now.")
    return _("Your promise is in the log. The draw waits for the next entry of the log, which nobody knows yet.")


def _parameters(sample: Sample, drawn: draws.Draw | None, root: bytes | None) -> tuple[Item, ...]:
    items = [
        Item(_("Report"), _("revision %(n)s") % {"n": sample.submission.revision}),
        Item(_("Digest of the promise (SHA-256)"), sample.promise_digest),
        Item(_("Promised on"), date_format(scheme_day(sample.promised_at), _("j F Y"))),
        Item(
            _("Head of the log to draw with"),
            f"{sample.head_size}:{root.hex()}" if root else _("of %(n)s entries") % {"n": f"{sample.head_size:,}"},
        ),
    ]
    if drawn is not None:
        items.append(Item(_("Root of the data"), drawn.commitment.data_root.hex()))
        items.append(Item(_("Number that was promised"), drawn.nonce.hex()))
    return tuple(items)


def _plan(plan: Plan) -> tuple[PlanRow, ...]:
    words = {
        Kind.BELOW: pgettext("stratum", "At or below the label"),
        Kind.USED: pgettext("stratum", "Counted by the label"),
        Kind.EXCLUDED: pgettext("stratum", "Left out of the label"),
        Kind.DAYS: pgettext("stratum", "Days of meters"),
        Kind.PADDING: pgettext("stratum", "Padding of the tree"),
    }
    edge = PlanRow(pgettext("stratum", "Next to the label"), _("all"), _("%(n)s on each side of its rank") % {"n": plan.beside_rank})
    return (
        edge,
        *(
            PlanRow(words[kind], f"{float(size.confidence * 100):g} %", f"{float(size.share * 100):g} %")
            for kind, size in plan.sizes.items()
            if kind in words
        ),
    )
