"""A benchmark by another version of the pack than the site's own: steps that this lacks, and rules
that may differ.
"""

from __future__ import annotations

from benchmarks import packs
from reporting_agent.commands import compare
from reporting_agent.published import Benchmark, PublishedDocument, StepGap


def test_a_step_that_the_sites_own_pack_lacks_is_told_by_its_code() -> None:
    """A benchmark may be of a newer version of the pack than the site's."""
    gap = StepGap("plasma-melting", "steel", "", "total", "kgce/t", reason="no-label-of-ours")
    line = compare._line("en", packs.load("steel"), gap)
    assert str(line).startswith("plasma-melting · steel · total: not compared (no label of ours")


def test_that_both_are_by_unlike_versions_of_the_pack_is_told() -> None:
    """Only the periods were told where they differ; a label by other reference conditions stood
    beside the benchmark without a word.
    """
    steel = packs.load("steel")

    def answer_beside(version: str) -> str:
        document = PublishedDocument.model_validate(
            {"pack": "steel", "pack_version": version, "period": "2024", "version": 1, "steps": []}
        )
        return compare._as_text(
            "en", steel, "2024", Benchmark(document, "a file", "verified"), (), ()
        )

    assert (
        f"by version {steel.version} of the pack, the benchmark's by version 2,"
        in answer_beside("2")
    )
    assert "of the pack" not in answer_beside(steel.version)
