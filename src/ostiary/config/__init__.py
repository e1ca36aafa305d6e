"""What the operator wrote: gateway.config.yml as a typed document, and every problem in it.

No file is opened here: text comes in, a Document or ConfigRefused goes out, each with positions.
"""
