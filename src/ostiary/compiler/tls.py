"""TLS entries as crt-lists, and the maps that say which entry a name belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from ostiary.compiler.bundle import EntryMaterial, entry_id
from ostiary.compiler.nobody import NOBODY
from ostiary.config.model.listeners import HttpsListener
from ostiary.haproxy.files import CrtListEntry, render_crt_list, render_map

LISTENER = "https"


class Asking(Enum):
    """What the handshake does about client certificates."""

    NOTHING = "none"
    ANY = "optional"
    """Asked for; any or none is let through, and the pipeline decides."""
    TRUSTED = "required"
    """Asked for; without a trusted one the handshake fails."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``tls`` entry with what it asks of clients."""

    name: str
    asking: Asking

    @property
    def id(self) -> str:
        """The entry's short name in keys and questions."""
        return entry_id(LISTENER, self.name)


def entries_of(listener: HttpsListener) -> tuple[Entry, ...]:
    """All entries; names in lower case, as SNI ignores case (RFC 6066 section 3)."""
    return tuple(Entry(name.lower(), _asking(listener, name)) for name in listener.tls)


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
        options = [f"verify {entry.asking.value}", *extra]
        if entry.asking is not Asking.NOTHING:
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
    entries: tuple[Entry, ...], materials: Mapping[str, EntryMaterial]
) -> dict[str, bytes]:
    """Certificate and key of each entry in one file, and its trust anchors.

    An entry that asks for certificates but trusts nobody gets an anchor that expired long ago
    and whose key does not exist: never the system's public roots.
    """
    by_name = {name.lower(): material for name, material in materials.items()}
    files: dict[str, bytes] = {}
    for entry in entries:
        material = by_name[entry.name]
        files[f"server-{entry.id}.pem"] = material.certificate + material.key
        if entry.asking is not Asking.NOTHING:
            anchors = b"".join(anchor.pem for anchor in material.anchors)
            files[f"ca-{entry.id}.pem"] = anchors or NOBODY
    return files
