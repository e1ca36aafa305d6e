"""A certificate authority of one's own: its folder, its rules, and all that it does.

``house.House`` is what ``founding``, ``issuing``, ``revoking`` and ``publishing`` work in.
Every certificate is in the ledger before anybody gets it.
"""
