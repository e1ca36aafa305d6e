"""The public listener's process, and the short-lived one that opens the authority's keys.

``keeping`` is the gateway's part: it binds the port and keeps a process running. ``serving`` is
that process. ``renewing`` is what makes anew what is due, then ends.
"""
