"""The period that a site's files tell of, where nobody names one: all of it, and the last whole
calendar year where they hold one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from benchmarks.errors import InputError, Place
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from reporting_agent import sources
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.pipeline.plant_data import PlantData

_AT_THE_EDGES = timedelta(days=7)  # a works stands still over New Year
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def of_runs(site: SiteSettings) -> Period:
    """The period of the rows of batches, or of the log.

    Raises:
        InputError: `batches-missing`, where no row can be read.
    """
    inputs = Inputs(site)
    wanted, column = (sources.LOG, "timestamp") if inputs.has("log") else (sources.BATCHES, "start")
    tables = inputs.tables(wanted)
    moments = [moment for table in tables for moment in table.columns[column]]
    if not moments:
        rejected = [row for table in tables for row in table.rejected]
        raise InputError(
            "batches-missing",
            "No row of the file can be read.",
            "Correct what is found, or the mapping in site.toml.",
            place=rejected[0].place if rejected else Place(str(site.path)),
            found=rejected[0].found if rejected else Phrase("0 rows"),
            wanted=rejected[0].wanted if rejected else Phrase("at least one row"),
        )
    local = [moment.astimezone(site.zone) for moment in (min(moments), max(moments))]
    return _between(local[0].date(), local[1].date(), site)


def of_meters(site: SiteSettings, data: PlantData) -> Period:
    """The period of readings that were read for no period."""
    edges_us = [
        edge
        for record in data.meters
        for edge in (record.facts.first_us, record.facts.last_us)
        if edge is not None
    ]
    if not edges_us:
        raise InputError(
            "readings-missing",
            "No reading of any meter can be read.",
            "Correct what is found, or the mapping in site.toml.",
            place=data.rejected[0].place if data.rejected else Place(str(site.path)),
            found=data.rejected[0].found if data.rejected else Phrase("0 readings"),
            wanted=Phrase("readings"),
        )
    first, last = (
        (_EPOCH + timedelta(microseconds=edge)).astimezone(site.zone)
        for edge in (min(edges_us), max(edges_us) - 1)
    )
    return _between(first.date(), last.date(), site)


def _between(first: date, last: date, site: SiteSettings) -> Period:
    """Both days included; the last whole year among them, where there is one."""
    for year in range(last.year, first.year - 1, -1):
        begins, ends = date(year, 1, 1), date(year, 12, 31)
        if first - _AT_THE_EDGES <= begins and ends <= last + _AT_THE_EDGES:
            return Period.parse(str(year), site.zone)
    return Period.parse(f"{first}/{last + timedelta(days=1)}", site.zone)
