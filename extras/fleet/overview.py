"""How the sites of a firm stand, one row each: made of what `status --json` says of each, on this
machine or brought from another.
"""

from __future__ import annotations

import json
import sqlite3
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.csv_cells import csv_of
from benchmarks.errors import ExitCode, SteplabelError
from benchmarks.phrases import Phrase
from extras.fleet.fleet_settings import load_fleet
from extras.fleet.site_tasks import name_of
from extras.fleet.storage import site_at
from reporting_agent.commands.status import status_of
from reporting_agent.commands.troubles import SiteTrouble, troubles
from reporting_agent.console import answer, columns_of, emit
from reporting_agent.pipeline import pack_of
from reporting_agent.report import writing
from reporting_agent.sources.object_storage import is_object
from reporting_agent.state import StateDirectory

COLUMNS = ("site", "period", "revision", "report", "received_on", "agent", "keys_until", "trouble")
_HEADS: Mapping[str, Phrase] = {
    "site": Phrase("Site"),
    "period": Phrase("Period"),
    "revision": Phrase("Report revision"),
    "report": Phrase("Report"),
    "received_on": Phrase("Received on"),
    "agent": Phrase("Agent"),
    "keys_until": Phrase("Keys until"),
    "trouble": Phrase("Problem"),
}
_STATES: Mapping[str, Phrase] = {
    "planned": Phrase("started"),
    "committed": Phrase("waits for the challenge"),
    "challenged": Phrase("started"),
    "debited": Phrase("started"),
    "sealed": Phrase("waits to be sent"),
    "received": Phrase("received"),
}


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """One site: its last report, and what needs a person. Days as ISO 8601; None where there is
    nothing to say.
    """

    site: str
    period: str | None
    revision: int | None
    report: str | None
    received_on: str | None
    agent: str | None
    keys_until: str | None
    trouble: tuple[SiteTrouble, ...]

    def cells(self) -> dict[str, str]:
        """As a file has it: codes, and nothing where nothing is known."""
        value_by_column = {name: getattr(self, name) for name in COLUMNS[:-1]}
        return {
            name: "" if value is None else str(value) for name, value in value_by_column.items()
        } | {"trouble": " ".join(trouble.code for trouble in self.trouble)}


def row(status: Mapping[str, Any], name: str, today: date) -> SiteOverview:
    """The row of a site by what `status --json` says of it.

    Args:
        name: the site's, where it is not enrolled and has none of its own.
    """
    last = status["reports"][-1] if status["reports"] else {}
    enrolled = status["enrolment"] or {}
    return SiteOverview(
        site=enrolled.get("site") or name,
        period=last.get("period"),
        revision=last.get("revision"),
        report=last.get("state"),
        received_on=(last.get("receipt") or {}).get("received_on"),
        agent=status["agent"],
        keys_until=status["keys_until"],
        trouble=tuple(troubles(status, today)),
    )


def unread(name: str, why: Phrase | str) -> SiteOverview:
    """The row of a site of which nothing could be read."""
    return SiteOverview(
        name,
        None,
        None,
        None,
        None,
        None,
        None,
        (SiteTrouble("not-read", Phrase("nothing could be read: %(why)s", why=why)),),
    )


def with_fault(site: SiteOverview, refusal: SteplabelError | None) -> SiteOverview:
    """The row with, first, why the site's settings cannot be read."""
    if refusal is None:
        return site
    fault = SiteTrouble(
        refusal.code, Phrase("its site.toml cannot be used: %(why)s", why=refusal.sentence)
    )
    return replace(site, trouble=(fault, *site.trouble))


def as_json(rows: Sequence[SiteOverview], language: str) -> list[dict[str, Any]]:
    """Each row with its troubles as codes and sentences."""
    return [
        {name: getattr(site, name) for name in COLUMNS[:-1]}
        | {
            "trouble": [
                {"code": what.code, "sentence": in_language(what.sentence, language)}
                for what in site.trouble
            ]
        }
        for site in rows
    ]


def as_csv(rows: Sequence[SiteOverview]) -> str:
    """A line a site, with the codes of its troubles."""
    cells = (site.cells() for site in rows)
    return csv_of(COLUMNS, ([row[name] for name in COLUMNS] for row in cells), "\n")


def as_table(rows: Sequence[SiteOverview], language: str) -> str:
    """For the terminal: columns of one width, the sentences of each site's troubles below its
    line.
    """
    columns = COLUMNS[:-1]
    table = [{name: in_language(_HEADS[name], language) for name in columns}]
    for site in rows:
        cells = site.cells()
        table.append(
            cells | {"report": in_language(_STATES[site.report], language) if site.report else ""}
        )
    widths = {name: max(columns_of(cells[name]) for cells in table) for name in columns}
    lines = []
    for cells, below in zip(table, [(), *(site_row.trouble for site_row in rows)], strict=True):
        lines.append(
            "  ".join(
                cells[name] + " " * (widths[name] - columns_of(cells[name])) for name in columns
            ).rstrip()
        )
        lines += [f"    {in_language(what.sentence, language)} [{what.code}]" for what in below]
    return "\n".join(lines)


def run(args: Namespace) -> int:
    """`fleet status`: a line a site. Of one that cannot be read it is said why; the others are
    listed all the same.
    """
    fleet, now, rows = load_fleet(args.config), datetime.now(UTC), []
    for site in fleet.sites:
        file, name = fleet.folder / site.file, name_of(site.file)
        try:
            if site.status is None and is_object(site.file):
                rows.append(
                    unread(
                        name,
                        Phrase(
                            "site.toml lies in object storage: name `status` under [[sites]] in "
                            "fleet.toml"
                        ),
                    )
                )
                continue
            if site.status is not None:
                status = json.loads(fleet.status_of(site))
            else:
                status = status_of(StateDirectory(file.parent / site.state), now)
            site_row = row(status, name, now.date())
            rows.append(
                site_row
                if site.status is not None
                else with_fault(site_row, _fault_of(str(file), fleet.inherit))
            )
        except (SteplabelError, OSError) as why:
            rows.append(
                unread(
                    name,
                    why.sentence if isinstance(why, SteplabelError) else str(why.strerror or why),
                )
            )
        except sqlite3.Error as damaged:  # its state directory holds no database, or a broken one
            rows.append(unread(name, str(damaged)))
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ):  # not what `status --out` writes
            rows.append(
                unread(
                    name,
                    Phrase("%(file)s was not written by `status --out`", file=str(site.status)),
                )
            )
    payload = {
        "fleet": fleet.fleet.name,
        "written_at": now.isoformat(),
        "sites": as_json(rows, args.lang),
    }
    if args.out is not None:
        writing.write_json(Path(args.out), payload)
    if args.csv:
        answer(as_csv(rows).rstrip("\n"))
    else:
        emit(args, payload, as_table(rows, args.lang))
    return (
        ExitCode.INPUT if args.trouble_fails and any(row.trouble for row in rows) else ExitCode.DONE
    )


def _fault_of(file: str, inherit: Mapping[str, Any]) -> SteplabelError | None:
    """Why a site's settings cannot be used; None where they can."""
    try:
        pack_of(site_at(file, inherit))
    except SteplabelError as refusal:
        return refusal
    return None
