"""What is done with one site, in whatever process it is done: the files of `label` or `check`, and
what became of it in short.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, Place, SteplabelError
from benchmarks.label_keys import LabelKey
from benchmarks.labels import StepLabel
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase, enumerated
from extras.fleet import storage
from extras.fleet.readable_folders import require_readable
from extras.fleet.site_tasks import (
    DataQuality,
    EnergyPrice,
    LackingLabel,
    SitePrices,
    SiteStep,
    SiteTaskOutcome,
    Task,
    refused,
)
from extras.fleet.unchanged_sites import OUTCOME, earlier_outcome, keep, made_from
from reporting_agent import pipeline
from reporting_agent.analysis import Analysis, analyse
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.changes.questioned_label import labelled
from reporting_agent.changes.reportable import missing_for_release
from reporting_agent.changes.review import review
from reporting_agent.config import SiteSettings
from reporting_agent.config.tariff import Tariff
from reporting_agent.console import LANGUAGE
from reporting_agent.processors import on_one_processor
from reporting_agent.report import quality, site_files
from reporting_agent.report.words import label_name, reason, words
from reporting_agent.sending.eligibility import why_not_reportable
from reporting_agent.sources.object_storage import beside, is_object


def do(task: Task) -> SiteTaskOutcome:
    """Label or check one site and write its files, or take what an earlier run made of the same; a
    refusal is an outcome too.

    On one processor, since others do other sites.
    """
    LANGUAGE.set(task.lang)
    with on_one_processor():
        return _done(task)


def _done(task: Task) -> SiteTaskOutcome:
    try:
        site = storage.site_at(task.file, task.inherit)
        if task.within is not None:
            require_readable(
                site,
                (beside(task.file) if is_object(task.file) else str(site.folder), *task.within),
            )
        if (outcome := earlier_outcome(task, site)) is not None:
            return outcome
        with storage.results(task.out, last=OUTCOME) as folder:
            return keep(
                _label(task, site, folder) if task.work == "label" else _check(task, site, folder),
                folder,
            )
    except SteplabelError as refusal:
        return refused(task, refusal)
    except OSError as unreadable:
        return refused(task, _unreadable(task, unreadable))


def _label(task: Task, site: SiteSettings, folder: Path) -> SiteTaskOutcome:
    digest = made_from(task, site)
    now = datetime.now(UTC)
    label = labelled(site, task.period or "", now, outward=True)
    result, analysis = label.result, analyse(site, label)
    missing = missing_for_release(site, label, why_not_reportable(site))
    site_files.write(site, result, analysis, folder, task.lang, now, missing)
    steps, lacking = tuple(_steps(task, result, analysis)), tuple(_lacking(task, result))
    done = SiteTaskOutcome(
        task.file, site.id, task.out, digest, steps, _prices(task, site), lacking=lacking
    )
    if done.steps:
        return done
    why = _without_label(task, lacking)
    return replace(done, refused=why.to_json(), refusal=why.in_words(task.lang))


def _without_label(task: Task, lacking: Sequence[LackingLabel]) -> InputError:
    """Why a site whose files were written has no label, in the task's language: an earlier run's
    words are shown again as they stand.
    """
    labels = [label.sentence for label in lacking]
    return InputError(
        "fleet-site-without-label",
        "This site has no label.",
        "Check the period, and what the site's own report says of the batches that were left out.",
        place=Place(task.file),
        found=words(task.lang)["page"]["semicolon"].join(labels)
        or in_language(Phrase("no batch of the period belongs to a step of the pack"), task.lang),
    )


def _lacking(task: Task, result: pipeline.LabelResult) -> Iterator[LackingLabel]:
    for label in result.site_label.steps:
        if label.best.value is None:
            yield LackingLabel(
                *(
                    label.step,
                    label.product,
                    label.variant,
                    str(label.metric),
                    label.best.reason or "",
                ),
                *(label.used, label.read, dict(label.excluded)),
                in_language(_left_out(label, result, task.lang), task.lang),
            )


def _left_out(label: StepLabel, result: pipeline.LabelResult, lang: str) -> Phrase:
    values = {
        "name": label_name(
            result.data.pack.step(label.step), label.product, label.variant, label.metric, lang
        ),
        "used": f"{label.used:,}",
        "read": f"{label.read:,}",
        "why": reason(label.best.reason or "", lang),
    }
    if not label.excluded:
        return Phrase("%(name)s: %(used)s of %(read)s batches used, %(why)s", **values)
    counts = enumerated(
        Phrase("%(why)s %(count)s", why=reason(why, lang), count=f"{count:,}")
        for why, count in label.excluded.items()
    )
    return Phrase(
        "%(name)s: %(used)s of %(read)s batches used, %(why)s (excluded: %(counts)s)",
        **values,
        counts=counts,
    )


def _check(task: Task, site: SiteSettings, folder: Path) -> SiteTaskOutcome:
    digest = made_from(task, site)
    period = Period.parse(task.period, site.zone) if task.period else None
    data = pipeline.read(site, period)
    reviewed = review(site, data)
    site_files.write_check(site, data, reviewed, period, folder, task.lang, datetime.now(UTC))
    findings = quality.in_order(data.findings)
    worst = findings[0] if findings else None
    summary = DataQuality(
        batches=len(data.batches),
        excluded=sum(batch.excluded is not None for batch in data.batches),
        rejected_rows=len(data.rejected),
        open_questions=len(reviewed.open),
        findings=dict(Counter(str(finding.severity) for finding in findings)),
        first=None if worst is None else in_language(worst.sentence, task.lang),
        place=in_language(worst.places[0].words, task.lang)
        if worst is not None and worst.places
        else None,
    )
    return SiteTaskOutcome(task.file, site.id, task.out, digest, quality=summary)


def _steps(task: Task, result: pipeline.LabelResult, analysis: Analysis) -> Iterator[SiteStep]:
    pack = result.data.pack
    lost = {LabelKey.of(loss): loss for loss in analysis.losses}
    for label in result.site_label.steps:
        if label.best.value is None:
            continue
        losses = lost.get(LabelKey.of(label))
        money = (
            None
            if losses is None or losses.gap.money is None or losses.gap.energy <= 0
            else losses.gap.money / losses.gap.energy
        )
        yield SiteStep(
            f"{pack.id} {pack.version}",
            *(
                label.step,
                label.product,
                label.variant,
                str(label.metric),
                label.boundary,
                label.unit,
            ),
            best=label.best.value,
            uncertainty=None
            if label.uncertainty is None or label.uncertainty.best is None
            else label.uncertainty.best.value,
            typical=label.typical,
            used=label.used,
            read=label.read,
            output=label.output,
            money=money,
            currency=None if losses is None else losses.currency,
            name=label_name(
                pack.step(label.step), label.product, label.variant, label.metric, task.lang
            ),
            excluded=dict(label.excluded),
            causes={}
            if losses is None
            else {str(cause): amount.energy for cause, amount in losses.by_cause.items()},
            in_total=losses is not None and not losses.counted,
            without_money=None if money is not None else _without_money(losses, task.lang),
        )


def _without_money(losses: StepLosses | None, lang: str) -> str:
    if losses is not None and losses.money_reason is not None:
        return losses.money_reason.said_in(lang)
    return in_language(Phrase("No energy above the label was found, so its cost is unknown."), lang)


def _prices(task: Task, site: SiteSettings) -> SitePrices | None:
    if site.tariff is None:
        return None
    inherited = "tariff" in task.inherit and "tariff" not in tomllib.loads(
        site.path.read_text(encoding="utf-8-sig")
    )
    return SitePrices(inherited, tuple(_carriers(site.tariff)))


def _carriers(tariff: Tariff) -> Iterator[EnergyPrice]:
    for series in tariff.series:
        yield EnergyPrice(
            series.carrier, f"{tariff.currency}/{series.unit}", None, None, series.name
        )
    amounts: dict[tuple[str, str], list[float]] = {}
    for price in tariff.prices:
        amounts.setdefault((price.carrier, price.unit), []).extend(
            [price.price, *(period.price for period in price.periods)]
        )
    for (carrier, unit), values in amounts.items():
        yield EnergyPrice(carrier, f"{tariff.currency}/{unit}", min(values), max(values))


def _unreadable(task: Task, why: OSError) -> InputError:
    return InputError(
        "fleet-site-unreadable",
        Phrase(
            "A file of this site could not be read or written: %(why)s.",
            why=str(why.strerror or why),
        ),
        "Free or repair the file named, and run `fleet` again: it continues with the sites that "
        "are not done.",
        place=Place(str(why.filename or task.file)),
    )
