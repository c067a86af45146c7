"""A portal under load, with real agents, through every outage that an operator is told of:
docs/runbook.md.
"""
