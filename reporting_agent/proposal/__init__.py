"""A mapping profile for a foreign file, proposed out of the file itself: every guess with its evidence, the rest as questions.

`look` finds how the file is written (encoding, delimiter, header, units, totals); `notation` how its numbers and dates are;
`naming` and `carriers` which of its columns mean what, by the words of `vocabulary`; `maker` puts a profile together and
asks what only a person can know, `rows` and `meters` add what is particular to each input; `proof` reads the file with it.
Nothing here is used when a label is made: a profile stands in site.toml, where a person has seen it.
"""

from reporting_agent.proposal.proof import Proof, prove
from reporting_agent.proposal.propose import propose
from reporting_agent.proposal.toml import as_toml
from reporting_agent.proposal.types import Evidence, Proposal, Question

__all__ = ["Evidence", "Proof", "Proposal", "Question", "as_toml", "propose", "prove"]
