"""Service endpoints as server lines, and the rewriting between the matched and the forwarded."""

import hashlib
import re
from collections.abc import Callable, Iterable

from ostiary.compiler import names
from ostiary.compiler.answers import problem
from ostiary.compiler.bundle import Materials
from ostiary.compiler.guards import DOT_SEGMENT
from ostiary.config.model.document import Document
from ostiary.config.model.proxy import ProxyOptions
from ostiary.config.model.service_endpoint import ServiceEndpoint
from ostiary.config.model.url import Url
from ostiary.haproxy.files import Section
from ostiary.haproxy.quote import log_text, word

_STRIP = "txn.ost.strip"
_MAXIMUM_WEIGHT = 256
_EMPTY = "%[var(txn.ost.nothing)]"
"""HAProxy takes no empty word as a header's value, but one that turns out to be empty."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


def server_lines(
    service: ServiceEndpoint,
    options: ProxyOptions,
    materials: Materials,
    path_of: Callable[[str], str],
    *,
    system_roots: str,
    track: str = "",
) -> list[str]:
    """``balance`` and ``server`` lines; ``track`` names the backend whose checks are shared."""
    checked = needs_checks(service)
    servers = _servers(service)
    lines = ["balance roundrobin"]
    for name, url in servers.items():
        words = [f"server {name} {_address(url)}"]
        if _is_looked_up(url):
            words.append(f"resolvers {names.RESOLVERS} init-addr libc,none resolve-prefer ipv4")
        if service.targets.count(url) > 1:
            words.append(f"weight {min(service.targets.count(url), _MAXIMUM_WEIGHT)}")
        if url.scheme == "https":
            words.append(_tls(url, options, materials, path_of, system_roots))
        if checked:
            words.append(f"track {track}/{name}" if track else _check(service))
        lines.append(" ".join(words))
    return lines


def resolvers_sections(document: Document) -> list[Section]:
    """How names of services are looked up again while HAProxy runs; none where none has a name.

    A name that isn't known yet keeps nobody from starting, and one that the name server forgets,
    or that only ``/etc/hosts`` knows, keeps its last address.
    """
    services = document.service_endpoints.values()
    if not any(_is_looked_up(url) for service in services for url in service.targets):
        return []
    holds = (f"hold {status} 20d" for status in ("nx", "other", "refused", "timeout"))
    lines = ("parse-resolv-conf", "accepted_payload_size 8192", "hold valid 10s", *holds)
    return [Section(f"resolvers {names.RESOLVERS}", lines)]


def _is_looked_up(url: Url) -> bool:
    is_address = ":" in url.host or re.fullmatch(r"[0-9.]+", url.host)
    return not is_address and url.host != "localhost"


def _check(service: ServiceEndpoint) -> str:
    wanted = service.health_check
    if wanted is None:
        return "check inter 2000ms fall 2 rise 1"
    tries = f"fall {wanted.unhealthy_after} rise {wanted.healthy_after}"
    return f"check inter {wanted.interval_ms}ms {tries}"


def needs_checks(service: ServiceEndpoint) -> bool:
    """Whether the service's servers are watched: several of them, or asked for."""
    return len(service.targets) > 1 or service.health_check is not None


def health_lines(service: ServiceEndpoint) -> list[str]:
    """How the servers are asked for their health; without a path, a connection is enough."""
    if service.health_check is None:
        return []
    host = _authority(service.targets[0])
    path = service.health_check.path
    return [
        "option httpchk",
        f"timeout check {service.health_check.timeout_ms}ms",
        f"http-check send meth GET uri {word(path)} ver HTTP/1.1 hdr Host {word(host)}",
    ]


def rewriting(
    service: ServiceEndpoint, options: ProxyOptions, strips: Iterable[int], map_path: str
) -> list[str]:
    """Rules that turn the request's path and Host into the upstream's.

    ``strips`` are the lengths that ``stripPath`` may have to take away; the map tells which.
    """
    base = service.targets[0].path.rstrip("/")
    rules: list[str] = []
    if options.ignore_path:
        rules.append(f"http-request set-pathq {word(log_text(service.targets[0].path))}")
    else:
        if options.strip_path:
            rules.extend(_strip_rules(strips, map_path))
        if options.prepend_path and base:
            rules.append(f"http-request set-path {word(log_text(base) + '%[path]')}")
    return rules + _host_rules(service, options)


