"""A revocation list of ours, read back: what its head says, however long it is."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from ostiary.kernel.errors import OstiaryError


class NotOurList(OstiaryError):
    """A file that should hold a revocation list does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHead:
    """Whatever may be told about a list without reading its entries."""

    number: int
    base: int | None
    """Of a delta list: the number of the whole list it begins with."""
    this_update: datetime
    next_update: datetime
    entries: int


def head_of(der: bytes) -> ListHead:
    """Raises NotOurList."""
    try:
        native = x509.load_der_x509_crl(der)
        until = native.next_update_utc
        if until is None:
            raise NotOurList("the list doesn't say until when it holds")
        number = native.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        return ListHead(
            number=number,
            base=_base_of(native),
            this_update=native.last_update_utc,
            next_update=until,
            entries=len(native),
        )
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise NotOurList(f"not a revocation list: {error}") from error


def _base_of(native: x509.CertificateRevocationList) -> int | None:
    try:
        return native.extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number
    except x509.ExtensionNotFound:
        return None
