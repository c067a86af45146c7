"""Whether an action saved, by its interval alone, and why that cannot be told where it cannot."""

from __future__ import annotations

from enum import StrEnum

from benchmarks.phrases import Phrase
from reporting_agent.analysis.sentences import percent
from reporting_agent.analysis.sentences import shown as number
from reporting_agent.savings.actions import Action, Target


class Verdict(StrEnum):
    """What the interval of a saving allows to say."""

    SAVED = "saved"  # the whole interval lies above 0
    REACHED = "reached"  # and above what was wanted
    NOT_PROVEN = "not-proven"  # 0 lies in it
    USED_MORE = "used-more"  # the whole interval lies below 0
    NOT_TOLD = "not-told"  # there is no interval


VERDICTS = {
    Verdict.SAVED: Phrase("Saved"),
    Verdict.REACHED: Phrase("Saved what was wanted"),
    Verdict.NOT_PROVEN: Phrase("Not proven"),
    Verdict.USED_MORE: Phrase("Used more"),
    Verdict.NOT_TOLD: Phrase("Cannot be told"),
}
STATES = {
    "proposed": Phrase("proposed"),
    "agreed": Phrase("agreed"),
    "under-way": Phrase("under way"),
    "done": Phrase("done"),
    "given-up": Phrase("given up"),
}


def verdict(share: tuple[float, float, float] | None, wanted_pct: float | None) -> Verdict:
    """By the interval alone; `wanted_pct` is reached where all of it lies at or above."""
    if share is None:
        return Verdict.NOT_TOLD
    _, low, high = share
    if low > 0:
        return Verdict.REACHED if wanted_pct is not None and 100 * low >= wanted_pct else Verdict.SAVED
    return Verdict.USED_MORE if high < 0 else Verdict.NOT_PROVEN


def not_done(one: Action | Target) -> Phrase:
    """No period has passed in which it could have saved."""
    if isinstance(one, Action) and one.state != "done":
        return Phrase("Nothing to verify yet: the action is %(state)s, for %(day)s.", state=STATES[one.state], day=one.day.isoformat())
    return Phrase("Nothing to verify yet: its reporting period has not begun.")


def no_data(one: Action | Target) -> Phrase:
    """Neither readings nor batches."""
    if one.meter is not None:
        return Phrase("Meter %(meter)s has no readings in these periods.", meter=one.meter)
    return Phrase("Step %(step)s has no batches with energy in these periods.", step=str(one.step))


def few_days(before: int, wanted: int, after: int, wanted_after: int) -> Phrase:
    """Too little is known."""
    return Phrase(
        "Too few days are known: %(before)s of the baseline period, which needs %(wanted)s, and %(after)s of the reporting period, "
        "which needs %(wanted_after)s.",
        before=before, wanted=wanted, after=after, wanted_after=wanted_after,
    )  # fmt: skip


def season(days: int) -> Phrase:
    """A level cannot be told from a season."""
    return Phrase(
        "The baseline covers %(days)s days and the reporting period lies in another part of the year, so a season could pass for a saving. "
        "Take a baseline of a year, record the outdoor temperature (var.outdoor_c), or give the reason why the season does not matter "
        "as no_season.",
        days=days,
    )


def new_kind(kinds: list[str]) -> Phrase:
    """The baseline never made it."""
    return Phrase(
        "The reporting period made %(kinds)s, which the baseline period hardly made: what that takes is not known. Choose a baseline "
        "in which it was made.",
        kinds=", ".join(kinds),
    )


def beyond(low: float, high: float, share: float) -> Phrase:
    """A forecast would leave what was seen."""
    return Phrase(
        "On %(share)s of the reporting days more or less was made than the baseline has seen (%(low)s to %(high)s t a day): what that "
        "takes would be guessed.",
        share=percent(share), low=number(low), high=number(high),
    )  # fmt: skip


def unanswered(question: Phrase) -> Phrase:
    """Data that nobody has explained prove nothing."""
    return Phrase("A change in the data is not explained; declare it in site.toml first. %(question)s", question=question)


def drifting() -> Phrase:
    """No level to hold against."""
    return Phrase(
        "The baseline's days drift around what was made: there are too few days that tell something of their own to say what was expected."
    )
