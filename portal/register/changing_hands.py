"""What ends where the register gives a site to another firm: what the earlier one agreed to or
asked for there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import cast

from benchmarks.phrases import Phrase
from portal.accounts import enrolling
from portal.accounts.models import Site
from portal.assurance import assigning
from portal.catalogue.models import ExtensionRequest
from portal.practices import outcomes
from portal.register.site_ends import site_changes_hands

BECAUSE = Phrase("the site belongs to another firm now")
"""On the record of what ends with that."""


def end_consents(sites: Collection[Site], by: str, now: datetime) -> Iterator[tuple[str, Phrase]]:
    """Tokens, what was reported of practices, requests that wait, and
    what extras keep: the new firm decides itself.
    With them audits by a body that may not check the new firm. By site id, what ended there.

    To be called in a transaction. Audits come first: their rows are locked before the log
    (`outcomes.withdraw_all`), as by whoever draws or signs.
    """
    requests = ExtensionRequest.objects.filter(site__in=sites, granted=None)
    asked = set(requests.values_list("site__slug", flat=True))
    requests.delete()
    ended: tuple[tuple[Collection[str], Phrase], ...] = (
        (
            assigning.end_partial(sites, BECAUSE, by, now),
            Phrase("is audited no longer by a body that may not check its organisation"),
        ),
        (asked, Phrase("no longer waits for more time, for which its earlier organisation asked")),
        (
            outcomes.withdraw_all(sites),
            Phrase(
                "has no practice report that waits any more, which its earlier organisation "
                "submitted"
            ),
        ),
        (
            enrolling.end_tokens(sites, now),
            Phrase(
                "is open to no new agent any more, for which its earlier organisation had a token"
            ),
        ),
        *(
            cast("tuple[Collection[str], Phrase]", answer)
            for _receiver, answer in site_changes_hands.send(
                sender=Site, sites=sites, because=BECAUSE, by=by, now=now
            )
        ),
    )
    for slugs, detail in ended:
        yield from ((slug, detail) for slug in sorted(slugs))
