"""Listeners as frontends: where to listen, with which TLS, and the rules in their order."""

from ostiary.compiler import guards, names, tls
from ostiary.compiler.answers import problem
from ostiary.compiler.bundle import Materials, Place
from ostiary.compiler.credentials import credential_rules
from ostiary.compiler.forwarding import peer_rules
from ostiary.compiler.identity import identity_rules
from ostiary.compiler.judging import PathOf, Plan, judged_in_the_open, judging
from ostiary.compiler.logs import ERROR_FORMAT, connection_rule, log_format
from ostiary.compiler.questions import SPOE_FILE
from ostiary.compiler.scopes import Scheme
from ostiary.compiler.tls import Asking, Entry
from ostiary.config.effective import AuthType
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import HttpListener, HttpsListener, TlsOptions
from ostiary.haproxy.files import Section
from ostiary.haproxy.quote import argument, word


def http_section(document: Document, listener: HttpListener, place: Place, plan: Plan) -> Section:
    """The plain listener: a certificate can only come in a header."""
    by_header = plan.in_header
    judged = judged_in_the_open(document, plan)
    lines = [
        *(f"bind {one}" for one in addresses(listener.hostname, listener.port, place)),
        *_logging(place, plan),
        *_peers(plan, behind_reader=False),
        *_connection_facts(),
        *([_filter(plan.path_of)] if by_header or plan.profiles or plan.asks else []),
        connection_rule(plan.scheme, tls=False),
        *_heard(guards.refusals(None)),
        *guards.request_facts(),
        *_request_id(document),
        *plan.routes,
        *judged.rules,
        *credential_rules(plan.profiles, plan.path_of, judged.gate, in_header=by_header),
        *guards.removals(document, _secret_headers(plan.scheme)),
        *(identity_rules(document, plan.scheme) if judged.tells else []),
        *guards.origin("http"),
        *plan.choices(judged.gate),
    ]
    return Section("frontend http", tuple(lines), "http")


def https_sections(
    document: Document, listener: HttpsListener, place: Place, plan: Plan
) -> list[Section]:
    """The TLS listener, and the SNI reader before it when its entries need two binds.

    The order is the one in which ``services.explain`` tells it: what can be read in two ways is
    refused, the Host must belong to the connection's entry, the route says whose policy judges, and
    only who passes it learns whether there is anything at the path.
    """
    entries = tls.entries_of(listener, plan.scheme.type)
    grouped = tls.groups(entries)
    judged = judging(document, plan, entries)
    path_of = plan.path_of
    lines = [
        *_binds(listener, place, path_of, grouped),
        *_timeouts(listener.options),
        *_logging(place, plan),
        *_peers(plan, behind_reader=len(grouped) > 1),
        *_connection_facts(),
        *([_filter(path_of)] if judged.rules or plan.profiles or plan.asks else []),
        *entry_of_connection(entries, path_of),
        *judged.facts,
        connection_rule(plan.scheme, tls=True),
        *_heard(
            [
                *guards.refusals(listener.options.max_header_size),
                *guards.request_facts(),
                *_request_id(document),
                *misdirected(entries, path_of),
            ]
        ),
        *plan.routes,
        *judged.rules,
        *credential_rules(plan.profiles, path_of, judged.gate, in_header=plan.in_header),
        *guards.removals(document, _secret_headers(plan.scheme)),
        *(identity_rules(document, plan.scheme) if judged.tells else []),
        *guards.origin("https"),
        *plan.choices(judged.gate),
    ]
    sections = [Section("frontend https", tuple(lines), "https")]
    if len(grouped) > 1:
        sections.extend(_sni_reader(listener, place, path_of, grouped))
    return sections


def _peers(plan: Plan, *, behind_reader: bool) -> list[str]:
    if not plan.in_header:
        return []
    return peer_rules(plan.scheme, plan.path_of, behind_reader=behind_reader)


def _secret_headers(scheme: Scheme) -> tuple[str, ...]:
    """Headers of clients that no service may see: the one a balancer would put certificates in."""
    name = scheme.header.name.value if scheme.type is AuthType.HEADER else None
    return (name,) if name else ()


def _filter(path_of: PathOf) -> str:
    return f"filter spoe engine ostiary config {word(path_of(SPOE_FILE))}"


