"""Reading what the transparency log has of a version."""

from __future__ import annotations

from dataclasses import dataclass

from portal.publication.models import LoggedAct
from portal.publication.selectors import series


@dataclass(frozen=True, slots=True)
class LoggedActView:
    """One entry of the log about a version. `leaves` are the entries of the reports that it was composed of, `values`
    those of the values that were found in them."""

    act: str  # LoggedAct.Act
    document: str  # hex digest of what was signed
    leaves: tuple[int, ...]
    values: tuple[int, ...]
    reason: str
    log_index: int


def logged_acts(
    pack: str, period: str, version: int, route: str | None = None, place: str | None = None
) -> tuple[LoggedActView, ...] | None:
    """Publication first; None where the public has not seen the version. `route` and `place` as in `selectors.series`."""
    row = series(pack, period, route, place).row(version)
    if row is None:
        return None
    acts = LoggedAct.objects.filter(publication=row.id).order_by("log_index")
    return tuple(LoggedActView(one.act, one.document, tuple(one.leaves), tuple(one.values), one.reason, one.log_index) for one in acts)
