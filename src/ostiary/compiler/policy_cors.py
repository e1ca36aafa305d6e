"""``cors`` as rules: what the npm package cors 2.8 does, written for the engine."""

from ostiary.compiler.stage import Acting
from ostiary.config.model.policies.cors import CorsAction, Origin, Pattern
from ostiary.haproxy.quote import log_text, regex, word

_OPTIONS = "{ method OPTIONS }"
_AT_ONCE = 20
"""Origins on one line: HAProxy takes 64 words."""


def cors_rules(action: CorsAction, acting: Acting) -> None:
    """Mark the request, answer it here if it is a preflight, and add headers to any answer."""
    if action.origin is False:
        return
    ran = acting.ran()
    _origin(action, acting, ran)
    if action.credentials:
        _always(acting, "Access-Control-Allow-Credentials", "true", ran)
    if action.exposed_headers:
        _always(acting, "Access-Control-Expose-Headers", ",".join(action.exposed_headers), ran)
    _preflight(action, acting)


def _always(acting: Acting, name: str, value: str, ran: str) -> None:
    acting.stage.answer(f"http-after-response set-header {name} {word(log_text(value))} if {ran}")


def _origin(action: CorsAction, acting: Acting, ran: str) -> None:
    """One origin is told as it is; of several, that of the request, if it is one of them.

    What the service says about origins is replaced: two words would be none for browsers.
    """
    name = "Access-Control-Allow-Origin"
    answer = acting.stage.answer
    answer(f"http-after-response del-header {name} if {ran}")
    if isinstance(action.origin, str):
        answer(f"http-after-response set-header {name} {word(log_text(action.origin))} if {ran}")
        if action.origin == "*":
            return
    else:
        variable = f"{acting.name}_origin"
        for test in _allowed(action.origin):
            acting.do(f"set-var({variable}) req.fhdr(origin,1)", *test)
        there = f"{{ var({variable}) -m found }}"
        answer(f"http-after-response set-header {name} %[var({variable})] if {ran} {there}")
    answer(f"http-after-response add-header Vary Origin if {ran}")


def _allowed(origin: bool | Pattern | tuple[Origin, ...]) -> list[tuple[str, ...]]:
    """Tests of which any one allows the request's origin."""
    if isinstance(origin, bool):
        return [("{ req.fhdr(origin,1) -m len gt 0 }",)]
    several = origin if isinstance(origin, tuple) else (origin,)
    texts = [word(one) for one in several if isinstance(one, str)]
    tests = [
        f"{{ req.fhdr(origin,1) -m str -- {' '.join(texts[at : at + _AT_ONCE])} }}"
        for at in range(0, len(texts), _AT_ONCE)
    ]
    for one in several:
        if isinstance(one, Pattern):
            flag = "-i " if "i" in one.flags else ""
            tests.append(f"{{ req.fhdr(origin,1) -m reg {flag}-- {regex(one.regexp)} }}")
    return [(test,) for test in tests]


def _preflight(action: CorsAction, acting: Acting) -> None:
    """The headers of the answer itself; those above are added to it as to any other."""
    told = [("Access-Control-Allow-Methods", ",".join(action.methods))]
    if action.allowed_headers:
        told.append(("Access-Control-Allow-Headers", ",".join(action.allowed_headers)))
    if action.max_age is not None:
        told.append(("Access-Control-Max-Age", str(action.max_age)))
    words = [f"hdr {name} {word(log_text(value))}" for name, value in told]
    asked = "{ req.fhdr(access-control-request-headers,1) -m len gt 0 }"
    said = f"return status {action.options_success_status} {' '.join(words)}"
    if action.allowed_headers is None:
        vary = "hdr Vary Access-Control-Request-Headers"
        reflected = "%[req.fhdr(access-control-request-headers,1)]"
        acting.do(f"{said} hdr Access-Control-Allow-Headers {reflected} {vary}", _OPTIONS, asked)
        said = f"{said} {vary}"
    acting.do(said, _OPTIONS)
