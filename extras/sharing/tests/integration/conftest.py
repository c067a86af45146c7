"""The portal of the book's integration tests."""

from tests.integration.conftest import (  # noqa: F401 - fixtures, and which tests share a process
    _a_pages_language_ends_with_its_test,
    _what_is_kept_ends_with_its_test,
    _who_is_signed_in_by_a_test_has_shown_a_second_factor,
    built_scene,
    cast,
    django_db_setup,
    key_folder,
    portal_keys,
    pytest_collection_modifyitems,
    scene,
)
