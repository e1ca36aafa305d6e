"""Durable memory: revisions of the engine's files, verified intermediates.

Every write can be interrupted."""
