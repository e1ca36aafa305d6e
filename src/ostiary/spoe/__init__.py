"""SPOP, HAProxy's Stream Processing Offload Protocol, without sockets: bytes in, events and bytes out."""
