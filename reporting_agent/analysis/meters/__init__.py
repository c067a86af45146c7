"""Whether the meters suffice, whether they balance, and which to look at first (docs/meters.md)."""
