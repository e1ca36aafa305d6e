"""The devices' door: enrolment over secure transport (RFC 7030), as the engine passes it on.

HTTP in, HTTP out: who may have which certificate is decided in ``management/authority``.
"""
