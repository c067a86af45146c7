"""How the sites of a firm stand, one row each: made of what `status --json` says of each, on this
machine or brought from another.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.errors import SteplabelError
from benchmarks.phrases import Phrase
from reporting_agent.console import columns_of

KEYS_END_WITHIN = timedelta(days=60)
OLD_AFTER = timedelta(days=3)
"""A site's timer writes its file each morning."""

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
class SiteTrouble:
    """Something that needs a person, by a code and in a sentence."""

    code: str
    sentence: Phrase


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


def troubles(status: Mapping[str, Any], today: date) -> list[SiteTrouble]:
    """What needs a person at a site, worst first."""
    needs = [
        SiteTrouble(
            "log-evidence",
            Phrase(
                "the portal signed statements that cannot all be true (%(code)s): send nothing "
                "more",
                code=evidence["code"],
            ),
        )
        for evidence in status["log_evidence"]
    ]
    if status["enrolment"] is None:
        needs.append(SiteTrouble("not-enrolled", Phrase("not enrolled at a portal")))
    if status["enrolment_pending"]:
        needs.append(
            SiteTrouble("enrolment-unfinished", Phrase("the portal has not answered the enrolment"))
        )
    for report in status["reports"]:
        if report["state"] != "received" and not report.get("given_up"):
            what = {"period": report["period"], "revision": report["revision"]}
            needs.append(
                SiteTrouble(
                    "report-unfinished",
                    Phrase("%(period)s revision %(revision)s has no receipt", **what),
                )
            )
            if report["refusal"]:
                needs.append(
                    SiteTrouble(
                        "refused",
                        Phrase(
                            "%(period)s revision %(revision)s was refused: %(why)s",
                            **what,
                            why=report["refusal"],
                        ),
                    )
                )
    until = status["keys_until"]
    if until is not None and date.fromisoformat(until) - today < KEYS_END_WITHIN:
        needs.append(
            SiteTrouble(
                "keys-end",
                Phrase(
                    "the portal's keys known here can be used only before %(until)s", until=until
                ),
            )
        )
    if status["newest_agent"] is not None:
        needs.append(
            SiteTrouble(
                "newer-agent",
                Phrase("version %(version)s was announced", version=status["newest_agent"]),
            )
        )
    if today - datetime.fromisoformat(status["written_at"]).date() > OLD_AFTER:
        needs.append(
            SiteTrouble("old", Phrase("written on %(day)s", day=status["written_at"][:10]))
        )
    return needs


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
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(site.cells() for site in rows)
    return written.getvalue()


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
