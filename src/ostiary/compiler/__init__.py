"""Document to Bundle: the engine's files and the trust policies. Pure; the same input gives the same bytes."""
