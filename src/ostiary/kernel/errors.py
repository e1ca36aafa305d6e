"""The root of every error this program raises on purpose."""


class OstiaryError(Exception):
    """A refusal with a reason a person can act on; doors translate it to exit codes or statuses."""


class WrongUse(OstiaryError):
    """The command, the configuration or what is installed must be changed; then it may work."""
