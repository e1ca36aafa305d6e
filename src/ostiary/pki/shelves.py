"""The addresses of what is published, and the documents behind them."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from ostiary.ca.packing import certificates_only, pem_of_certificate, pem_of_list
from ostiary.pki.catalog import Catalog, ListFile, Published
from ostiary.pki.documents import Document, Media, document

_ALL = "all"
_PATH = re.compile(
    r"/(?P<shelf>ca|crl)/(?P<name>[0-9a-f]{16}|all)(?P<delta>-delta)?\.(?P<form>\w+)"
)


class Shelves:
    """Documents by their paths; each is made once for what it was made of."""

    def __init__(self, catalog: Catalog, clock: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._made: dict[str, tuple[object, Document]] = {}

    def find(self, path: str) -> Document | None:
        """None: there is nothing at this path. Raises FileTrouble."""
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        name, form = found["name"], found["form"]
        if name == _ALL:
            plain = form == "pem" and found["delta"] is None
            return self._bundle(path, found["shelf"]) if plain else None
        one = self._catalog.named(name)
        if one is None:
            return None
        if found["shelf"] == "ca":
            return None if found["delta"] else self._certificate(path, one, form)
        part = self._catalog.delta(one) if found["delta"] else self._catalog.whole(one)
        return None if part is None else self._list(path, part, form)

    def _certificate(self, path: str, one: Published, form: str) -> Document | None:
        der, since = one.certificate.der, one.certificate.not_before
        match form:
            case "crt":
                return document(der, Media.CERTIFICATE, since, None)
            case "pem":
                return document(one.certificate.pem, Media.PEM, since, None)
            case "p7c":
                chain = (der, *one.above)
                return self._once(
                    path,
                    chain,
                    lambda: document(certificates_only(chain), Media.CERTIFICATES, since, None),
                )
            case _:
                return None

    def _list(self, path: str, part: ListFile, form: str) -> Document | None:
        since, until = part.head.this_update, part.head.next_update
        match form:
            case "crl":
                return self._once(path, part, lambda: document(part.der, Media.CRL, since, until))
            case "pem":
                return self._once(
                    path, part, lambda: document(pem_of_list(part.der), Media.PEM, since, until)
                )
            case _:
                return None

    def _bundle(self, path: str, shelf: str) -> Document | None:
        """Of all authorities that haven't ended: as programs want it that take one file."""
        now = self._clock()
        going = [one for one in self._catalog.all() if now <= one.certificate.not_after]
        if not going:
            return None
        if shelf == "ca":
            body = b"".join(pem_of_certificate(one.certificate.der) for one in going)
            return document(body, Media.PEM, max(one.certificate.not_before for one in going), None)
        lists = tuple(self._lists(going))
        if not lists:
            return None
        return self._once(path, lists, lambda: _together(lists))

    def _lists(self, going: list[Published]) -> Iterator[ListFile]:
        for one in going:
            found = self._catalog.whole(one)
            if found is not None:
                yield found

    def _once(self, path: str, made_of: object, make: Callable[[], Document]) -> Document:
        kept = self._made.get(path)
        if kept is None or kept[0] != made_of:
            kept = made_of, make()
            self._made[path] = kept
        return kept[1]


def _together(lists: tuple[ListFile, ...]) -> Document:
    return document(
        b"".join(pem_of_list(one.der) for one in lists),
        Media.PEM,
        max(one.head.this_update for one in lists),
        min(one.head.next_update for one in lists),
    )
