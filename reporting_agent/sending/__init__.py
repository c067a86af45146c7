"""One report on its way out: what it holds, what it spends, how it is drawn, sealed, sent and
remembered.
"""
