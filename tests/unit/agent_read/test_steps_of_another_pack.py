"""A benchmark whose pack has steps that the site's own version of it lacks."""

from __future__ import annotations

from benchmarks import packs
from reporting_agent.commands import compare
from reporting_agent.comparison import StepGap


def test_a_step_that_the_sites_own_pack_lacks_is_told_by_its_code() -> None:
    """A benchmark may be of a newer version of the pack than the site's."""
    gap = StepGap("plasma-melting", "steel", "", "total", "kgce/t", reason="no-label-of-ours")
    line = compare._line("en", packs.load("steel"), gap)
    assert str(line).startswith("plasma-melting · steel · total: not compared (no label of ours")
