"""The installation in containers, walked as docs/portal.md has it on a machine with an engine."""
