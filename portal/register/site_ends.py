"""Signals of what ends with a site, for apps that keep something of it: the register knows none of
them.

A receiver runs in the transaction of what happens, as the worker: see `extras/README.md` for the
rights it needs.
"""

from __future__ import annotations

import secrets

from django.dispatch import Signal

from benchmarks.composition.result import DEPARTED

site_retires = Signal()
"""Sites take part no more: `sites`, `by`, `now`."""

site_changes_hands = Signal()
"""The register gives sites to other firms: `sites`, `because`, `by`, `now`. A receiver returns the
ids of the sites where something ended, and what, as a `Phrase`.
"""

firm_leaves = Signal()
"""A firm leaves the scheme: `sites` (of `Site`), `firm`, `names` (`RandomNames` for the sites),
`because`, `now`.
"""


class RandomNames(dict[str, str]):
    """Random names, each made when it is first asked for: the same site, or report of it, has the
    same in every record of who stood behind a value.
    """

    def __init__(self, sites: set[str]) -> None:
        super().__init__()
        self.sites = sites

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, f"{DEPARTED}{secrets.token_hex(8)}")
