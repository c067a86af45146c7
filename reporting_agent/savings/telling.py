"""The words for what an action saved, by its interval alone, and for each reason why `verified`
states none.
"""

from __future__ import annotations

from enum import StrEnum

from benchmarks.phrases import Phrase
from reporting_agent.analysis.figures import percent
from reporting_agent.analysis.figures import shown as number
from reporting_agent.savings.actions import SavingAction, Target


class SavingVerdict(StrEnum):
    """What the interval of a saving allows to say."""

    SAVED = "saved"  # the whole interval lies above 0
    REACHED = "reached"  # and above what was wanted
    NOT_PROVEN = "not-proven"  # 0 lies in it
    USED_MORE = "used-more"  # the whole interval lies below 0
    NOT_TOLD = "not-told"  # there is no interval


VERDICTS = {
    SavingVerdict.SAVED: Phrase("Saved"),
    SavingVerdict.REACHED: Phrase("Planned saving reached"),
    SavingVerdict.NOT_PROVEN: Phrase("Not proven"),
    SavingVerdict.USED_MORE: Phrase("Used more"),
    SavingVerdict.NOT_TOLD: Phrase("Cannot be determined"),
}
STATES = {
    "proposed": Phrase("proposed"),
    "agreed": Phrase("agreed"),
    "under-way": Phrase("under way"),
    "done": Phrase("done"),
    "given-up": Phrase("given up"),
}


def verdict(share: tuple[float, float, float] | None, wanted_pct: float | None) -> SavingVerdict:
    """By the interval alone; `wanted_pct` is reached where all of it lies at or above."""
    if share is None:
        return SavingVerdict.NOT_TOLD
    _, low, high = share
    if low > 0:
        return (
            SavingVerdict.REACHED
            if wanted_pct is not None and 100 * low >= wanted_pct
            else SavingVerdict.SAVED
        )
    return SavingVerdict.USED_MORE if high < 0 else SavingVerdict.NOT_PROVEN


def not_done(action: SavingAction | Target) -> Phrase:
    """No period has passed in which it could have saved."""
    if isinstance(action, SavingAction) and action.state != "done":
        return Phrase(
            "Nothing to verify yet: the action is %(state)s, for %(day)s.",
            state=STATES[action.state],
            day=action.day.isoformat(),
        )
    if isinstance(action, SavingAction):
        return Phrase("Nothing to verify yet: the reporting period of the action has not begun.")
    return Phrase("Nothing to verify yet: the reporting period of the target has not begun.")


def no_data(action: SavingAction | Target) -> Phrase:
    """Neither readings nor batches."""
    if action.meter is not None:
        return Phrase("Meter %(meter)s has no readings in these periods.", meter=action.meter)
    return Phrase(
        "Step %(step)s has no batches with energy in these periods.", step=str(action.step)
    )


def few_days(before: int, wanted: int, after: int, wanted_after: int) -> Phrase:
    """Too little is known."""
    return Phrase(
        "Too few days are known: %(before)s in the baseline period, which needs %(wanted)s, and "
        "%(after)s in the reporting period, "
        "which needs %(wanted_after)s.",
        before=before, wanted=wanted, after=after, wanted_after=wanted_after,
    )  # fmt: skip


def no_output(meter: str) -> Phrase:
    """The baseline would be of nothing that was made."""
    return Phrase(
        "No record shows what is made with the energy of meter %(meter)s, so a lower output could "
        "be mistaken for a saving. In site.toml, "
        'give its step, its allocation or the meters below it, or subs = "some" if it serves the '
        "whole site; the log must contain the "
        "batches of these steps. If its energy depends on nothing that is made, as in an office, "
        "state in no_output why.",
        meter=meter,
    )


def season(days: int) -> Phrase:
    """A level cannot be told from a season."""
    return Phrase(
        "The baseline covers %(days)s days, and the reporting period is in another part of the "
        "year. A seasonal change could be "
        "mistaken for a saving. Use a baseline of a whole year, record the outdoor temperature "
        "(var.outdoor_c), or state in "
        "no_season why the season does not matter.",
        days=days,
    )


def new_kind(kinds: list[str]) -> Phrase:
    """The baseline never made it."""
    return Phrase(
        "The reporting period made %(kinds)s, and the baseline period hardly made any, so the "
        "energy that this needs is not known. "
        "Choose a baseline in which it was made.",
        kinds=", ".join(kinds),
    )


def beyond(low: float, high: float, unit: str, share: float) -> Phrase:
    """A forecast would leave what was seen."""
    return Phrase(
        "On %(share)s of the reporting days the output was outside the range of the baseline "
        "(%(low)s to %(high)s %(unit)s a day). The "
        "energy expected on these days would be a guess.",
        share=percent(share), low=number(low), high=number(high), unit=unit,
    )  # fmt: skip


def unanswered(question: Phrase) -> Phrase:
    """Data that nobody has explained prove nothing."""
    return Phrase(
        "A change in the data is not explained; declare it in site.toml first. %(question)s",
        question=question,
    )


def drifting() -> Phrase:
    """No level to hold against."""
    return Phrase(
        "The energy of the baseline days drifts slowly relative to the output. Too few of these "
        "days give independent information to "
        "say what energy was expected."
    )
