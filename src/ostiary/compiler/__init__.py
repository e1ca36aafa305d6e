"""Document to Bundle: the engine's files, and the trust policies the agent judges by.

Pure: the same input gives the same bytes.
"""
