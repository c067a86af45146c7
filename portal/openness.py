"""What a view of the API says where no scope of a key opens it. Apart from the views, which cannot
be imported by what guards them.
"""

from __future__ import annotations

OPEN = "open"
"""It asks for no key: public, or for devices, which are known by their signatures."""

ANY_KEY = "any key"
"""Every key may ask, whatever it is good for."""
