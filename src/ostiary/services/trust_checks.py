"""What is wrong or doubtful about trust as it acts: document, files and store put together.

Unlike what is found in single files, this is looked at anew whenever something managed changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ostiary.compiler.bundle import Materials
from ostiary.compiler.policies import anchors_of, asking_entries
from ostiary.compiler.tls import Asking
from ostiary.config.effective import AuthType
from ostiary.config.load import Loaded
from ostiary.kernel.problems import Problem, Severity
from ostiary.services.handshake import MAKE_WHOLE, NOT_WHOLE, without_root
from ostiary.services.revocation import Path, anchors_without_list, doubts_about_lists
from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList

_AUTH = "clientCertificateAuth"
_TRUSTED: Path = (_AUTH, "trustedCertificates")


def judge_trust(
    loaded: Loaded,
    materials: Materials,
    lists: Sequence[tuple[Path, RevocationList]],
    now: datetime,
) -> Iterator[Problem]:
    """Yield every warning about whom the gateway will trust."""
    yield from _entries(loaded, materials)
    anchors = _anchors_by_place(loaded, materials)
    for doubt in (
        *doubts_about_lists(lists, anchors, now),
        *anchors_without_list(materials.crls, anchors),
    ):
        yield loaded.problem(doubt.at, doubt.message, doubt.way_out, Severity.WARNING)


def _entries(loaded: Loaded, materials: Materials) -> Iterator[Problem]:
    acts = loaded.effective
    named = _written_names(loaded)
    for entry in asking_entries(loaded.document, acts):
        written = named[entry.name]
        anchors = anchors_of(materials.entries[written], materials, acts)
        if not anchors and acts.type.value is AuthType.CERTIFICATE:
            yield loaded.problem(
                ("https", "tls", written),
                "trusts nobody: every client certificate will be refused",
                "add clientCertificateAuth.trustedCertificates, or a certificate in the console",
                Severity.WARNING,
            )
        if entry.asking in (Asking.TRUSTED, Asking.SHOWN):
            for anchor in without_root(anchors):
                yield loaded.problem(
                    ("https", "tls", written, "ca"),
                    f"the trust anchor {anchor.subject!r} leads to {NOT_WHOLE}: "
                    "its clients are refused",
                    MAKE_WHOLE,
                    Severity.WARNING,
                )


def _anchors_by_place(loaded: Loaded, materials: Materials) -> Mapping[Path, Sequence[Certificate]]:
    named = _written_names(loaded)
    found: dict[Path, Sequence[Certificate]] = {
        ("https", "tls", named[entry.name], "ca"): materials.entries[named[entry.name]].anchors
        for entry in asking_entries(loaded.document, loaded.effective)
    }
    if loaded.effective.type.value is not AuthType.NONE:
        found[_TRUSTED] = materials.trusted
    return found


def _written_names(loaded: Loaded) -> Mapping[str, str]:
    https = loaded.document.https
    return {name.lower(): name for name in https.tls} if https else {}
