"""What becomes of an Express Gateway's files and consumers here: read, judged, told, rewritten.

Texts come in, findings and texts go out. The configuration is read and checked by
``ostiary.config`` alone; what is known here is only how Express Gateway 1.16.11 would have done it.
"""