def _strip_rules(lengths: Iterable[int], map_path: str) -> list[str]:
    rules = [f"http-request set-var({_STRIP}) var({names.ROUTE}),map_str_int({map_path})"]
    for length in sorted(set(lengths)):
        test = f"{{ var({_STRIP}) -m int eq {length} }}"
        if length < 0:
            rules.append(f"http-request set-path / if {test}")
        elif length > 1:  # the leading slash stays: "/starfish" less "/star" is "/fish"
            rest = f"path,bytes({length}),regsub(^/,)"
            rules.append(f"http-request set-path /%[{rest}] if {test}")
    if len(rules) > 1:
        # What is taken away may end within a segment: "/star../x" less "/star" climbs out of the
        # service's own path.
        climbs = f"{{ path -m reg -- {word(DOT_SEGMENT)} }}"
        rules.append(f"http-request return {problem(400)} if {climbs}")
    return rules


def _host_rules(service: ServiceEndpoint, options: ProxyOptions) -> list[str]:
    rules = [
        f"http-request set-header {word(name)} {word(log_text(value) or _EMPTY)}"
        for name, value in sorted(options.headers.items())
    ]
    if not options.change_origin:
        return rules
    servers = _servers(service)
    if len(servers) > 1 and _named_by_authority(servers.values()):
        return ["http-send-name-header Host", *rules]
    host = _authority(service.targets[0])
    return [*rules, f"http-request set-header Host {word(log_text(host))}"]


def _servers(service: ServiceEndpoint) -> dict[str, Url]:
    """Each address once, by the name of its server.

    The names are the authorities where HAProxy is to send them as Host. It takes no brackets in
    names: several addresses of which one is IPv6 all see the first one's authority.
    """
    urls = tuple(dict.fromkeys(service.targets))
    if len(urls) > 1 and _named_by_authority(urls):
        return {_authority(url): url for url in urls}
    return {f"s{at}": url for at, url in enumerate(urls, 1)}


def _named_by_authority(urls: Iterable[Url]) -> bool:
    return not any(":" in url.host for url in urls)


def _authority(url: Url) -> str:
    name = f"[{url.host}]" if ":" in url.host else url.host
    return name if url.port == _DEFAULT_PORTS[url.scheme] else f"{name}:{url.port}"


def _address(url: Url) -> str:
    return f"ipv6@[{url.host}]:{url.port}" if ":" in url.host else f"{url.host}:{url.port}"


def _tls(
    url: Url,
    options: ProxyOptions,
    materials: Materials,
    path_of: Callable[[str], str],
    system_roots: str,
) -> str:
    host = url.host
    words = ["ssl", f"sni {word(f'str({host})')}", f"check-sni {host}", "alpn http/1.1"]
    target = options.target
    key = (target.key_file, target.cert_file, target.ca_file) if target else (None, None, None)
    material = materials.upstreams.get(key)
    if not options.secure:
        words.append("verify none")
    else:
        anchors = material.anchors if material else None
        roots = path_of(upstream_file(key, "ca")) if anchors else system_roots
        words.append(f"verify required verifyhost {host} ca-file {word(roots)}")
    if material and material.client:
        words.append(f"crt {word(path_of(upstream_file(key, 'client')))}")
    return " ".join(words)


def upstream_file(key: tuple[str | None, str | None, str | None], part: str) -> str:
    """The file name in the bundle for one upstream's certificate or anchors."""
    digest = hashlib.sha256("\0".join(str(one) for one in key).encode()).hexdigest()[:16]
    return f"upstream-{digest}-{part}.pem"


def upstream_files(materials: Materials) -> dict[str, bytes]:
    """The PEM files that the server lines name."""
    files: dict[str, bytes] = {}
    for key, material in materials.upstreams.items():
        if material.client:
            files[upstream_file(key, "client")] = material.client
        if material.anchors:
            files[upstream_file(key, "ca")] = material.anchors
    return files
