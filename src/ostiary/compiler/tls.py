"""TLS entries as crt-lists, and the maps that say which entry a name belongs to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from ostiary.compiler.bundle import EntryMaterial, entry_id
from ostiary.compiler.nobody import NOBODY
from ostiary.config.effective import AuthType
from ostiary.config.model.listeners import HttpsListener
from ostiary.haproxy.files import CrtListEntry, render_crt_list, render_map
from ostiary.x509.certificate import Certificate

LISTENER = "https"
NOBODY_FILE = "nobody.pem"


class Asking(Enum):
    """What the handshake does about client certificates."""

    NOTHING = "nothing"
    ANY = "any"
    """Asked for; any or none is let through, and policy or pipeline decides."""
    SHOWN = "shown"
    """Asked for; one that isn't trusted fails the handshake, none is let through."""
    TRUSTED = "trusted"
    """Asked for; without a trusted one the handshake fails."""

    @property
    def verify(self) -> str:
        """The word of HAProxy's ``verify``."""
        match self:
            case Asking.NOTHING:
                return "none"
            case Asking.ANY | Asking.SHOWN:
                return "optional"
            case Asking.TRUSTED:
                return "required"


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``tls`` entry with what it asks of clients."""

    name: str
    asking: Asking
    silent: bool = False
    """Clients aren't told whose certificates are welcome. The engine then needs no file that
    changes with what is trusted, and a handshake doesn't grow with it."""

    @property
    def id(self) -> str:
        """The entry's short name in keys and questions."""
        return entry_id(LISTENER, self.name)


def entries_of(listener: HttpsListener, auth_type: AuthType = AuthType.NONE) -> tuple[Entry, ...]:
    """All entries; names in lower case, as SNI ignores case (RFC 6066 section 3).

    With type certificate every entry asks, whatever ``requestCert`` says.
    """
    if auth_type is AuthType.CERTIFICATE:
        return tuple(_judged(listener, name) for name in listener.tls)
    return tuple(Entry(name.lower(), _asking(listener, name)) for name in listener.tls)


def _judged(listener: HttpsListener, name: str) -> Entry:
    """Bad certificates get the HTTP answer, unless the handshake was told to refuse them in so
    many words: ``rejectUnauthorized`` is true by default."""
    strict = listener.rejects_explicitly(name)
    asking = Asking.SHOWN if strict else Asking.ANY
    return Entry(name.lower(), asking, silent=not strict)


def _asking(listener: HttpsListener, name: str) -> Asking:
    if listener.rejects_unauthorized(name):
        return Asking.TRUSTED
    return Asking.ANY if listener.requests_certificate(name) else Asking.NOTHING


def groups(entries: tuple[Entry, ...]) -> dict[str, tuple[Entry, ...]]:
    """Binds needed: HAProxy lets bad certificates through per bind, not per name.

    Where some names refuse in the handshake and others don't, the two kinds get a bind each
    behind a frontend that reads the SNI and passes the connection on.
    """
    lenient = tuple(entry for entry in entries if entry.asking is Asking.ANY)
    strict = tuple(entry for entry in entries if entry.asking is not Asking.ANY)
    if not lenient:
        return {"strict": strict}
    if all(entry.asking is Asking.NOTHING for entry in strict):
        return {"lenient": entries}
    return {"strict": strict, "lenient": lenient}


def crt_list(
    entries: tuple[Entry, ...], path_of: Callable[[str], str], extra: tuple[str, ...]
) -> bytes:
    """The crt-list of one bind; the default entry stands first, as the fallback."""
    ordered = sorted(entries, key=lambda entry: (entry.name != "default", entry.name))
    lines = []
    for entry in ordered:
        options = [f"verify {entry.asking.verify}", *extra]
        if entry.silent:
            # As ca-file its name would be sent, and clients hold back what it didn't issue.
            options.insert(0, f"ca-verify-file {path_of(NOBODY_FILE)}")
        elif entry.asking is not Asking.NOTHING:
            options.insert(0, f"ca-file {path_of(f'ca-{entry.id}.pem')}")
        words = tuple(word for option in options for word in option.split(" "))
        names = () if entry.name == "default" else (entry.name,)
        lines.append(CrtListEntry(path_of(f"server-{entry.id}.pem"), words, names))
    return render_crt_list(lines)


def has_default(entries: tuple[Entry, ...]) -> bool:
    """Whether a fallback for unknown names exists."""
    return any(entry.name == "default" for entry in entries)


def entry_map(entries: tuple[Entry, ...]) -> bytes:
    """SNI name or Host to entry id, exact and wildcard keys alike."""
    return render_map({entry.name: entry.id for entry in entries if entry.name != "default"})


def group_map(grouped: Mapping[str, tuple[Entry, ...]]) -> bytes:
    """SNI name to the group whose bind serves it."""
    return render_map(
        {
            entry.name: group
            for group, members in grouped.items()
            for entry in members
            if entry.name != "default"
        }
    )


def entry_files(
    entries: tuple[Entry, ...],
    materials: Mapping[str, EntryMaterial],
    trusted: Iterable[Certificate] = (),
) -> dict[str, bytes]:
    """Certificate and key of each entry in one file, and its trust anchors.

    ``trusted`` are trusted at every entry. An entry that asks for certificates but trusts nobody
    gets an anchor that expired long ago and whose key does not exist: never the system's public
    roots.
    """
    by_name = {name.lower(): material for name, material in materials.items()}
    files: dict[str, bytes] = {}
    for entry in entries:
        material = by_name[entry.name]
        files[f"server-{entry.id}.pem"] = material.certificate + material.key
        if entry.silent:
            files[NOBODY_FILE] = NOBODY
        elif entry.asking is not Asking.NOTHING:
            believed = dict.fromkeys((*material.anchors, *trusted))
            anchors = b"".join(anchor.pem for anchor in believed)
            files[f"ca-{entry.id}.pem"] = anchors or NOBODY
    return files
