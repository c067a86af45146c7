"""By how much this machine's clock is behind the plant's, where what comes from the plant shows it:
most meters that send are stamped ahead of their receipt, and a batch has begun by their time that
has not by ours. Meters alone may share a gateway whose clock is wrong.
"""

from __future__ import annotations

import time
from statistics import median_low

from extras.live.running.batch_log import BatchLog
from extras.live.running.stamps_ahead import StampsAhead
from extras.live.running.totals import RunningTotals


def behind_us(totals: RunningTotals, log: BatchLog, stamps_ahead: StampsAhead) -> int:
    """Microseconds to add to this machine's clock; 0 where it may be right. Once rows have shown
    it, it ends when meters no longer do.
    """
    latest_us = max((total.received_us for total in totals.by_meter.values()), default=0)
    sending = [
        name
        for name, total in totals.by_meter.items()
        if total.received_us and not total.is_silent(latest_us)
    ]
    if not stamps_ahead.by_us or not sending:
        return 0
    most_us = median_low([stamps_ahead.by_us.get(name, 0) for name in sending])
    until_us = time.time_ns() // 1000 + most_us
    return (
        most_us if log.behind_us or any(batch.start_us <= until_us for batch in log.ahead()) else 0
    )
