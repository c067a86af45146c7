"""The draws of a planned report: the same key, root and challenge give the same grid points, here
and at the auditor's.
"""

from __future__ import annotations

from benchmarks.privacy.randomness import KeyedStream, ReportKey
from benchmarks.release import release
from benchmarks.released import ReleasedLabel
from reporting_agent.sending.planning import ReportPlan


def draw(
    planned: ReportPlan, key: ReportKey, *, root: bytes, challenge: bytes
) -> list[ReleasedLabel]:
    """The labels as they leave.

    Args:
        root: of the data that were committed to.
        challenge: the portal's nonce, given for this root.
    """

    def stream_for(name: str) -> KeyedStream:
        return key.stream(name, challenge=challenge, data_root=root)

    return [
        release(part.label, part.step, part.rule, planned.pack.policy, stream_for, years=part.years)
        for part in planned.releases
    ]
