"""Every reading exactly once on this machine's disk: the one writer of the spool, its files, and
what is missing in them.
"""
