"""Why management refuses; doors have one table from these classes to statuses and exit codes."""

from collections.abc import Iterable
from dataclasses import dataclass

from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.store.database.records import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in what was asked for."""

    where: str
    """JSON pointer (RFC 6901) into what was sent; empty for the whole."""
    message: str
    way_out: str = ""


class Unacceptable(WrongUse):
    """What was asked for can't be done as it was written; carries every fault found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(_told(fault) for fault in self.faults))

    @classmethod
    def one(cls, message: str, way_out: str = "", where: str = "") -> "Unacceptable":
        """The refusal of a single thing."""
        return cls([Fault(where=where, message=message, way_out=way_out)])


def _told(fault: Fault) -> str:
    where = f"{fault.where}: " if fault.where else ""
    return f"{where}{fault.message}" + (f" ({fault.way_out})" if fault.way_out else "")


class EngineRefuses(Unacceptable):
    """The gateway checked what would come of it, and refused; nothing was changed."""


class NotThere(WrongUse):
    """There is nothing of this kind by this name."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"there is no {kind} {name[:200]!r}")


class Stale(WrongUse):
    """Somebody else changed something meanwhile: look again before you write."""

    def __init__(self, wanted: int, now: int) -> None:
        self.wanted = wanted
        self.now = now
        super().__init__(
            f"the change was made for revision {wanted}, and it is {now} now "
            "(read again, and repeat the change if it still fits)"
        )


class Locked(WrongUse):
    """The configuration file gives this setting."""

    def __init__(self, setting: str, file: str) -> None:
        self.setting = setting
        self.file = file
        super().__init__(f"{setting} is set by {file} (change it there, or remove it there)")


class Conflicting(WrongUse):
    """What is there already stands against it."""


class InUse(Conflicting):
    """Something that is trusted can't be deleted from the library."""


class MustConfirm(Conflicting):
    """The last trusted certificate of type certificate goes only when asked for twice."""


class Forbidden(OstiaryError):
    """The role isn't enough."""

    def __init__(self, needed: Role) -> None:
        self.needed = needed
        super().__init__(f"this needs the role {needed.value}")


class BadCredential(OstiaryError):
    """No credential, an unknown one, or one that has ended; never says which."""


class TooManyAttempts(OstiaryError):
    """Too many failed credentials; ``seconds`` until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many failed attempts (try again in {seconds} seconds)")


class Unavailable(OstiaryError):
    """The database can't be used just now: what acts goes on acting, nothing can be changed."""


class NotApplied(OstiaryError):
    """The engine failed while the change was put in force; what acted before acts again."""
