"""A mapping profile for a foreign file, proposed out of the file itself: every guess with its
evidence, the rest as questions.

`look` finds how the file is written (encoding, delimiter, header, units, totals); `notation` how
its numbers and dates are; `naming` which of its columns mean what, by the words of `vocabulary`;
`maker` and `propose` put a profile together and ask what only a person can know, `taking` makes a
plant of files.
"""

from reporting_agent.door.deciding import Ask, nobody
from reporting_agent.door.propose import open_questions, settled
from reporting_agent.door.types import (
    KeyEvidence,
    ProfileProposal,
    ProfileQuestion,
    profile_lines,
    table_lines,
)

__all__ = [
    "Ask",
    "KeyEvidence",
    "ProfileProposal",
    "ProfileQuestion",
    "nobody",
    "open_questions",
    "profile_lines",
    "settled",
    "table_lines",
]
