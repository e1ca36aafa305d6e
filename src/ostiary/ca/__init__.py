"""A private certificate authority: roots, intermediates, server and client certificates.

Made with sane profiles. No files and no clock; time and dice are arguments.
"""
