"""The policies of pipelines, one model a file; ``config.model.pipeline`` makes them one family.

``terminate`` and ``proxy`` stand there. The rules of each are in ``compiler.policy_…``.
"""
