"""OCSP as operators see it."""

from ostiary.config.revocation_checks import asks_ocsp
from ostiary.management.revocation_views import OcspView, ResponderView
from ostiary.services.ocsp_state import OcspState, ResponderState
from ostiary.services.prepare import Prepared


def ocsp_view(prepared: Prepared, state: OcspState, then: tuple[str, ...]) -> OcspView | None:
    """Responders of the file first, asked or not; None where OCSP is not asked."""
    if not asks_ocsp(prepared.document):
        return None
    named = dict.fromkeys(one.url for one in prepared.materials.ocsp)
    asked = {one.url: one for one in state.responders}
    return OcspView(
        good=state.good,
        revoked=state.revoked,
        unknown=state.unknown,
        ends=state.ends,
        then=then,
        responders=(
            *(_responder(url, asked.get(url), named=True) for url in named),
            *(_responder(url, one, named=False) for url, one in asked.items() if url not in named),
        ),
    )


def _responder(url: str, state: ResponderState | None, *, named: bool) -> ResponderView:
    return ResponderView(
        url=url,
        named=named,
        answers=state.answers if state else 0,
        failures=state.failures if state else 0,
        error=state.error if state else "",
        left_alone_until=state.left_alone_until if state else None,
    )
