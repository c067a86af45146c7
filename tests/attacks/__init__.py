"""Attacks, each run for real, with its success measured; each fails to be stopped when the defence
it is meant for is off.
"""
