"""Whom people turn to: a mail address or a page, of whoever runs this installation. Without one no
page promises an answer.
"""

from __future__ import annotations

import os
import re

from django.core.exceptions import ImproperlyConfigured

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_PAGE = re.compile(r"https://[\w-]+(\.[\w-]+)+(:\d+)?(/[\w./~?=&#+-]*)?", re.ASCII)


def contact_of_this_installation() -> str:
    """`STEPLABEL_CONTACT`; empty where it is not set.

    Raises:
        ImproperlyConfigured: it is neither a mail address nor an https address.
    """
    contact = os.environ.get("STEPLABEL_CONTACT", "").strip()
    if contact and not (_MAIL.fullmatch(contact) or _PAGE.fullmatch(contact)):
        raise ImproperlyConfigured(
            f"STEPLABEL_CONTACT is {contact!r}; it must be a mail address or an https address."
        )
    return contact
