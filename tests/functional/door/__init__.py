"""Spreadsheets and logs as firms of twelve languages keep them, each with its known truth, through
the road that a user takes.
"""
