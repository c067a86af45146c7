"""What a reader of cells says when it cannot."""

from __future__ import annotations


class Unreadable(ValueError):  # noqa: N818 - reads as what it says: a cell is unreadable
    """A cell cannot be read as what its column holds; the text says what is wanted."""
