"""The proof of speed: this gateway and its rivals on one machine, in one run.

Never imported by the product."""
