"""The reader and the portal of the book's browser tests, for the pages of what firms share."""

from tests.functional.browser.conftest import (  # noqa: F401 - fixtures
    _django_db_helper,
    chromium,
    portal_url,
    reader,
    screenshots,
    world,
)
