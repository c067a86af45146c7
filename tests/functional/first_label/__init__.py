"""From raw files to a first label, as an engineer at a plant would: how many commands, answers and
processor seconds it takes, and whether the label is right.

    python -m tests.functional.first_label [--json]
"""
