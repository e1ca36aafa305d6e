"""The SPOE door: sockets in front of spoe and trust. HAProxy asks here about certificates it does not know."""
