"""Ostiary: a mutual-TLS API gateway. HAProxy carries the traffic, Python decides who may pass."""

__version__ = "0.1.0"
