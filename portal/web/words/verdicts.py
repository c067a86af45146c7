"""How a site compares with the others: the words for its owner, its regulator and the public."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from benchmarks.ranking import BANDS, quarters_of
from portal.web.words.figures import ordinal

QUARTERS = (
    gettext_lazy("First quarter, least energy"),
    gettext_lazy("Second quarter"),
    gettext_lazy("Third quarter"),
    gettext_lazy("Fourth quarter, most energy"),
)


def verdict(rank_interval: tuple[int, int], of: int) -> str:
    """What a 95 % rank interval bears out: a quarter, else a half, else nothing."""
    first, last = quarters_of(rank_interval, of)
    if first == last:
        return str(QUARTERS[first - 1])
    if last <= BANDS // 2:
        return _("Better than typical")
    return _("Behind typical") if first > BANDS // 2 else _("Cannot be distinguished from typical")


def ranks_between(low: int, high: int) -> str:
    return (
        ordinal(low)
        if low == high
        else pgettext("places", "%(low)s to %(high)s")
        % {"low": ordinal(low), "high": ordinal(high)}
    )


def ranks_of(rank_interval: tuple[int, int], of: int) -> str:
    """`3rd to 7th of 26`."""
    return _("%(places)s of %(of)d") % {"places": ranks_between(*rank_interval), "of": of}
