"""docs/architecture.md draws the arrows that .importlinter holds, and the apps that are
installed.
"""

from __future__ import annotations

import re
from configparser import ConfigParser
from itertools import pairwise

from django.conf import settings

from tests.documents.refusals import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def layers(contract: str) -> list[str]:
    """Modules of a contract, from the bottom up; those beside each other in the order written."""
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter")
    section = parser[f"importlinter:contract:{contract}"]
    assert section["exhaustive"] == "True", "a new module without a place must fail"
    return [
        name.strip(" ()")
        for line in reversed(section["layers"].split("\n"))
        if line
        for name in line.split("|")
    ]


def test_the_rooms_of_the_core_stand_in_the_order_of_their_layers() -> None:
    table = PAGE.split("## Rooms of the core, in reading order", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert [room for row in rows for room in re.findall(r"`(\w+)`", row)] == layers("core")


def test_the_portals_apps_stand_in_the_order_of_their_layers() -> None:
    chain = re.search(r"Apps in one direction: `([^`]+)`", PAGE)
    assert chain is not None
    drawn = chain[1].split(" ◀ ")
    installed = [
        name.removeprefix("portal.")
        for name in settings.INSTALLED_APPS
        if name.startswith("portal.")
    ]
    assert [name for name in layers("portal") if name in drawn] == drawn
    assert set(drawn) == set(installed) - {"demo"}


def test_the_agents_arrows_point_down_its_layers() -> None:
    rooms, inside = layers("agent"), [layers("sending"), layers("agents-audit")]
    place = {name: index for order in (rooms, *inside) for index, name in enumerate(order)}
    assert len(place) == len(rooms) + sum(map(len, inside)), "a name that stands twice has no place"
    section = PAGE.split("## The agent", 1)[1].split("\n## ", 1)[0]
    chains = re.findall(r"`([^`]*▶[^`]*)`", section)
    assert chains
    for chain in chains:
        steps = [[name.strip() for name in step.split("|")] for step in chain.split("▶")]
        for above, below in pairwise(steps):
            assert min(place[name] for name in above) > max(place[name] for name in below), chain
