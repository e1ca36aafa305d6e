"""The access log: one JSON object a line, written by HAProxy itself.

Python is not on this path: at full load the log costs the gateway a formatted line and a write.
``@folder@`` stands for the revision's folder, where the maps of names are.
"""

from ostiary.compiler import credential_names, names
from ostiary.compiler.facts import Fact
from ostiary.compiler.profiles import Profiles
from ostiary.compiler.scopes import HEADER_ENTRY, Scheme
from ostiary.config.effective import AuthType
from ostiary.haproxy.quote import argument, word


def _json(name: str, expression: str) -> str:
    # Quoted by HAProxy, what is absent is an empty text; otherwise it would be a dash, like a
    # value (manual, section 8.2.6).
    return f'"{name}":%{{+Q}}[{expression}]'


def _text(name: str, variable: str) -> str:
    return _json(name, f"var({variable}),json(utf8s)")


def connection_rule(scheme: Scheme, *, tls: bool) -> str:
    """Write the part of the log that is the same for every request of a connection, once.

    Formatting costs more than copying, and this is most of the line. In header mode the certificate
    differs from request to request. It ends where the request's own fields begin.
    """
    shown = (
        _json("fingerprint", f"var({names.FINGERPRINT})"),
        _text("subject", names.SUBJECT),
        _json("entry", f"var({names.ENTRY})"),
    )
    session = (
        _json("sni", "ssl_fc_sni,json(utf8s)"),
        '"tls":"%sslv"',
        '"resumed":%[ssl_fc_is_resumed,bool]',
    )
    parts = (
        '"event":"request"',
        f'"client":"%[var({names.CLIENT})]"',
        *(shown if tls and scheme.type is not AuthType.HEADER else ()),
        *(session if tls else ()),
        '"method":"',
    )
    return f"tcp-request session set-var-fmt({names.CONNECTION}) {word(','.join(parts))}"


def log_format(scheme: Scheme, profiles: Profiles, *, messages: bool = False) -> str:
    """The line of one request; what the types add stands where that type is in force.

    What came of credentials stands there where some pipeline asks for them (``profiles``), and
    what steps say where one does (``messages``).
    """
    parts = (
        '"time":%Ts.%ms',
        '"request_id":"%ID"',
        *_certificate(scheme),
        f'%[var({names.CONNECTION})]%HM"',
        _json("host", f"var({names.HOST})"),
        _text("path", "txn.ost.logpath"),
        '"status":%ST',
        _json("api", f"var({names.ROUTE}),map_str(@folder@/apis.map)"),
        _json("reason", f"var({names.CODE}),map_str(@folder@/reasons.map)"),
        *_policy(scheme),
        *([_would()] if scheme.reports or profiles.reports else []),
        *(_credential() if profiles else []),
        *([f'"messages":[%[var({names.MESSAGES},{argument(" ")})]]'] if messages else []),
        '"backend":"%b"',
        '"bytes":%B',
        '"ms":{"total":%Ta,"queue":%Tw,"connect":%Tc,"service":%Tr}',
        '"end":"%ts"',
    )
    return "{" + ",".join(parts) + "}"


def _certificate(scheme: Scheme) -> list[str]:
    if scheme.type is not AuthType.HEADER:
        return []
    return [
        _json("fingerprint", Fact.FINGERPRINT.value),
        _json("subject", f"{Fact.SUBJECT.value},json(utf8s)"),
        f'"entry":"{HEADER_ENTRY}"',
    ]


def _credential() -> list[str]:
    outcome = f"var({credential_names.OUTCOME}),map_str(@folder@/{credential_names.REASONS_FILE})"
    return [
        _json("credential", outcome),
        _json("consumer", f"var({credential_names.CONSUMER})"),
    ]


def _policy(scheme: Scheme) -> list[str]:
    """Whose policy judged."""
    if scheme.type is AuthType.NONE:
        return []
    # The variable is absent where the gateway's own policy judged; ``concat`` bears that.
    own = f"str(.),concat(,{names.API}),length,sub(1),bool,iif(api,gateway)"
    return [_json("policy", own) if scheme.apis else '"policy":"gateway"']


def _would() -> str:
    """For what reason a report-only policy, or a step that reports, would have refused."""
    return _json("would_refuse", f"var({names.WOULD}),map_str(@folder@/reasons.map)")


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
