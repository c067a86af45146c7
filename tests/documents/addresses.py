"""The page of addresses: every page of the portal, to whom it is open, and the view that answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern

from portal.web.account_urls import urlpatterns as of_accounts
from portal.web.urls import urlpatterns

HEAD = """# The portal's addresses

Built from the URLconf by `python -m tests.documents`. What a person then sees is what the
selectors let them; `tests/integration/test_addresses_by_role.py` states what every role is
answered at each. A page of another firm is "not found", like one that does not exist. Every
address that ends in `.csv` is there with `.xlsx` as well.

| address | open to | what |
|---|---|---|
"""


def rows() -> Iterator[tuple[str, str, str]]:
    """Address, who may open it, and what its view says of itself; workbooks left out."""
    for pattern in [*urlpatterns, *of_accounts]:
        if isinstance(pattern, URLPattern) and not str(pattern.pattern).endswith(".xlsx"):
            view = pattern.callback
            roles = getattr(view, "open_to", None)
            open_to = (
                "everybody"
                if roles is None
                else ", ".join(role.value for role in roles) or "who is signed in"
            )
            said = " ".join((view.__doc__ or "").partition("\n\n")[0].split())
            yield address(str(pattern.pattern)), open_to, said or str(pattern.name)


def address(pattern: str) -> str:
    """As a person reads it: `/sites/<site>/`."""
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern).strip("^$")
    return "/" + re.sub(r"<\w+:(\w+)>", r"<\1>", named)


def page() -> str:
    """The whole page."""
    return HEAD + "".join(
        f"| `{where}` | {open_to} | {what.replace('|', chr(92) + '|')} |\n"
        for where, open_to, what in sorted(rows())
    )
