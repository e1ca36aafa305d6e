"""Policies of an API gateway, by this one with a crowd in its store, and by Express Gateway.

Keys and tokens are asked for over TLS without client certificates, as is usual. Both gateways are
given the same ``gateway.config.yml``. Express Gateway keeps consumers in Redis; here it has them in
its own memory, as its default configuration does, and only those who are shown in the run: nothing
it does for a request depends on how many there are. Limits don't work on that memory (the second
request is never answered), and certificates of consumers it has not: against these it only checks
the certificate, and does less.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bench import consumers
from bench.certificates import Pki
from bench.children import Launch
from bench.contestants import recipe
from bench.contestants.contestant import Contestant, Refusal, Site
from bench.contestants.express_gateway import EXPRESS_GATEWAY, PACKAGE
from bench.contestants.ostiary import OSTIARY, launch

Headers = tuple[tuple[str, str], ...]
_UNLIMITED = 1_000_000_000
_PROXY = {"proxy": [{"action": {"serviceEndpoint": "backend"}}]}
_CERTIFICATE = {
    "terminate": [
        {
            "condition": {"name": "not", "condition": {"name": "tlsClientAuthenticated"}},
            "action": {"statusCode": 403},
        }
    ]
}
_KEY_AUTH: dict[str, Any] = {"key-auth": [{"action": {}}]}
_JWT = {"jwt": [{"action": {"secretOrPublicKey": consumers.TOKEN_SECRET}}]}
_CLIENT_CERT: dict[str, Any] = {"client-cert": [{"action": {}}]}
_FINGERPRINT = "${req.client.getPeerCertificate().fingerprint256}"


def _limit(by: str) -> dict[str, Any]:
    """That nobody reaches."""
    action = {"max": _UNLIMITED, "windowMs": 3_600_000, "rateLimitBy": by}
    return {"rate-limit": [{"action": action}]}


def _nobody(_pki: Pki) -> Headers:
    return ()


def _keys(_pki: Pki) -> Headers:
    return tuple(("Authorization", f"apiKey {name}:{key}") for name, key in consumers.api_keys())


def _tokens(_pki: Pki) -> Headers:
    return tuple(("Authorization", f"Bearer {token}") for token in consumers.tokens())


def _first(of: Callable[[Pki], Headers]) -> Callable[[Pki], Headers]:
    return lambda pki: of(pki)[:1]


@dataclass(frozen=True, slots=True)
class _Policy:
    key: str
    title: str
    steps: tuple[dict[str, Any], ...]
    refusal: Refusal = Refusal.UNAUTHORIZED
    headers: Callable[[Pki], Headers] = _nobody
    type_certificate: bool = False
    """Whether client certificate authentication judges certificates, and not only the handshake."""

    @property
    def asks_for_certificates(self) -> bool:
        """Keys and tokens come over TLS alone, as to any API that takes them."""
        return self.headers is _nobody


_POLICIES = (
    _Policy("key-auth", "key-auth, 1 key", (_KEY_AUTH,), headers=_first(_keys)),
    _Policy("keys", f"key-auth, {consumers.IN_TURN} keys in turn", (_KEY_AUTH,), headers=_keys),
    _Policy("jwt", "jwt, 1 token", (_JWT,), headers=_first(_tokens)),
    _Policy("tokens", f"jwt, {consumers.IN_TURN} tokens in turn", (_JWT,), headers=_tokens),
    _Policy(
        "limited",
        "certificate, rate-limit by fingerprint",
        (_CERTIFICATE, _limit(_FINGERPRINT)),
        refusal=Refusal.PER_REQUEST,
    ),
    _Policy(
        "consumer",
        "certificate of a consumer, rate-limit by consumer",
        (_CLIENT_CERT, _limit("${consumer.id}")),
        type_certificate=True,
    ),
)


def _document(config: Path, policy: _Policy) -> None:
    """The recipe's file with other steps."""
    document = yaml.safe_load(config.read_text())
    steps = [*policy.steps, _PROXY]
    document["policies"] = [name for step in steps for name in step]
    document["pipelines"]["default"]["policies"] = steps
    if not policy.asks_for_certificates:
        del document["https"]["tls"]["default"]["ca"]
        del document["https"]["options"]["requestCert"]
        del document["https"]["options"]["rejectUnauthorized"]
    config.write_text(yaml.safe_dump(document, sort_keys=False))


def _own(policy: _Policy) -> Contestant:
    def prepare(binary: Path, site: Site) -> Launch:
        config = recipe.write(site, site.folder)
        _document(config, policy)
        if policy.type_certificate:
            document = yaml.safe_load(config.read_text())
            anchors = [str(site.pki.ca.cert)]
            document["clientCertificateAuth"] = {
                "type": "certificate", "required": True, "trustedCertificates": anchors,
            }  # fmt: skip
            config.write_text(yaml.safe_dump(document, sort_keys=False))
        made = launch(binary, site, config)
        command = made.argv[: made.argv.index("run")]
        consumers.put_store(command, dict(made.env), config, site.pki)
        return made

    size = consumers.crowd()
    return replace(
        OSTIARY,
        key=f"ostiary-{policy.key}",
        title=f"Ostiary, {policy.title}",
        rule=f"{size.users:,} consumers with {size.credentials:,} credentials in the store",
        refusal=policy.refusal,
        prepare=prepare,
        headers=policy.headers,
        scenarios=("keep-alive",),
    )


_FILL = """
const services = require(path.join(home, 'lib', 'services'));
async function fill () {
  for (const one of %s) {
    const user = await services.user.insert({ username: one.user, firstname: 'A', lastname: 'B' });
    await services.credential.insertCredential(user.id, 'key-auth', one.key);
    await services.credential.insertCredential(user.id, 'jwt', one.token);
  }
}
"""


def _rival(policy: _Policy) -> Contestant:
    def prepare(binary: Path, site: Site) -> Launch:
        made = EXPRESS_GATEWAY.prepare(binary, site)
        config = site.folder / "config"
        _document(config / "gateway.config.yml", policy)
        people = [
            {
                "user": f"user-{number}",
                "key": {"keyId": name, "keySecret": secret},
                "token": {"keyId": f"jwt-{number}", "keySecret": secret},
            }
            for number, (name, secret) in enumerate(consumers.api_keys())
        ]
        (site.folder / "server.js").write_text(
            "const path = require('path');\n"
            f"const home = {json.dumps(str(PACKAGE))};\n"
            f"process.env.EG_CONFIG_DIR = {json.dumps(str(config))};\n"
            f"{_FILL % json.dumps(people)}\n"
            f"fill().then(() => require(home)().load({json.dumps(str(config))}).run())\n"
            "  .catch(error => { console.error(error); process.exit(1); });\n"
        )
        return made

    return replace(
        EXPRESS_GATEWAY,
        key=f"express-gateway-{policy.key}",
        title=f"Express Gateway, {policy.title}",
        rule=f"the same file; {consumers.IN_TURN} consumers in its memory",
        refusal=policy.refusal,
        prepare=prepare,
        headers=policy.headers,
        scenarios=("keep-alive",),
    )


OWN = tuple(map(_own, _POLICIES))
RIVALS = tuple(_rival(one) for one in _POLICIES if not one.asks_for_certificates)
TITLES = tuple((one.key, one.title) for one in _POLICIES)
KEY_AUTH = OWN[1]
"""Also started alone: how long that takes with so many in the store, and how much memory."""


def rival_of(key: str) -> str:
    """Express Gateway with the same policy, or else with the certificate alone."""
    found = f"express-gateway-{key}"
    return found if found in {one.key for one in RIVALS} else EXPRESS_GATEWAY.key
