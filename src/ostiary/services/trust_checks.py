"""What is wrong or doubtful about trust as it acts: document, files and store put together.

Unlike what is found in single files, this is looked at anew whenever something managed changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ostiary.compiler.bundle import Materials
from ostiary.compiler.policies import anchors_of, asking_entries
from ostiary.compiler.tls import Asking
from ostiary.config.effective import AuthType
from ostiary.config.load import Loaded
from ostiary.kernel.problems import Problem, Severity
from ostiary.services.handshake import MAKE_WHOLE, NOT_WHOLE, without_root
from ostiary.services.revocation import Asked, Path, anchors_without_list, doubts_about_lists
from ostiary.trust.policy import Revocation
from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList

_AUTH = "clientCertificateAuth"
_TRUSTED: Path = (_AUTH, "trustedCertificates")


def judge_trust(
    loaded: Loaded,
    materials: Materials,
    lists: Sequence[tuple[Path, RevocationList]],
    now: datetime,
    *,
    complete: bool = True,
) -> Iterator[Problem]:
    """Yield every warning about whom the gateway will trust.

    ``complete``: no further list is to come, so that one may be missed.
    """
    yield from _entries(loaded, materials)
    entries = (one for entry in materials.entries.values() for one in entry.anchors)
    yield from judge_administrators(
        loaded, materials, (*materials.trusted, *entries), "clients' certificates"
    )
    if not lists:
        return
    asking = _asking_by_place(loaded, materials)
    missed = anchors_without_list(asking) if complete else ()
    for doubt in (*doubts_about_lists(lists, asking, now), *missed):
        yield loaded.problem(doubt.at, doubt.message, doubt.way_out, Severity.WARNING)


def judge_administrators(
    loaded: Loaded, materials: Materials, others: Iterable[Certificate], of_whom: str
) -> Iterator[Problem]:
    """Yield a warning for each authority of administrators that is one of ``others``, too: whoever
    has one of ``of_whom`` is an administrator then, since no name is looked at there."""
    if materials.admin is None:
        return
    keys = {one.public_key_der for one in others}
    for anchor in materials.admin.anchors:
        if anchor.public_key_der in keys:
            yield loaded.problem(
                ("admin", "tls", "ca"),
                f"{anchor.subject!r} issues {of_whom}, too: each of them makes its holder an "
                "administrator",
                "name an authority that issues administrators' certificates alone, or leave ca "
                "out and use tokens",
                Severity.WARNING,
            )


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


def _asking_by_place(loaded: Loaded, materials: Materials) -> Mapping[Path, Asked]:
    named, acts = _written_names(loaded), loaded.effective
    lists = (*materials.crls, *materials.client_crls)
    said = loaded.document.client_certificate_auth.revocation
    clients = Asked(
        anchors=materials.trusted,
        revocation=_strictest(loaded, lists=bool(lists)),
        lists=lists,
        ocsp=said is not None and said.ocsp is not None,
    )
    # With another type the entries' own anchors are judged as Node.js does.
    node = Asked(anchors=(), revocation=Revocation.STRICT, lists=materials.crls)
    own = clients if acts.type.value is AuthType.CERTIFICATE else node
    found: dict[Path, Asked] = {
        ("https", "tls", named[entry.name], "ca"): replace(
            own, anchors=materials.entries[named[entry.name]].anchors
        )
        for entry in asking_entries(loaded.document, acts)
    }
    if acts.type.value is not AuthType.NONE:
        found[_TRUSTED] = clients
    return found


def _strictest(loaded: Loaded, *, lists: bool) -> Revocation:
    """The strictest of all that some request meets."""
    acts = loaded.effective
    policies = (acts.gateway, *(acts.apis[name] for name in acts.overriding))
    default = Revocation.STRICT if lists else Revocation.OFF
    modes = {
        Revocation(one.revocation.value) if one.revocation.value else default for one in policies
    }
    return next(one for one in (Revocation.STRICT, Revocation.SOFT, Revocation.OFF) if one in modes)


def _written_names(loaded: Loaded) -> Mapping[str, str]:
    https = loaded.document.https
    return {name.lower(): name for name in https.tls} if https else {}
