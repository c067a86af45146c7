"""The release before this one: its database, its agents' states and what they were about to send,
and both releases together.
"""
