"""What is seen while the gateway works: refusals, counts over time, clients.

Nothing here decides; nothing that decides waits for it.
"""
