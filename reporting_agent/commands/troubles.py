"""What needs a person at a site, by what `status --json` says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from benchmarks.phrases import Phrase

KEYS_END_WITHIN = timedelta(days=60)
OLD_AFTER = timedelta(days=3)
"""A site's timer writes its file each morning."""


@dataclass(frozen=True, slots=True)
class SiteTrouble:
    """Something that needs a person, by a code and in a sentence."""

    code: str
    sentence: Phrase


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
