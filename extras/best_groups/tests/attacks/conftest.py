"""What the book's attacks state, for those on the best of a sector."""

from tests.attacks.conftest import stated  # noqa: F401 - a fixture
