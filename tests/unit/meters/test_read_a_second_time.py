"""What a meter's file holds is counted once, though a meter whose own history leaves readings out
has its file read twice.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, following
from reporting_agent.sources.reading_log import ReadingLog
from tests.unit.meters.conftest import BEGIN, heats, meter, rate

Build = Callable[..., SiteSettings]
Label = Callable[[SiteSettings], LabelResult]
STRANGE = [(BEGIN, 1.0), (BEGIN, 2.0), (BEGIN, 3.0)]


def test_what_was_met_counts_once(
    a_site: Build, labelled: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    power = rate(lambda moment: 5_000.0 + 100 * (moment.minute % 7), 5)
    power[3000] = (power[3000][0], 4e6)  # beyond its own history, which is known at the end alone
    site = a_site(
        meter("main", "rate", "kW", role='"main"'), heats(100), {"main": power, "strange": STRANGE}
    )
    with (site.folder / "readings.csv").open("a", encoding="utf-8") as file:
        file.write("main,no time at all,7\n")
    second = []
    again = following.read_again

    def noted(log: ReadingLog) -> ReadingLog:
        second.append(log)
        return again(log)

    monkeypatch.setattr(following, "read_again", noted)
    plant = labelled(site).data
    assert second, "the meter's file was read a second time"
    assert plant.undeclared["strange"].readings == len(STRANGE)
    assert [rejected.place.column for rejected in plant.rejected] == ["timestamp"]
