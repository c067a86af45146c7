"""The program of a worker that opens what waits and is killed at a named point of the way, before
or after it.
"""

SWEEP = """
import os, signal
from django.conf import settings
from django.utils import timezone
from portal import keys
from portal.opening import unsealing as opening
settings.OPENING_LEASE_SECONDS = 0  # the test does not wait for a claim to age
point, after = {point!r}, {after!r}
if point:
    whole = getattr(opening, point)
    def dies(*arguments):
        if after:
            whole(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(opening, point, dies)
opening.sweep(keys.processing_key(), timezone.now)
"""
