"""The public side of the certificate authority: lists, OCSP, certificates; plain HTTP.

Everybody may read here, nobody may change anything, and the authority's own keys never come here:
what is served was signed by others, but for the answers of OCSP, which have keys of their own.
"""
