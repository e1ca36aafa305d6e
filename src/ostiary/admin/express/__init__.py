"""Express Gateway's admin API, so that its ``eg`` command and people's scripts go on working.

Routes, bodies and status codes are those of express-gateway 1.16.11, but for what is told where a
request is wrong: there it answers 500. Everything is asked of ``management``, as by ``/api/v1``.
"""
