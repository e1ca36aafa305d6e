"""Certificates as a client would present them: the bytes, good or not.

A hostile certificate must reach the decision as it is, so that what is explained is what the
running gateway says of it; only what is no certificate at all is refused here.
"""

import base64
import binascii
import re

from ostiary.x509.pem import read_certificates

_BLOCK = re.compile(
    rb"-----BEGIN CERTIFICATE-----(?P<body>[^-]*)-----END CERTIFICATE-----", re.DOTALL
)


def presented(data: bytes) -> tuple[bytes, ...]:
    """DER of the certificates in a PEM or DER file, in order; never none.

    Raises NotACertificate for a file that holds something else, such as a request.
    """
    try:
        bodies = [b"".join(found["body"].split()) for found in _BLOCK.finditer(data)]
        blocks = [base64.b64decode(body, validate=True) for body in bodies]
    except binascii.Error:
        blocks = []
    if blocks:
        return tuple(blocks)
    return tuple(certificate.der for certificate in read_certificates(data))
