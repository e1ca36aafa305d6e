"""Processes that run scripts: nothing of ours is in them but the engine, and they are ended and
begun anew whenever one goes wrong. Nobody but wiring may import this room."""
