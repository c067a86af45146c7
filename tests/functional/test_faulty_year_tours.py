"""The tour of years that are wrong: what the page quotes is what a run finds, and what is declared
gives the label that it says.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measurements import Period
from fixtures.simulator.mistakes import MISTAKES
from reporting_agent import pipeline
from reporting_agent.changes.review import Review, review
from reporting_agent.config import load_site
from tests.functional.every_fault.silent import Labels, plant_of

PAGE = (Path(__file__).parents[2] / "docs" / "tour" / "plant-faulty-year.md").read_text(
    encoding="utf-8"
)


def looked_at(folder: Path, period: str, declared: str = "") -> tuple[Review, Labels, Labels]:
    """The questions, the labels, and those without what is in question."""
    path = folder / "declared.toml"
    path.write_text(
        (folder / "site.toml").read_text(encoding="utf-8") + "\n" + declared, encoding="utf-8"
    )
    site = load_site(path)
    year = Period.parse(period, site.zone)
    result = pipeline.label(site, year)
    asked = review(site, result.data)
    without = pipeline.label_of(site, asked.without(result.data, site.zone), year)
    here, left = (
        {
            (step.step, step.variant): step.best.value
            for step in steps
            if step.metric.value == "electricity" and step.best.value is not None
        }
        for steps in (result.site_label.steps, without.steps)
    )
    return asked, here, left


@pytest.mark.parametrize(
    ("generator", "kind", "size", "seed", "variant", "sentences"),
    [
        (
            *("mill", "transformer-ratio", 0, 11, "portland"),
            (
                "Portland cement {with_it} or {without} kWh/t",
                "labels {declared}, to the second decimal the truth",
            ),
        ),
        (
            *("mill", "zone", 1, 12, "portland"),
            (
                "Portland cement would be labelled {with_it} kWh/t, 28.3 % too low",
                "the label is {declared}, within 0.01 %",
            ),
        ),
        (
            *("cement", "output-scale", 1, 11, "ordinary-portland"),
            (
                "{with_it} kWh/t, 3.55 % too low",
                "then on {without}, with the tonnes put right {declared}: the truth is {truth}",
            ),
        ),
    ],
)
def test_a_wrong_year_is_told_declared_and_labelled_as_the_page_says(
    tmp_path: Path,
    generator: str,
    kind: str,
    size: int,
    seed: int,
    variant: str,
    sentences: tuple[str, ...],
) -> None:
    target, period, truth = plant_of(generator, seed, size, tmp_path)
    mistake = next(entry for entry in MISTAKES if entry.id == kind)
    mistake.put(target, mistake.sizes[size])
    asked, with_it, without = looked_at(tmp_path, period)
    (question,) = asked.open
    assert f"> {question.sentence}\n" in PAGE
    answered, declared, _ = looked_at(tmp_path, period, question.declare)
    assert answered.open == ()
    key = ("cement-grinding", variant)
    assert declared[key] == pytest.approx(truth[key], rel=0.005)
    figures = {
        name: f"{labels[key]:.2f}" if key in labels else "none"
        for name, labels in (
            ("with_it", with_it),
            ("without", without),
            ("declared", declared),
            ("truth", truth),
        )
    }
    for sentence in sentences:
        assert sentence.format(**figures) in PAGE
