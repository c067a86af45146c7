"""The agent that runs at the plant: reads its files, makes the local step label, protects and sends the report.

It runs without Django and without the portal. Everything exact stays on the site; see `docs/agent.md`.
"""
