"""SPOP, HAProxy's Stream Processing Offload Protocol, without sockets: bytes in, events out."""
