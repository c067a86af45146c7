"""One table, one column of bytes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Row(models.Model):
    body = models.BinaryField()

    objects: ClassVar[models.Manager[Row]] = models.Manager()

    class Meta:
        app_label = "bare_portal"

    def __str__(self) -> str:
        return f"row {self.pk}"
