"""`manage.py revoke_device DEVICE`: for a device that was lost or stolen, when nobody can reach its
page.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.utils import timezone

from benchmarks.phrases import Phrase
from portal.accounts.enrolling import revoke
from portal.accounts.models import Device
from portal.operator_command import OperatorCommand, refused


class Command(OperatorCommand):
    help = Phrase(
        "Revoke a device: nothing that it signs is taken any more, what it sent before stands. An "
        "enterprise does the same on its page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "device", help=Phrase("the device's id, as `steplabel-agent status` shows it")
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            device = Device.objects.select_related("site").get(pk=UUID(options["device"]))
        except (ValueError, Device.DoesNotExist) as error:
            raise refused(
                Phrase("There is no device %(device)s.", device=repr(options["device"]))
            ) from error
        revoke(device, None, timezone.now())
        self.answer(
            Phrase(
                "The device %(device)s of %(site)s is revoked.",
                device=str(device.pk),
                site=device.site.slug,
            )
        )
