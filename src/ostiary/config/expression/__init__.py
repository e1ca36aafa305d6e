"""The expressions of policies: a closed part of JavaScript, as data. Nothing is ever run.

Express Gateway runs what stands here as JavaScript. ``parsing`` reads the forms that the engine
can work out by itself into ``parts``, and refuses all others by name; ``judging`` reads those of
conditions into ``truths``, which mean exactly what JavaScript means.
"""
