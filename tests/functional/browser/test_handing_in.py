"""Several files at once, with and without scripts: each is answered on its own row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.browser.reader import Reader
from tests.functional.browser.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
LONG_NAME = "a-photograph-of-the-kiln-hall-taken-on-the-day-of-the-annual-inspection" * 2


def test_several_files_are_handed_in_at_once_and_each_is_answered(
    reader: MakeReader, world: World, tmp_path: Path
) -> None:
    files = {
        "report.sealed": world.sealed_file,
        f"{LONG_NAME}.png": b"x" * 900,
        "altered.sealed": world.altered_file,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    sent = [tmp_path / name for name in files]
    plain = reader("en", 1440, world.carrier.email, scripts=False)
    assert fates_of(plain, sent) == ["Submitted", "Refused", "Refused"]
    assert "3 files: 1 accepted, 0 already received, 2 refused." in plain.text()
    with plain.page.expect_download() as receipt:
        plain.page.click("main table td a")
    assert Path(receipt.value.path()).stat().st_size > 100
    for language, width, words in (
        ("en", 360, "Same as before"),
        ("zh-hans", 1440, "与先前相同"),
        ("zh-hans", 360, "与先前相同"),
    ):
        carrier = reader(language, width, world.carrier.email)
        assert fates_of(carrier, sent)[0] == words
        carrier.look("hand-in-several")


def fates_of(reader: Reader, files: list[Path]) -> list[str]:
    """What the page says of each file, chosen and sent with the keyboard's keys alone."""
    reader.open("/submissions/hand-in/")
    reader.page.set_input_files("#id_sealed", files)
    reader.page.press("main form button", "Enter")
    reader.page.wait_for_selector("main table")
    return [fate.strip() for fate in reader.page.locator("main table .st").all_inner_texts()]
