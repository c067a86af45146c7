"""Where mails go while no server is named: nowhere. They wait in the database, links sealed, and
are sent once one is named.

Written out they would show the link to somebody's new password to whoever reads the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from smtplib import SMTPException
from typing import NoReturn

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    def send_messages(self, _messages: Sequence[EmailMessage]) -> NoReturn:
        """Raises: SMTPException, as a server that takes nothing now."""
        raise SMTPException("STEPLABEL_MAIL is not set")
