"""What other packages add to the agent, found by their entry points; the agent imports none of
them.

A command is a module like those of `reporting_agent.commands`:

    [project.entry-points."steplabel.commands"]
    watch = "extras.live.command"

Sources (`steplabel.sources`) are connected by `reporting_agent.sources.interface`, exporters
(`steplabel.exporters`) are run by the extra `exports`. The extras of this repository are known by
name, so that one that is missing can be named with the line that installs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMMANDS, SOURCES, EXPORTERS = "steplabel.commands", "steplabel.sources", "steplabel.exporters"

EXTRA_OF: Mapping[str, str] = {
    "watch": "live",
    "fleet": "fleet",
    "export": "exports",
    "exercise": "exercises",
    "reconcile": "reconciliation",
}
"""By command, the folder under `extras/` that brings it."""


def installed(group: str) -> dict[str, EntryPoint]:
    """By name, the entry points of a group. One whose module is gone, as where a folder was deleted
    and its registration stayed, is left out.
    """
    from importlib.metadata import entry_points  # 30 ms, which a command of the agent's own saves

    return {point.name: point for point in entry_points(group=group) if _is_there(point)}


def to_install(extra: str) -> Phrase:
    """The one line that installs an extra of this repository."""
    return Phrase("in Steplabel's folder: pip install ./extras/%(extra)s", extra=extra)


def add_missing(sub: Any, command: str) -> None:
    """Declare a command whose extra is not installed: its help, and whatever is asked of it,
    answers with the line that installs it.
    """
    extra = EXTRA_OF[command]
    sub.add_parser(
        command,
        help=Phrase("not installed: pip install ./extras/%(extra)s", extra=extra),
        add_help=False,
        refused=Phrase("not installed; %(line)s", line=to_install(extra)),
    )


def _is_there(point: EntryPoint) -> bool:
    try:
        return find_spec(point.module) is not None
    except ModuleNotFoundError:
        return False