def https_files(listener: HttpsListener, materials: Materials, plan: Plan) -> dict[str, bytes]:
    """Certificates, trust anchors, crt-lists and the maps of names."""
    path_of = plan.path_of
    entries = tls.entries_of(listener, plan.scheme.type)
    grouped = tls.groups(entries)
    extra = _entry_options(listener.options)
    files = {
        f"{group}.crtlist": tls.crt_list(members, path_of, extra)
        for group, members in grouped.items()
    }
    trusted = materials.trusted if plan.scheme.type is AuthType.CERTIFICATE else ()
    files |= tls.entry_files(entries, materials.entries, trusted)
    files["entries.map"] = tls.entry_map(entries)
    strict = sorted(entry.id for entry in entries if entry.asking is Asking.TRUSTED)
    files["strict.lst"] = "".join(f"{one}\n" for one in strict).encode()
    if len(grouped) > 1:
        files["groups.map"] = tls.group_map(grouped)
    return files


def entry_of_connection(entries: tuple[Entry, ...], path_of: PathOf) -> list[str]:
    """Say which entry the connection belongs to, once.

    Names are looked up as HAProxy chose the certificate: exact, then one-label wildcard, then
    the default (HAProxy manual, crt-list).
    """
    if len(entries) == 1:
        return [f"tcp-request session set-var({names.ENTRY}) str({entries[0].id})"]
    look = _entry_look_up(names.ENTRY, "ssl_fc_sni,lower", entries, path_of)
    return [f"tcp-request session {rule}" for rule in look]


def misdirected(entries: tuple[Entry, ...], path_of: PathOf) -> list[str]:
    """Refuse a Host that belongs to another entry than the connection (RFC 9110 15.5.20)."""
    if len(entries) == 1:
        return []
    host = _entry_look_up("txn.ost.he", f"var({names.HOST})", entries, path_of)
    same = f"{{ var(txn.ost.he),strcmp({names.ENTRY}) eq 0 }}"
    refusal = f"http-request return {problem(421)} hdr Connection close unless {same}"
    return [*(f"http-request {rule}" for rule in host), refusal]


def _entry_look_up(
    variable: str, name: str, entries: tuple[Entry, ...], path_of: PathOf
) -> list[str]:
    unset = f"!{{ var({variable}) -m found }}"
    table = path_of("entries.map")
    star = f"{name},regsub({argument('^[^.]+')},{argument('*')}),map_str({table})"
    rules = [
        f"set-var({variable}) {name},map_str({table}) if {unset}",
        f"set-var({variable}) {word(star)} if {unset}",
    ]
    default = [entry.id for entry in entries if entry.name == "default"]
    if default:
        rules.append(f"set-var({variable}) str({default[0]}) if {unset}")
    return rules


def _binds(
    listener: HttpsListener, place: Place, path_of: PathOf, grouped: dict[str, tuple[Entry, ...]]
) -> list[str]:
    default_group = _default_group(grouped)
    lines: list[str] = []
    for group, members in grouped.items():
        words = [f"ssl crt-list {word(path_of(f'{group}.crtlist'))}"]
        words.append(f"alpn {','.join(listener.options.alpn_protocols or ('h2', 'http/1.1'))}")
        if group == "lenient":
            words.append("crt-ignore-err all ca-ignore-err all")
        if group != default_group or not tls.has_default(members):
            words.append("strict-sni")
        if listener.options.honor_cipher_order is False:
            words.append("prefer-client-ciphers")
        alone = len(grouped) == 1
        inner = [f"unix@{_inner(place, group)} mode 600 accept-proxy"]
        where = addresses(listener.hostname, listener.port, place) if alone else inner
        lines.extend(f"bind {one} {' '.join(words)}" for one in where)
    return lines


def _default_group(grouped: dict[str, tuple[Entry, ...]]) -> str:
    for group, members in grouped.items():
        if tls.has_default(members):
            return group
    return next(iter(grouped))


