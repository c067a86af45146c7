"""Every check of Steplabel: `bin/test`, or `python -m tests` in an environment that has
requirements/dev.txt.
"""
