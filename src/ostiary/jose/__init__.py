"""JSON Web Tokens and keys (RFC 7515, 7517, 7519): read and verified, never made.

The one door to the library for them. Whose a token is, and whether it is welcome, is decided above.
"""
