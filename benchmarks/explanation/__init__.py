"""Everything a reader needs to follow a published value, in English and Chinese, as named fields.

Read in this order: `facts` (what the portal knows and the core does not), `wording` (figures in
sentences), `shown_limits` (what standards say, on their own basis), `en16231` (clause 4.1, item by
item), `record` (left out, refused, approved, changed), `text` (the whole).
"""

from benchmarks.explanation.facts import Participation, Verification, VersionApproval, VersionChange
from benchmarks.explanation.shown_limits import LimitShown
from benchmarks.explanation.text import Explanation, explain

__all__ = [
    "Explanation",
    "LimitShown",
    "Participation",
    "Verification",
    "VersionApproval",
    "VersionChange",
    "explain",
]
