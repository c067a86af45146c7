"""`manage.py demo`: the whole system on one machine, with simulated plants and the real agent,
worker and web server.
"""
