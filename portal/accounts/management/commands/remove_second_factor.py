"""`manage.py remove_second_factor EMAIL`: for who has lost phone and recovery codes, by an operator who knows the person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.second_factor import take_away


class Command(BaseCommand):
    help = "Remove a person's second factor: authenticator app and recovery codes. Whose role needs one sets it up at the next sign-in."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address the person signs in with")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower()).first()
        if user is None:
            raise CommandError(f"There is nobody with the address {options['email']!r}.")
        if not take_away(user, "operator", timezone.now()):
            raise CommandError(f"{user.email} has no second factor.")
        self.stdout.write(f"The second factor of {user.email} is removed.")
