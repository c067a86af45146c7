"""Drawings and long tables as markup, each written in one go.

A template takes some ten microseconds for every value that it prints: a ladder of ten rungs and nine curves of twelve periods have three
thousand of them. Text is escaped here as a template would; positions are numbers that `portal.web.ladder` and `portal.web.trend` made.
"""
