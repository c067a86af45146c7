"""What an action really saved (ISO 50006, ISO 50015): the energy of a reporting period beside what
the baseline period expects for it.

Read in this order: actions (what the plant declares), days (what was used and made, day by day),
forecast, verified, telling, practice_outcome.
"""

from __future__ import annotations

from reporting_agent.savings.actions import Actions, SavingAction, load_actions
from reporting_agent.savings.verified import VerifiedSaving, verified

__all__ = ["Actions", "SavingAction", "VerifiedSaving", "load_actions", "verified"]
