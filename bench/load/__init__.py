"""Load: the tools that ask, and the words their answers are read with."""
