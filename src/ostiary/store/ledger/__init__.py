"""The ledger of a certificate authority: what it issued, what it revoked, which lists it made.

A SQLite file of its own. It only grows: triggers refuse every change of what is written.
"""
