"""`manage.py revoke_device DEVICE`: for a device that was lost or stolen, when nobody can reach its page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.accounts.enrolling import revoke
from portal.accounts.models import Device


class Command(BaseCommand):
    help = "Revoke a device: nothing that it signs is taken any more, what it sent before stands. An enterprise does the same on its page."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("device", help="the device's id, as `steplabel-agent status` shows it")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            device = Device.objects.select_related("site").get(pk=UUID(options["device"]))
        except (ValueError, Device.DoesNotExist) as error:
            raise CommandError(f"There is no device {options['device']!r}.") from error
        revoke(device, None, timezone.now())
        self.stdout.write(f"The device {device.pk} of {device.site.slug} is revoked.")
