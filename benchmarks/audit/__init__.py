"""An audit anyone can check: what a plant commits to, what an auditor draws of it, and what the
plant opens.

`sampling_plan` and `signed_draws` know positions and digests only, so that the portal may use them;
whatever holds records or labels stays at the plant and with its auditor.
"""
