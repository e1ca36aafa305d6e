"""Users, apps, their credentials and scopes: every change as one, audited, told to the gateway.

What a name, a secret or a rule may be is said in ``ostiary.consumers``; what credentials do on
traffic is the agent's business.
"""
