"""`manage.py remove_second_factor EMAIL`: for who has lost phone and recovery codes, by an operator
who knows the person.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from benchmarks.phrases import Phrase
from portal.accounts.models import User
from portal.accounts.second_factor import take_away
from portal.operator_command import OperatorCommand, refused


class Command(OperatorCommand):
    help = Phrase(
        "Remove a person's second factor: authenticator app and recovery codes. Whose role needs "
        "one sets it up at the next sign-in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help=Phrase("the address the person signs in with"))

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower()).first()
        if user is None:
            raise refused(
                Phrase("There is nobody with the address %(email)s.", email=repr(options["email"]))
            )
        if not take_away(user, "operator", timezone.now()):
            raise refused(Phrase("%(email)s has no second factor.", email=user.email))
        self.answer(Phrase("The second factor of %(email)s is removed.", email=user.email))
