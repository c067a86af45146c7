"""What a report is made of: the year's labels, and for pooled steps those over the years before as
well.

The years of a report that is bound already are the ones it was bound with, whatever is asked for
now: a run that was killed is finished as it was begun, and a correction covers what it corrects,
unless `--correct --pool` decides anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from benchmarks.audit.records import days_of
from benchmarks.errors import PolicyRefusal
from benchmarks.labels import SiteLabel
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.privacy.pooling import is_calendar_year
from benchmarks.routes import Pack
from reporting_agent import pipeline
from reporting_agent.changes.review import review
from reporting_agent.config import SiteSettings
from reporting_agent.config.site import settings_digest
from reporting_agent.pipeline import own_gas
from reporting_agent.pipeline.heating_values import require_one_value
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.pipeline.outward import own_metering
from reporting_agent.pipeline.outward.releasable import differences, in_doubt, steps_in_doubt
from reporting_agent.sending import pooled_labels
from reporting_agent.sending.consent import Offer
from reporting_agent.sending.kept_reports import Parcel
from reporting_agent.sending.planning import Provenance, window_of
from reporting_agent.sending.pooled_labels import ALONE, Windows
from reporting_agent.sending.privacy_ledger import Ledger
from reporting_agent.sending.submission import ReportMaterial
from reporting_agent.sources.reading_log import DayDigests


def gather(
    site: SiteSettings,
    pack: Pack,
    period: Period,
    revisions: Sequence[Parcel],
    ledger: Ledger | None,
    *,
    pool: bool,
    correct: bool,
    look: bool = False,
    commit: bool = False,
) -> ReportMaterial:
    """Read the plant's files and label what the report covers.

    Args:
        revisions: of the site and period, oldest first.
        ledger: None where nothing was ever spent.
        pool: steps that gain are to cover earlier years as well.
        correct: the next revision is meant.
        look: find out what earlier years would give, though nobody asks to pool.
        commit: the material is to be committed to: readings are digested as they pass.

    Raises:
        InputError: a file, the profile or the pack cannot be used.
        PolicyRefusal: `pool-needs-a-year`, `pool-gains-nothing`, `pool-decided`;
            `change-unanswered` where the data changed in a way that nobody has explained;
            `heating-value-two-sided` where a gas has two heating values on one day;
            `own-gas-missing` where a step credits a gas and burns none.
    """
    bound = next((parcel for parcel in reversed(revisions) if parcel.is_bound), None)
    decided = bound.windows if bound is not None and not (correct and pool) else None
    if pool and not is_calendar_year(period):
        raise PolicyRefusal(
            "pool-needs-a-year",
            Phrase(
                "%(period)s is not a calendar year. A label covers whole years, and the last of "
                "them is the year of the report.",
                period=period.name,
            ),
            "Report a year, such as 2016, with `--pool`; or leave `--pool` out.",
        )
    if pool and decided is not None and not decided:
        raise PolicyRefusal(
            "pool-decided",
            Phrase(
                "The report of %(period)s was begun with every step covering %(period)s alone, "
                "and its noise is already determined.",
                period=period.name,
            ),
            "Run the same command without `--pool` to finish it. `--correct --pool` makes a "
            "revision that covers earlier years as "
            "well; it spends from the reserve for corrections.",
        )
    most = pack.policy.most_years if is_calendar_year(period) else 1
    looked = decided is None and most > 1 and (pool or look)
    reach = most if looked else max((decided or ALONE).values(), default=1)
    days = _days_of(site, period, reach) if commit else None
    data = pipeline.read(site, pooled_labels.span(period, reach), days=days, outward=True)

    if bound is None or correct:  # what was begun is finished as it was begun
        review(site, data).require_answers()
        require_one_value(data.outgoing.batches, site.heating_values, pack)
        own_gas.require_none(data.outgoing.batches, pack)

    alone = pipeline.outgoing_label(site, data, period)
    gains: tuple[Offer, ...] = ()
    if looked:
        gains = pooled_labels.gains(
            pipeline.outgoing_label(site, data, pooled_labels.span(period, most)),
            pack,
            period.start.year,
            _most_spent(ledger, period),
        )
    windows = _windows(decided, gains, period, pool=pool)
    label = pooled_labels.leaving(site, data, alone, windows)
    gained = () if windows else gains
    local = pipeline.label_of(site, data, period)
    doubts = _in_doubt(site, data, local, windows)
    differ = (
        *own_metering.sentences(site, pack),
        *differences(local, alone, data.pack, doubts),
    )
    provenance = _provenance(site, days, period, windows)
    return ReportMaterial(
        label,
        data.outgoing.batches,
        data.pack,
        windows,
        gained,
        provenance,
        data.proposals,
        differ,
        doubts,
    )


def gather_again(site: SiteSettings, period: Period, windows: Windows) -> ReportMaterial:
    """What a report that covers these years was made of, read once more from the plant's files.

    Raises:
        InputError: a file, the profile or the pack cannot be used.
    """
    days = _days_of(site, period, max(windows.values(), default=1))
    data = pipeline.read(site, pooled_labels.covered(period, windows), days=days, outward=True)
    label = pooled_labels.leaving(site, data, pipeline.outgoing_label(site, data, period), windows)
    return ReportMaterial(
        label,
        data.outgoing.batches,
        data.pack,
        windows,
        provenance=_provenance(site, days, period, windows),
        in_doubt=_in_doubt(site, data, pipeline.label_of(site, data, period), windows),
    )


def _in_doubt(
    site: SiteSettings, data: pipeline.PlantData, local: SiteLabel, windows: Windows
) -> dict[str, PolicyRefusal]:
    """Steps that stay at home; what betters a pooled label may lie in the earlier years alone."""
    doubts = in_doubt(local, site, data)
    for years in {*windows.values()}:
        longer = pipeline.label_of(site, data, pooled_labels.span(local.period, years))
        pooled = [step for step, own in windows.items() if own == years]
        doubts = steps_in_doubt(longer, pooled) | doubts
    return doubts


def _days_of(site: SiteSettings, period: Period, reach: int) -> DayDigests:
    """What takes the readings on their way; how many of the years count may turn out later."""
    edges = {edge for years in range(1, reach + 1) for edge in window_of(period, {"": years})}
    return DayDigests({meter.id: meter.unit for meter in site.meters}, edges)


def _provenance(
    site: SiteSettings, days: DayDigests | None, period: Period, windows: Windows
) -> Provenance:
    cut = f"{site.runs.cut}, timezone = {site.site.timezone}" if Inputs(site).has("log") else ""
    if days is None:
        return Provenance(cut=cut)
    window = window_of(period, windows)
    weighed = Inputs(site).weighings() if site.scales else {}
    units = {scale.id: scale.unit for scale in site.scales}
    by_day = [
        day
        for name, record in sorted(weighed.items())
        for day in days_of(name, units[name], record.time_us, record.value, window)
    ]
    return Provenance((*days.days(window), *by_day), settings_digest(site), cut)


def _windows(
    decided: Windows | None, gains: Sequence[Offer], period: Period, *, pool: bool
) -> Windows:
    if decided is not None:
        return decided
    if not pool:
        return ALONE
    if not gains:
        raise PolicyRefusal(
            "pool-gains-nothing",
            Phrase(
                "No step would benefit from years before %(period)s. Each step has enough batches "
                "already, or too few even with "
                "those years, or those years are not in the files, or their batches have used up "
                "their privacy budget.",
                period=period.name,
            ),
            "Report without `--pool`. `steplabel-agent status` shows what was spent; name the "
            "files of earlier years under [inputs].",
        )
    return {gain.step: gain.years for gain in gains}


def _most_spent(ledger: Ledger | None, period: Period) -> Callable[[str, int], Fraction]:
    """What other reports have taken: this one's own share must not close the years that it
    covers.
    """
    if ledger is None:
        return lambda _step, _year: Fraction(0)
    spent = ledger.most_spent(besides=str(period.start.year))
    return lambda step, year: spent.get((step, year), Fraction(0))
