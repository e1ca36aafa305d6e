"""The agent without HAProxy: questions, answers, and the socket itself."""
