"""Consumers (users and their apps), their credentials, and when a credential is good.

Rules only: who keeps them is the store's business, who asks is the agent's.
"""
