"""What the log says of requests that were refused, or that a server of ours could not answer: a
line and no trace. Nobody has a fault in the code to look for there, and whoever asks for what is
not theirs a thousand times would write a thousand traces.
"""

from __future__ import annotations

import logging


class ExpectedErrors(logging.Filter):
    """Takes the trace from records of `django.request` whose status is below 500 or whose server is
    away.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        from portal.problems import is_away  # the framework's settings are read after the log's

        error = record.exc_info[1] if record.exc_info else None
        status = getattr(record, "status_code", 500)
        if error is not None and (status < 500 or is_away(error)):
            said = f"{type(error).__name__}: {error}".partition("\n")[0]
            record.msg, record.args = f"{record.getMessage()} ({said})", None
            record.exc_info = None
        return True
