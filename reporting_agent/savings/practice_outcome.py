"""Takes an action's verified saving and the practice it follows, and gives only the class that a
site may tell, never the figure.

The plant's agent finds it for the file that a person hands in, an auditor finds it again from the
same records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from benchmarks.errors import InputError
from benchmarks.guidance.outcomes import SavingOutcome
from benchmarks.guidance.practices import Library, Practice
from benchmarks.phrases import Phrase
from benchmarks.wire.outcomes import SiteOutcome
from reporting_agent.config import SiteSettings
from reporting_agent.savings.actions import Actions, SavingAction, load_actions
from reporting_agent.savings.verified import VerifiedSaving, verified


@dataclass(frozen=True, slots=True)
class PracticeOutcome:
    """`share`: the saving and both ends of its 95 % interval, as shares of the expected energy; it
    stays on site.
    """

    practice: Practice
    outcome: SavingOutcome
    result: VerifiedSaving
    share: tuple[float, float, float]

    @property
    def year(self) -> str:
        """That of the reporting period's last day."""
        return str(self.result.day[-1].year)

    def is_told_by(self, file: SiteOutcome, site: str) -> bool:
        """Whether a file says of this site what was found here."""
        return (file.site, file.practice, file.outcome, file.year) == self.told_of(site)

    def told_of(self, site: str) -> tuple[str, str, str, str]:
        """What a file tells of it, but for the portal and the version of the practice."""
        return site, self.practice.id, self.outcome.value, self.year


def outcome_of(site: SiteSettings, wanted: str, today: date | None) -> PracticeOutcome:
    """Of the action with this id, from data before `today`.

    Raises:
        InputError: `action-unknown`, `action-without-practice`, `practice-unknown`, or
            `outcome-not-told`: no saving can be stated.
    """
    action, practice = _named(site, wanted, load_actions(site).actions)
    (result,), _data = verified(
        site, Actions(actions=(action,)), today or datetime.now(UTC).astimezone(site.zone).date()
    )
    if result.share is None:
        raise InputError(
            "outcome-not-told",
            Phrase(
                "What this action saved is not known, so there is nothing to report. %(why)s",
                why=result.why or "",
            ),
            "See `steplabel-agent savings`. docs/savings.md explains when no saving is stated, "
            "and what to do.",
            found=action.id,
        )
    return PracticeOutcome(practice, SavingOutcome.of(*result.share), result, result.share)


def _named(
    site: SiteSettings, wanted: str, actions: tuple[SavingAction, ...]
) -> tuple[SavingAction, Practice]:
    """The action, and the practice of this sector that it follows."""
    action = next((candidate for candidate in actions if candidate.id == wanted), None)
    if action is None:
        raise InputError(
            "action-unknown",
            Phrase("There is no action %(action)s in actions.toml.", action=wanted),
            "Give the id of one of its actions.",
            found=wanted,
            wanted=", ".join(candidate.id for candidate in actions),
        )
    if action.practice is None:
        raise InputError(
            "action-without-practice",
            Phrase(
                "The action %(action)s does not name the practice that it follows.", action=wanted
            ),
            'Write practice = "ID" into its table in actions.toml. The ID is in the address of '
            "the practice’s page and in the list.",
            found=wanted,
        )
    of_sector = [
        candidate for candidate in Library.held().practices if candidate.sector == site.site.pack
    ]
    practice = next((candidate for candidate in of_sector if candidate.id == action.practice), None)
    if practice is None:
        raise InputError(
            "practice-unknown",
            Phrase(
                "No practice of this sector is called %(practice)s here.", practice=action.practice
            ),
            "Correct the id in actions.toml, or fetch the newest library first (`steplabel-agent "
            "practices fetch`).",
            found=action.practice,
        )
    return action, practice
