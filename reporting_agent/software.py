"""What this agent calls itself in reports and requests: name and version, nothing about the
machine.

A constant, so that it costs no look-up of package metadata; a test holds it to pyproject.toml.
"""

VERSION = "0.1.0"
SOFTWARE = f"steplabel-agent/{VERSION}"
