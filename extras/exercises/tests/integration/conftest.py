"""The keys of a portal, as the book's integration tests have them."""

from tests.integration.conftest import (  # noqa: F401 - fixtures
    django_db_setup,
    key_folder,
    portal_keys,
)
