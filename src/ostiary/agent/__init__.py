"""The SPOE door: sockets in front of a decision. HAProxy asks here about what it does not know."""
