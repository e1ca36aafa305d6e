"""Client certificates in headers, as load balancers send them: formats, presets, decoding. Pure.

Enter by ``ostiary.forwarded.decode.decode``.
"""
