"""The gateways: one file each says where it is found, how it is configured and how it is
started.
"""
