"""Which sites need not be done again: what became of a site is kept beside its files, under a
digest of all that these were made from.

A site's folder holds what `label` or `check` writes and `outcome.json`: its labels or its data in
short, under a digest of all that they were made from (settings, shared tables, pack and factors,
period, language, versions, and path, size and time of every input and file of prices). While that
stays the same a later run takes the outcome as it is. A site that reads from a provider's source is
always done again: what it gives has no digest beforehand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import packs
from benchmarks.errors import SteplabelError
from extras.fleet import storage
from extras.fleet.site_tasks import (
    DataQuality,
    EnergyPrice,
    LackingLabel,
    SitePrices,
    SiteStep,
    SiteTaskOutcome,
    Task,
)
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.inputs import paths_of
from reporting_agent.report import writing
from reporting_agent.software import SOFTWARE
from reporting_agent.sources import object_storage
from reporting_agent.sources.price_series import price_files

OUTCOME = "outcome.json"
FORM = 5  # of outcome.json: what an agent wrote that kept or looked at less of a site is done again


def keep(outcome: SiteTaskOutcome, folder: Path) -> SiteTaskOutcome:
    """Write it beside the site's files, which must all be there: only then is the site done."""
    writing.write_json(folder / OUTCOME, asdict(outcome))
    return outcome


def earlier_outcome(task: Task, site: SiteSettings | None = None) -> SiteTaskOutcome | None:
    """The outcome of an earlier run, where it was made from the same."""
    try:
        if (text := storage.read(task.out, OUTCOME)) is None:
            return None
        raw = json.loads(text)
        site = site or storage.site_at(task.file, task.inherit)
        if site.inputs.source is not None or raw["made_from"] != made_from(task, site):
            return None
        quality = None if raw["quality"] is None else DataQuality(**raw["quality"])
        steps = tuple(SiteStep(**step) for step in raw["steps"])
        lacking = tuple(LackingLabel(**label) for label in raw["lacking"])
        of_this_run = {
            "file": task.file,
            "folder": task.out,
            "kept": True,
        }  # the path may have been written otherwise then
        return SiteTaskOutcome(
            **{
                **raw,
                "steps": steps,
                "lacking": lacking,
                "prices": _prices(raw["prices"]),
                "quality": quality,
                **of_this_run,
            }
        )
    except (OSError, ValueError, KeyError, TypeError, SteplabelError):
        return None


def _prices(raw: Mapping[str, Any] | None) -> SitePrices | None:
    return (
        None
        if raw is None
        else SitePrices(raw["inherited"], tuple(EnergyPrice(**price) for price in raw["carriers"]))
    )


def made_from(task: Task, site: SiteSettings) -> str:
    """Digest of all that a site's files are made from."""
    pack = pipeline.pack_of(site)
    files = [path for pattern in patterns_of(site) for path in paths_of(site, pattern)]
    stats = [
        (_named(path), (stat := path.stat()).st_size, stat.st_mtime_ns)
        for path in (*files, *price_files_of(site))
    ]
    by = [SOFTWARE, FORM, packs.digest(pack).hex(), packs.factors(pack).digest.hex()]
    inputs = [
        *by,
        task.work,
        task.period,
        task.lang,
        site.path.read_text(encoding="utf-8-sig"),
        task.inherit,
        sorted(stats),
    ]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def _named(path: Path) -> str:
    """Its path from the root, however fleet.toml was named; a fetched object's has the name that
    it has on every machine.
    """
    home = object_storage.copies()
    return (
        f"{object_storage.SCHEME}{path.relative_to(home).as_posix()}"
        if path.is_relative_to(home)
        else str(path.resolve())
    )


def price_files_of(site: SiteSettings) -> list[Path]:
    """The files of prices that are there: one that is missing is refused where its prices are read,
    with its remedy.
    """
    series = site.tariff.series if site.tariff is not None else ()
    return [path for prices in series for path in price_files(prices, site.folder) if path.exists()]


def patterns_of(site: SiteSettings) -> list[str]:
    """Every file or pattern that `[inputs]` names."""
    named = site.inputs.model_dump(exclude={"source"}, exclude_none=True).values()
    return [pattern for each in named for pattern in ((each,) if isinstance(each, str) else each)]
