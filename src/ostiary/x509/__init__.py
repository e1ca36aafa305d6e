"""Certificates: reading, names, chain verification. No sockets, no files, no clock.

With ca, the only door to pyca/cryptography and pyOpenSSL.
"""
