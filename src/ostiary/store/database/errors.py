"""Why the database refuses; the fields tell it to a program, the sentence to a person."""

from ostiary.kernel.errors import OstiaryError, WrongUse


class NameTaken(WrongUse):
    """Something of this kind has this name already."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"there is a {kind} {name!r} already (choose another name)")


class NoSuch(WrongUse):
    """There is nothing of this kind by this name or number."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"there is no {kind} {name!r}")


class StillTrusted(WrongUse):
    """A component can't go while the gateway trusts a version of it."""

    def __init__(self, component: str) -> None:
        self.component = component
        super().__init__(
            f"component {component!r} is among the trusted certificates (remove it there first)"
        )


class NotStorable(WrongUse):
    """A value is too long, or holds what no database keeps: NUL, or half of a surrogate pair."""


class TooMany(WrongUse):
    """A list would grow beyond what is kept."""

    def __init__(self, kind: str, limit: int) -> None:
        self.kind = kind
        self.limit = limit
        super().__init__(f"at most {limit} {kind} are kept (remove some, or join them by patterns)")


class BadStoreUrl(WrongUse):
    """``store.url`` names no database that can be used."""


class NewerDatabase(WrongUse):
    """A later version of this program has changed the tables."""

    def __init__(self, where: str, found: str, known: str) -> None:
        self.where = where
        self.found = found
        self.known = known
        super().__init__(
            f"{where}: was written by a newer version of this program (its tables are at {found!r},"
            f" this program knows up to {known!r}; use the newer version, or another database)"
        )


class NotOurDatabase(WrongUse):
    """Somebody else's tables are there."""

    def __init__(self, where: str, found: str) -> None:
        self.where = where
        super().__init__(
            f"{where}: is the database of another program: {found} (use an empty database)"
        )


class StoreBusy(OstiaryError):
    """Somebody else holds the database longer than we wait; trying again may help."""


class StoreUnavailable(OstiaryError):
    """The database can't be reached, opened or written just now; nothing was changed."""


class NoLastGood(OstiaryError):
    """There is no last good copy to go back to, or it is damaged too."""
