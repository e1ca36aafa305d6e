"""Checks of ``pki.est``: whose certificate the listener shows."""

from collections.abc import Iterator

from ostiary.config.model.document import Document
from ostiary.config.text.tree import Places
from ostiary.kernel.problems import Problem


def check_enrolment(document: Document, places: Places) -> Iterator[Problem]:
    """Yield problems of the enrolment listener. Its patterns are read where names are."""
    est = document.pki.est if document.pki is not None else None
    if est is None or est.tls is not None:
        return
    if document.https is None or "default" not in document.https.tls:
        yield places.problem(
            ("pki", "est"),
            "has no server certificate, and there is no https.tls.default to share it with",
            "add tls: {key: …, cert: …} to it (ostiary ca issue NAME --server makes one)",
        )
