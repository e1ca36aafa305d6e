"""What the gateway itself says: RFC 9457 problem documents, each with the request id."""

import json

from ostiary.haproxy.quote import log_text, word

# The sentences of the seed's table of errors, to the letter.
CERTIFICATE_REQUIRED = "Certificate authorization required to access the resource."
CERTIFICATE_REFUSED = "Certificate validation failed. You are not allowed to access the resource."
UNDECIDED = "The certificate can't be judged at the moment. Try again."

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    421: "Misdirected Request",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""Reason phrases of RFC 9110 section 15, for the statuses the gateway uses."""

ENGINE_STATUSES = (400, 408, 413, 500, 502, 503, 504)
"""Statuses that HAProxy itself may answer with; each gets a problem document."""

_WITHOUT_BODY = (204, 205, 304)
"""RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5: HAProxy refuses a body with these."""

_REQUEST_ID = "@request-id@"
_DETAIL = "@detail@"


def _document(status: int, detail: str) -> str:
    body: dict[str, object] = {"type": "about:blank", "title": _TITLES[status], "status": status}
    if detail:
        body["detail"] = detail
    body["requestId"] = _REQUEST_ID
    text = json.dumps(body, separators=(",", ":"))
    return log_text(text).replace(_REQUEST_ID, "%[unique-id]")


def problem(status: int, detail: str = "") -> str:
    """Arguments of ``http-request return`` that answer with a problem document."""
    return (
        f"status {status} content-type application/problem+json "
        f"lf-string {word(_document(status, detail))}"
    )


def refusal_of_variable(status: int, variable: str) -> str:
    """The same with the text of a variable as the detail; printable ASCII, perhaps none."""
    text = _document(status, _DETAIL).replace(_DETAIL, f"%[var({variable}),json(ascii)]")
    return f"status {status} content-type application/problem+json lf-string {word(text)}"


def engine_errors() -> list[str]:
    """``http-error`` lines for the defaults section."""
    return [f"http-error {problem(status)}" for status in ENGINE_STATUSES]


def plain(status: int, text: str) -> str:
    """Arguments of ``http-request return`` that answer with the operator's own words."""
    if not text or status in _WITHOUT_BODY:
        return f"status {status}"
    return f"status {status} content-type 'text/plain; charset=utf-8' string {word(text)}"
