"""What energy cost, by tariff and by time, and what another time of use would save
(docs/tariffs.md).
"""
