"""docs/pages.md lists every address of the pages, the README of an extra those that it adds, and no
other.
"""

from __future__ import annotations

import re

from django.urls import URLPattern, resolve

from portal import extras
from portal.web.account_urls import urlpatterns as of_accounts
from portal.web.urls import urlpatterns
from tests.documents.refusals import ROOT

PAGES = (ROOT / "docs" / "pages.md", *extras.files("README.md"))
SAMPLES = {
    "pack": "steel",
    "role": "limit",
    "path": "steps.coking.quantile",
    "route": "eaf",
    "step": "eaf",
    "period": "2016-01-01_2016-07-01",
    "version": "1",
    "digest": 64 * "a",
    "site": "works-2",
    "device": "00000000-0000-4000-8000-000000000000",
    "group": "1",
    "id": "1",
    "a": "1",
    "b": "2",
    "number": "1",
    "sample": "1",
    "code": "A-0000-0000-0000-0000",
    "uid": "1",
    "key": "nothing",
    "secret": "nothing",
    "name": "steplabel-agent.pyz",
    "jurisdiction": "CN",
}


def listed() -> list[str]:
    """Addresses of the table, with samples in place of their parts; "…" repeats the one before."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    tables = [text.split("## Addresses", 1)[1].split("\n\n", 2)[1] for text in texts]
    addresses: list[str] = []
    for row in (row for table in tables for row in table.splitlines()[2:]):
        before = ""
        for code in re.findall(r"`([^`]+)`", row.split("|")[1]):
            whole = (
                code
                if not code.startswith("…")
                else re.sub(r"[^/]+$", "", before) + code.removeprefix("…/")
            )
            before = whole if not code.startswith("…") else before
            addresses.append(re.sub(r"<(\w+)>", lambda part: SAMPLES[part[1]], whole))
    return addresses


def test_every_address_of_the_pages_is_listed_and_leads_somewhere() -> None:
    named = {resolve(address).url_name for address in listed() if not address.endswith("…")}
    patterns = {
        pattern.name for pattern in [*urlpatterns, *of_accounts] if isinstance(pattern, URLPattern)
    }
    assert {
        name
        for name in patterns - named
        if not str(name).startswith("earlier-") and not str(name).endswith("-xlsx")
    } == set()
    assert named <= patterns
