"""Openings for the auditor's exercise, which the agent alone makes: `python -m tests.exercises`
writes them where the product has them.
"""