def _sni_reader(
    listener: HttpsListener, place: Place, path_of: PathOf, grouped: dict[str, tuple[Entry, ...]]
) -> list[Section]:
    table = path_of("groups.map")
    unset = "!{ var(sess.ost.group) -m found }"
    star = f"req.ssl_sni,lower,regsub({argument('^[^.]+')},{argument('*')}),map_str({table})"
    lines = [
        "mode tcp",
        *(f"bind {one}" for one in addresses(listener.hostname, listener.port, place)),
        f"tcp-request inspect-delay {listener.options.handshake_timeout or 5000}ms",
        # What begins with anything but a TLS handshake record (RFC 8446 section 5.1) is not waited
        # for.
        "tcp-request content reject if { req.len gt 0 } !{ req.payload(0,1) -m bin 16 }",
        f"tcp-request content set-var(sess.ost.group) req.ssl_sni,lower,map_str({table})",
        f"tcp-request content set-var(sess.ost.group) {word(star)} if {unset}",
        "tcp-request content accept if { req.ssl_hello_type 1 }",
        "tcp-request content reject if { req.len gt 0 } !{ req.ssl_hello_type 1 } WAIT_END",
        *(f"use_backend to_{one} if {{ var(sess.ost.group) -m str {one} }}" for one in grouped),
        f"default_backend to_{_default_group(grouped)}",
    ]
    sections = [Section("frontend https_sni", tuple(lines), "https.tls: two kinds of entries")]
    for group in grouped:
        server = f"server loop unix@{_inner(place, group)} send-proxy-v2"
        sections.append(Section(f"backend to_{group}", ("mode tcp", server)))
    return sections


def _entry_options(options: TlsOptions) -> tuple[str, ...]:
    words = [f"ssl-min-ver {options.min_version or 'TLSv1.2'}"]
    if options.max_version:
        words.append(f"ssl-max-ver {options.max_version}")
    suites = [one for one in (options.ciphers or "").split(":") if one]
    modern = ":".join(one for one in suites if one.startswith("TLS_"))
    older = ":".join(one for one in suites if not one.startswith("TLS_"))
    words += [f"ciphersuites {modern}"] if modern else []
    words += [f"ciphers {older}"] if older else []
    if options.ecdh_curve and options.ecdh_curve != "auto":
        words.append(f"curves {options.ecdh_curve}")
    return tuple(words)


def _timeouts(options: TlsOptions) -> list[str]:
    wanted = {
        "http-keep-alive": options.keep_alive_timeout,
        "client": options.handshake_timeout,
        "http-request": options.headers_timeout,
    }
    return [f"timeout {name} {value}ms" for name, value in wanted.items() if value is not None]


def _request_id(document: Document) -> list[str]:
    name = document.identity.headers.request_id
    return [f"http-after-response set-header {word(name)} %[unique-id]"] if name else []


def _inner(place: Place, group: str) -> str:
    return f"{place.run_folder}/https-{group}.sock"


def addresses(hostname: str | None, port: int, place: Place) -> list[str]:
    """Where to bind. Each family has its own socket: on a shared one the service and the log would
    be told IPv4 clients as ``::ffff:192.0.2.1``."""
    if hostname is None:
        return [f"*:{port}", f":::{port} v6only"] if place.dual_stack else [f"*:{port}"]
    return [f"[{hostname}]:{port}" if ":" in hostname else f"{hostname}:{port}"]


def _heard(rules: list[str]) -> list[str]:
    """Have the gateway told of what these rules refuse.

    Everything is at the level it listens for until they have let it pass: cheaper than to look at
    each refusal's condition once more. The level that is set then also holds for what a service
    does: its errors are none of ours.
    """
    return ["http-request set-log-level err", *rules, "http-request set-log-level info"]


def _connection_facts() -> list[str]:
    return [
        f"tcp-request session set-var({names.CONNECTION_ID}) uuid()",
        f"tcp-request session set-var-fmt({names.CLIENT}) %ci",
    ]


def _log_format(plan: Plan) -> str:
    return log_format(plan.scheme, plan.profiles, messages=plan.messages)


def _logging(place: Place, plan: Plan) -> list[str]:
    def located(text: str) -> str:
        return text.replace("@folder@", place.folder)

    return [
        "log global",
        "option dontlognull",
        "option http-ignore-probes",
        # A kept connection is closed only after a response that says so: a reload loses nothing.
        "option idle-close-on-response",
        # HTTP/2 is spoken where ALPN agreed on it, and not because a client begins with it.
        "option disable-h2-upgrade",
        # What ends before there is a request, as in the handshake, is told to the gateway too.
        "option log-separate-errors",
        f"log-format {word(located(_log_format(plan)))}",
        f"error-log-format {word(located(ERROR_FORMAT))}",
    ]
