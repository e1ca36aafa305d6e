"""Certificates: reading, names, chain verification. With ca, the only door to pyca/cryptography and pyOpenSSL."""
