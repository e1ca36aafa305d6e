"""This gateway as API management uses it: many names, many APIs, many trusted certificates, and
certificates in a header. Each is measured against the gateway of the recipe in the same run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from bench.certificates import certificate_texts, strangers
from bench.children import Launch
from bench.contestants import recipe
from bench.contestants.contestant import Contestant, Refusal, Site
from bench.contestants.ostiary import OSTIARY, launch

HEADER = "X-Client-Cert"
MANY = 1_000
ANCHORS = 10_000
Change = Callable[[dict[str, object], Site], None]


@dataclass(frozen=True, slots=True)
class _Shape:
    key: str
    title: str
    change: Change
    in_header: int = 0
    """How many clients a load balancer speaks for; 0: they speak for themselves."""


def _auth(site: Site, **more: object) -> dict[str, object]:
    return {"type": "certificate", "required": True, "trustedCertificates": [
        str(site.pki.ca.cert)], **more}  # fmt: skip


def _patterns(count: int) -> list[str]:
    """The last one fits the clients of a run."""
    return [f"CN=partner-{n}-*,O=Example {n},**" for n in range(count - 1)] + ["CN=*-?*"]


def _one(document: dict[str, object], site: Site) -> None:
    document["clientCertificateAuth"] = _auth(site, trustedDistinguishedNames=_patterns(1))


def _names(document: dict[str, object], site: Site) -> None:
    document["clientCertificateAuth"] = _auth(site, trustedDistinguishedNames=_patterns(MANY))


def _apis(document: dict[str, object], site: Site, count: int = MANY) -> None:
    document["clientCertificateAuth"] = _auth(site)
    own = {"required": True, "trustedDistinguishedNames": ["CN=client-*", "CN=device-*"]}
    apis: dict[str, object] = {
        f"api{n}": {"host": "*", "paths": f"/api{n}/*", "clientCertificateAuth": own}
        for n in range(count - 1)
    }
    apis["clientAuthEndpoint"] = {"host": "*", "paths": "/*", "clientCertificateAuth": own}
    document["apiEndpoints"] = apis
    pipelines = document["pipelines"]
    assert isinstance(pipelines, dict)
    pipelines["default"]["apiEndpoints"] = list(apis)


def _one_api(document: dict[str, object], site: Site) -> None:
    _apis(document, site, 1)


def _anchors(document: dict[str, object], site: Site) -> None:
    more = strangers(site.folder / "trusted.pem", ANCHORS)
    trusted = [str(site.pki.ca.cert), str(more)]
    document["clientCertificateAuth"] = _auth(site, trustedCertificates=trusted)


def _first_sight(document: dict[str, object], site: Site) -> None:
    more = strangers(site.folder / "trusted.pem", MANY)
    trusted = [str(site.pki.ca.cert), str(more)]
    document["clientCertificateAuth"] = _auth(
        site, trustedCertificates=trusted, trustedDistinguishedNames=_patterns(MANY)
    )


def _large(document: dict[str, object], site: Site) -> None:
    _apis(document, site)
    _anchors(document, site)


def _header(document: dict[str, object], site: Site) -> None:
    document["clientCertificateAuth"] = _auth(
        site, type="header", headerName=HEADER, trustedProxies=["127.0.0.1"]
    )
    https = document["https"]
    assert isinstance(https, dict)
    https["options"] = {"minVersion": "TLSv1.3"}


_SHAPES = (
    _Shape("ostiary-1-name", "Ostiary, type certificate, 1 name", _one),
    _Shape("ostiary-1000-names", "Ostiary, type certificate, 1,000 names", _names),
    _Shape("ostiary-1-api", "Ostiary, 1 API with its own policy", _one_api),
    _Shape("ostiary-1000-apis", "Ostiary, 1,000 APIs with their own policies", _apis),
    _Shape("ostiary-10000-trusted", "Ostiary, 10,000 trusted certificates", _anchors),
    _Shape("ostiary-names-trusted", "Ostiary, 1,000 names, 1,000 trusted", _first_sight),
    _Shape("ostiary-header", "Ostiary, type header", _header, in_header=1),
    _Shape("ostiary-headers", "Ostiary, type header, 100 clients in turn", _header, in_header=100),
)


def _contestant(shape: _Shape) -> Contestant:
    def prepare(binary: Path, site: Site) -> Launch:
        config = recipe.write(site, site.folder)
        document = yaml.safe_load(config.read_text())
        shape.change(document, site)
        config.write_text(yaml.safe_dump(document, sort_keys=False))
        return launch(binary, site, config)

    return replace(
        OSTIARY,
        key=shape.key,
        title=shape.title,
        rule="client certificate authentication, enforced each request",
        refusal=Refusal.UNAUTHORIZED,
        prepare=prepare,
        headers=lambda pki: tuple(
            (HEADER, text) for text in certificate_texts(pki, shape.in_header)
        ),
        scenarios=("keep-alive", "http2") if shape.in_header < 2 else ("keep-alive",),
    )


SHAPES = tuple(_contestant(shape) for shape in _SHAPES)

LARGE = _contestant(
    _Shape("ostiary-large", "Ostiary, 1,000 APIs with their own policies, 10,000 trusted", _large)
)
"""Only started: how long that takes."""
