"""What stands for a site's settings: how its rows are read, its meters, factors and rules, in one
digest.
"""

from __future__ import annotations

import hashlib
import json

from reporting_agent.config.site import SiteSettings

_LABEL = b"steplabel/1 settings\x00"
NO_PART = {"path", "inputs", "answers", "source", "tariff", "border", "emissions", "product_stocks"}


def settings_digest(site: SiteSettings) -> bytes:
    """SHA-256 of site.toml as it was read.

    Where files lie is no part of it, nor are answers about files without a mapping, of which no
    report is made, nor access data of a source, nor prices, CO2 factors, goods at the border and
    stocks of products: none of them decides what a row means. Comments, the order of keys and
    defaults that are written out change nothing.
    """
    settings = site.model_dump(mode="json", exclude=NO_PART)
    canonical = json.dumps(settings, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(_LABEL + canonical.encode()).digest()
