"""[source.reports]: whether `watch` makes and sends the report of a period once it closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from benchmarks.errors import InputError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from reporting_agent.config.profile import Setting
from reporting_agent.sending.consent import SCHEME

_FIRST = {
    "month": Phrase("first must be a month: 2025, 2025-Q1 or 2025-01"),
    "quarter": Phrase("first must be a quarter: 2025, 2025-Q1 or 2025-01"),
    "year": Phrase("first must be a year: 2025, 2025-Q1 or 2025-01"),
}


class Reports(Setting):
    """[source.reports]: without it no report is made by itself.

    `terms` and `agreed_by` are the owner's consent: the scheme whose terms `preview` shows, and who
    agreed. Where the terms become others, site.toml is refused until its owner has read and named
    them.
    """

    every: Literal["month", "quarter", "year"]
    first: str  # the first period: 2025, 2025-Q1 or 2025-01
    step: Literal["label", "seal", "send"] = (
        "label"  # a local report, a sealed file to be carried, or all of `submit`
    )
    grace_h: float = Field(
        default=24.0, ge=0
    )  # hours after its end in which what is late may still come
    terms: str | None = None
    agreed_by: str | None = None
    out: str = "reports"  # folder of local reports and sealed files, from the folder of site.toml
    state: str | None = None  # the state directory, where it is not the usual one

    @model_validator(mode="after")
    def _is_agreed_to(self) -> Self:
        if self.step != "label" and (self.terms != SCHEME or not self.agreed_by):
            raise ValueError(
                Phrase(
                    'step = "%(step)s" needs the owner\'s consent: read the terms that '
                    "`steplabel-agent preview` shows, then write "
                    'terms = "%(terms)s" and agreed_by',
                    step=self.step,
                    terms=SCHEME,
                )
            )
        if self.step != "label" and self.every == "month":
            raise ValueError(
                Phrase(
                    'step = "%(step)s" is for a quarter or a year: labels of months stay on the '
                    "site",
                    step=self.step,
                )
            )
        if {4: "year", 7: "quarter" if "Q" in self.first else "month"}.get(
            len(self.first)
        ) != self.every:
            raise ValueError(_FIRST[self.every])
        try:
            Period.parse(self.first, UTC)
        except InputError as wrong:
            raise ValueError(Phrase("first must be a period: 2025, 2025-Q1 or 2025-01")) from wrong
        return self

    def periods(self, zone: tzinfo, until: datetime) -> Iterator[Period]:
        """From the first, each that began before a moment."""
        name = self.first
        while (period := Period.parse(name, zone)).start < until:
            yield period
            name = _next(name)

    def command(self, site: Path, period: str) -> list[str]:
        """The arguments of `steplabel-agent`.

        Raises:
            OSError: the folder for what it writes cannot be made.
        """
        out = site.parent / self.out
        out.mkdir(parents=True, exist_ok=True)
        if self.step == "label":
            return ["label", "--site", str(site), "--period", period, "--out", str(out / period)]
        state = [] if self.state is None else ["--state", str(site.parent / self.state)]
        offline = ["--offline", str(out / f"{period}.sealed")] if self.step == "seal" else []
        return ["submit", "--site", str(site), "--period", period, *state, *offline]


def _next(name: str) -> str:
    year, _, part = name.partition("-")
    if not part:
        return str(int(year) + 1)
    last, written = (4, "Q{}") if part.startswith("Q") else (12, "{:02}")
    number = int(part.removeprefix("Q")) + 1
    return (
        f"{int(year) + 1}-{written.format(1)}"
        if number > last
        else f"{year}-{written.format(number)}"
    )
