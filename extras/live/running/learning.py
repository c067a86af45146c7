"""When the usual courses are learned again: each day, and once a backlog was read. Clocks are
arguments.
"""

from __future__ import annotations

import time

from extras.live.running.plant import Plant

EVERY_S = 86_400.0
# without another batch of the past, all of them counted as in the label: a backlog is learned from
# once, when it was read
QUIET_S = 30.0
LATEST_S = 3_600.0  # then it is learned from although more comes
REST_TIMES = 20.0  # as long as learning took: the page is to go on


class PlantLearning:
    """Of one plant, which has learned from what the spool held at the start."""

    def __init__(self, plant: Plant, now_s: float) -> None:
        self._plant, self._learned_s, self._rest_s = plant, now_s, 0.0
        self._unlearned = 0
        self._since_s = self._changed_s = now_s

    def round(self, now_s: float) -> None:
        """Learn where it is due."""
        if self._is_due(now_s):
            began_s = time.monotonic()
            self._plant.learn()
            self._learned_s, self._rest_s, self._unlearned = (
                now_s,
                REST_TIMES * (time.monotonic() - began_s),
                0,
            )

    def _is_due(self, now_s: float) -> bool:
        before, self._unlearned = self._unlearned, self._plant.unlearned
        if now_s - self._learned_s >= EVERY_S:
            return True
        if before != self._unlearned:
            self._since_s = self._since_s if before else now_s
            self._changed_s = now_s
        if not self._unlearned or now_s - self._learned_s < self._rest_s:
            return False
        is_quiet = now_s - self._changed_s >= QUIET_S and not self._plant.awaited.settling
        return is_quiet or now_s - self._since_s >= LATEST_S
