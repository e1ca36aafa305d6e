"""A configuration prepared from memory: no files, no clock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

from ostiary.ca.authority import Issued, issue_client, issue_server, new_root
from ostiary.ca.dice import SystemDice
from ostiary.services.ports import Unreadable
from ostiary.services.prepare import Prepared, prepare

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

TEXT = """\
http: {port: 8080}
https:
  port: 4444
  tls:
    default: {key: site.key, cert: site.crt, ca: [root.crt]}
    strict.example: {key: site.key, cert: site.crt, ca: [root.crt], rejectUnauthorized: true}
    "*.wild.example": {key: site.key, cert: site.crt, ca: [foreign.crt]}
    nobody.example: {key: site.key, cert: site.crt}
    open.example: {key: site.key, cert: site.crt, requestCert: false}
  options: {requestCert: true, rejectUnauthorized: false}
apiEndpoints:
  users: {paths: /users*}
  odd: {pathRegex: '^/id-[0-9]+$'}
  hosted: {host: '*.wild.example', paths: '/things/:id', methods: POST}
  lost: {paths: /lost}
serviceEndpoints:
  backend: {url: 'http://127.0.0.1:4481'}
pipelines:
  users:
    apiEndpoints: [users, hosted]
    policies:
      - terminate:
          condition: {name: not, condition: {name: tlsClientAuthenticated}}
          action: {statusCode: 403}
      - proxy: {action: {serviceEndpoint: backend}}
  odd:
    apiEndpoints: [odd]
    policies:
      - terminate:
          condition: {name: method, methods: [POST]}
          action: {statusCode: 204}
"""


@cache
def root() -> Issued:
    return new_root("Root", NOW, SystemDice())


@cache
def foreign() -> Issued:
    return new_root("Foreign", NOW, SystemDice())


@cache
def site() -> Issued:
    return issue_server(root(), ["*.example"], NOW, SystemDice())


@cache
def client() -> Issued:
    return issue_client(root(), "device", NOW, SystemDice(), days=30)


@cache
def stranger() -> Issued:
    return issue_client(foreign(), "stranger", NOW, SystemDice())


def files() -> dict[str, bytes]:
    return {
        "/etc/o/site.key": site().key_pem(),
        "/etc/o/site.crt": site().fullchain_pem(),
        "/etc/o/root.crt": root().certificate_pem(),
        "/etc/o/foreign.crt": foreign().certificate_pem(),
    }


def prepared(text: str = TEXT, changed: Mapping[str, bytes] | None = None) -> Prepared:
    known = files() | dict(changed or {}) | {"/etc/o/gateway.config.yml": text.encode()}

    def read(path: str) -> bytes:
        if path not in known:
            raise Unreadable("there is no such file")
        return known[path]

    return prepare("/etc/o/gateway.config.yml", read, {}, NOW)
