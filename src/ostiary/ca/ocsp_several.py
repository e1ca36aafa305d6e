"""Several certificates in one question (RFC 6960 4.1.1), which the library reads one by one only.

A question is taken apart into questions about one certificate each; answers to those are put
together. All else is the library's: what it would refuse of one, it refuses here.
"""

from collections.abc import Iterator, Sequence

from ostiary.x509.der import LONG, inside

MOST = 20
"""Certificates in one question."""
_SEQUENCE, _BIT_STRING, _OCTET_STRING = 0x30, 0x03, 0x04
_EXTENSIONS = 0xA2
"""[2] of TBSRequest."""
_RESPONSE_BYTES, _CERTIFICATES = 0xA0, 0xA0


class Torn(ValueError):
    """Not the elements that it should be made of."""


def apart(question: bytes) -> tuple[bytes, ...]:
    """OCSPRequests about one certificate each, with the extensions of the whole; itself if it is
    one. Raises Torn."""
    (request,) = _elements(question, 0, len(question))
    to_be_signed = _parts(question, request)[0]
    parts = _parts(question, to_be_signed)
    lists = [one for one in parts if question[one[0]] == _SEQUENCE]
    if len(lists) != 1:
        raise Torn("it has not one list of certificates")
    wanted = _parts(question, lists[0])
    if len(wanted) == 1:
        return (question,)
    if not 0 < len(wanted) <= MOST:
        raise Torn(f"it asks about {len(wanted)} certificates (1 to {MOST} are answered)")
    more = b"".join(question[a:b] for a, b in parts if question[a] == _EXTENSIONS)
    return tuple(
        _tlv(_SEQUENCE, _tlv(_SEQUENCE, _tlv(_SEQUENCE, question[a:b]) + more)) for a, b in wanted
    )


class Together:
    """What the answers to several questions have in common, and what each of them says.

    All are answers of one responder that were made at the same time.
    """

    def __init__(self, answers: Sequence[bytes]) -> None:
        """OCSPResponses that are successful, of our own making."""
        basics = [_basic(one) for one in answers]
        first = basics[0]
        (whole,) = _elements(first, 0, len(first))
        data, algorithm, _, *certificates = _parts(first, whole)
        said = b"".join(map(_said, basics))
        self.to_be_signed = _with_said(first, data, said)
        """ResponseData."""
        self._algorithm = first[slice(*algorithm)]
        self._certificates = b"".join(first[slice(*one)] for one in certificates)

    def signed(self, signature: bytes) -> bytes:
        """The one OCSPResponse; ``signature`` by the same key, in the same way."""
        basic = _tlv(
            _SEQUENCE,
            self.to_be_signed
            + self._algorithm
            + _tlv(_BIT_STRING, b"\0" + signature)
            + self._certificates,
        )
        # id-pkix-ocsp-basic (RFC 6960 4.2.1)
        kind = bytes.fromhex("06092b0601050507300101")
        carried = _tlv(_SEQUENCE, kind + _tlv(_OCTET_STRING, basic))
        return _tlv(_SEQUENCE, b"\x0a\x01\x00" + _tlv(_RESPONSE_BYTES, carried))


def _basic(answer: bytes) -> bytes:
    """BasicOCSPResponse of an OCSPResponse."""
    (whole,) = _elements(answer, 0, len(answer))
    _, carrying = _parts(answer, whole)
    (carried,) = _parts(answer, carrying)
    _, octets = _parts(answer, carried)
    return answer[slice(*inside(answer, octets[0]))]


def _responses(basic: bytes) -> tuple[int, int]:
    """The list of SingleResponse in ResponseData: its only SEQUENCE."""
    (whole,) = _elements(basic, 0, len(basic))
    data = _parts(basic, whole)[0]
    (found,) = [one for one in _parts(basic, data) if basic[one[0]] == _SEQUENCE]
    return found


def _said(basic: bytes) -> bytes:
    return basic[slice(*inside(basic, _responses(basic)[0]))]


def _with_said(basic: bytes, data: tuple[int, int], said: bytes) -> bytes:
    begin, end = _responses(basic)
    content, _ = inside(basic, data[0])
    return _tlv(_SEQUENCE, basic[content:begin] + _tlv(_SEQUENCE, said) + basic[end : data[1]])


def _parts(data: bytes, element: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    begin, end = inside(data, element[0])
    return tuple(_elements(data, begin, end))


def _elements(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Where elements begin and end that fill this room. Raises Torn."""
    at = begin
    while at < end:
        try:
            _, after = inside(data, at)
        except IndexError as error:
            raise Torn("it breaks off") from error
        # 0x80 would be a length that isn't told (X.690 8.1.3.6), which DER doesn't have.
        if after > end or after <= at or data[at + 1] == LONG:
            raise Torn("an element is longer than the one around it")
        yield at, after
        at = after


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < LONG:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, LONG | len(length))) + length + content
