"""A mapping profile for a foreign file, proposed out of the file itself: every guess with its
evidence, the rest as questions.

`look` finds how the file is written (encoding, delimiter, header, units, totals); `notation` how
its numbers and dates are; `naming` which of its columns mean what, by the words of `vocabulary`;
`maker` and `propose` put a profile together and ask what only a person can know. `taking` makes a
plant of files, `at_site` recognises those that site.toml names without a mapping. Nothing of it is
used when a report is made: there a profile stands in site.toml, where a person has seen it.
"""

from reporting_agent.door.at_site import Proof, RecognisedSite, open_lines, prove, recognise
from reporting_agent.door.deciding import Ask, nobody
from reporting_agent.door.propose import open_questions, settled
from reporting_agent.door.types import (
    KeyEvidence,
    ProfileProposal,
    ProfileQuestion,
    as_toml,
    profiles_as_toml,
)

__all__ = [
    "Ask",
    "KeyEvidence",
    "ProfileProposal",
    "ProfileQuestion",
    "Proof",
    "RecognisedSite",
    "as_toml",
    "nobody",
    "open_lines",
    "open_questions",
    "profiles_as_toml",
    "prove",
    "recognise",
    "settled",
]
