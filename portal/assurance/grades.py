"""Grades of sites that an officer confirmed, as far as an extra keeps such."""

from __future__ import annotations

from collections.abc import Collection

from portal.extras import Area

CONFIRMED: Area[[Collection[int]], tuple[int, str]] = Area()
"""Of these sites, by their keys."""
