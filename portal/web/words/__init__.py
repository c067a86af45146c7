"""What pages call things, in their language: terms of the field, states and codes, figures with
their units, mails.
"""
