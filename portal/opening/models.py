"""The vault: what the worker opened. In a database of its own, which the web tier cannot reach; no
foreign keys cross.
"""

from __future__ import annotations

from django.db import models

from portal.accounts.models import HEX_32


class OpenedReport(models.Model):
    """The signed plaintext of one envelope, keyed by the envelope's digest: opening twice writes
    the same row.
    """

    envelope_digest = models.CharField(max_length=64, primary_key=True, validators=[HEX_32])
    site = models.CharField(max_length=63)
    period = models.CharField(max_length=32)
    revision = models.PositiveIntegerField()
    device = models.UUIDField()
    report = models.BinaryField()  # canonical CBOR
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.site} {self.period} revision {self.revision}"
