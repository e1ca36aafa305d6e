"""The access log: one JSON object a line, written by HAProxy itself.

Python is not on this path: at full load the log costs the gateway a formatted line and a write.
``@folder@`` stands for the revision's folder, where the maps of names are.
"""

from ostiary.compiler import names
from ostiary.haproxy.quote import argument, word


def _json(name: str, expression: str) -> str:
    # Quoted by HAProxy, what is absent is an empty text; otherwise it would be a dash, like a
    # value (manual, section 8.2.6).
    return f'"{name}":%{{+Q}}[{expression}]'


def _text(name: str, variable: str) -> str:
    return _json(name, f"var({variable}),json(utf8s)")


def connection_rule() -> str:
    """Write the part of the log that is the same for every request of a connection, once.

    It begins with a comma: it follows the client's address. Formatting costs more than copying, and
    this is most of the line.
    """
    text = "," + ",".join(
        (
            _json("fingerprint", f"var({names.FINGERPRINT})"),
            _text("subject", names.SUBJECT),
            _json("sni", "ssl_fc_sni,json(utf8s)"),
            '"tls":"%sslv"',
            '"resumed":%[ssl_fc_is_resumed,bool]',
        )
    )
    return f"tcp-request session set-var-fmt({names.CONNECTION}) {word(text)}"


LOG_FORMAT = (
    "{"
    + ",".join(
        (
            '"time":%Ts.%ms',
            '"event":"request"',
            '"request_id":"%ID"',
            f'"client":"%ci"%[var({names.CONNECTION},{argument(" ")})]',
            '"method":"%HM"',
            _json("host", f"var({names.HOST})"),
            _text("path", "txn.ost.logpath"),
            '"status":%ST',
            _json("api", f"var({names.ROUTE}),map_str(@folder@/apis.map)"),
            _json("reason", f"var({names.CODE}),map_str(@folder@/reasons.map)"),
            '"backend":"%b"',
            '"bytes":%B',
            '"ms":{"total":%Ta,"queue":%Tw,"connect":%Tc,"service":%Tr}',
            '"end":"%ts"',
        )
    )
    + "}"
)

ERROR_FORMAT = (
    "{"
    + ",".join(
        (
            '"time":%Ts.%ms',
            # HAProxy logs here whatever ended before there was a request to log: without an error
            # of the connection, it was no HTTP.
            _json("event", "fc_err,bool,iif(handshake-failed,request-malformed)"),
            '"client":"%ci"',
            _json("sni", "ssl_fc_sni,json(utf8s)"),
            _json("reason", "ssl_c_err,map_str(@folder@/verify-errors.map)"),
            _json("chain_reason", "ssl_c_ca_err,map_str(@folder@/verify-errors.map)"),
            _json("tls_error", "ssl_fc_err_str,json(utf8s)"),
            _json("connection", "fc_err_str,json(utf8s)"),
        )
    )
    + "}"
)
