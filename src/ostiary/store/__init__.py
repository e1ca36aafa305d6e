"""Durable memory: revisions of the engine's files, verified intermediates, trusted certificates.

What operators set and what was seen is in ``store.database``. Every write can be interrupted.
"""
