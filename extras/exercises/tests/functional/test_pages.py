"""A learner does an exercise in the browser: without scripts, on a phone and on a desk, in both
languages.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from extras.exercises.reading import every, named
from tests.functional.browser.reader import Reader

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen",
    [(language, width) for language in ("en", "zh-hans") for width in (1440, 360)],
    ids=lambda screen: f"{screen[0]}-{screen[1]}",
)


@SCREENS
def test_a_learner_answers_wrong_reads_why_and_answers_right(
    reader: MakeReader, screen: tuple[str, int]
) -> None:
    exercise, (language, _width) = named("mill-year"), screen
    learner, watcher = reader(*screen, scripts=False), reader(*screen)

    def look(name: str) -> None:
        """The same address with scripts, which the checks of a page need."""
        learner.page.wait_for_load_state()
        watcher.page.goto(learner.page.url)
        watcher.look(name)

    learner.open("/about/")
    learner.page.click("main a[href='/exercises/']")
    look("exercises")
    assert learner.page.locator("main table a").count() == len(every())
    learner.page.click("main table a[href='/exercises/mill-year/']")
    look("exercise")
    learner.page.fill("#label", "28.2")
    learner.page.check("#cause-no-cause")
    learner.page.click("main form button")
    look("exercise-wrong")
    for reason in ("question.label.wrong.minimum", "question.cause.wrong.no-cause"):
        assert exercise.text(reason, language) in learner.text()
    learner.page.fill("#label", "28.33")
    learner.page.check("#cause-cold-start")
    learner.page.click("main form button")
    look("exercise-right")
    assert learner.page.locator(".govuk-error-message").count() == 0
    assert learner.page.locator(".govuk-inset-text").count() == 2
    with learner.page.expect_download() as got:
        learner.page.click("main a[href$='batches.csv']")
    assert got.value.path().read_bytes() == exercise.content("batches.csv")
