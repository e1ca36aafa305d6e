"""Consumers and pipelines for pages: a real management over a configuration that has some."""

import tempfile
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from ostiary.consumers.model import CredentialType
from ostiary.management.consumers.making import Wanted
from ostiary.store.database.consumer_records import About, NewConsumer
from tests.doors.console.sample import NOW, days
from tests.support.desk import DeskRig, make_desk, run

CONFIG = """\
https:
  port: 8443
  tls:
    default: {key: server.key, cert: server.pem}
apiEndpoints:
  orders:
    - {host: api.example.com, paths: /orders/*, scopes: 'orders:read'}
    - {host: api.example.com, paths: /v1/orders/*, methods: 'GET,HEAD'}
  devices: {host: api.example.com, paths: /devices/*}
  status: {paths: /status}
  old: {host: old.example.com}
serviceEndpoints:
  orders: {urls: ['http://10.0.3.11:8080/api', 'http://10.0.3.12:8080/api']}
  devices: {url: 'https://devices.internal:8443'}
pipelines:
  shop:
    apiEndpoints: [orders]
    policies:
      - cors: {action: {origin: 'https://shop.example.com'}}
      - terminate:
          condition:
            name: allOf
            conditions:
              - {name: not, condition: {name: tlsClientAuthenticated}}
              - {name: pathMatch, pattern: '^/orders/admin/'}
          action: {statusCode: 403, message: Show a certificate.}
      - key-auth: {action: {apiKeyHeader: X-Api-Key, disableHeadersScheme: true}}
      - rate-limit: {action: {max: 100, rateLimitBy: '${consumer.id}'}}
      - request-transformer:
          action: {headers: {add: {X-Consumer: consumer.id}, remove: [x-api-key]}}
      - proxy: {action: {serviceEndpoint: orders, stripPath: true}}
  devices:
    apiEndpoints: [devices]
    policies:
      - proxy: {action: {serviceEndpoint: devices}}
  status:
    apiEndpoints: [status]
    policies:
      - terminate: {action: {statusCode: 200, message: fine}}
"""
KEY = "shop-frontend"
SECRET = "not a secret that anybody else has"


class Guests:
    """Made when it is first looked at: most pages have nothing to do with it."""

    @cached_property
    def rig(self) -> DeskRig:
        """The management, and what it stands on."""
        rig = make_desk(Path(tempfile.mkdtemp(prefix="ostiary-guests-")), CONFIG)
        rig.clock.now = NOW
        run(_fill(rig))
        return rig

    @staticmethod
    def consumer(name: str) -> NewConsumer:
        """A user to be kept."""
        return NewConsumer(uuid=uuid4(), name=name)

    @property
    def consumers(self) -> Any:
        return self.rig.management.consumers

    @property
    def flows(self) -> Any:
        return self.rig.management.flows


@cache
def shared_guests() -> Guests:
    """The same for all who only look."""
    return Guests()


async def _fill(rig: DeskRig) -> None:
    consumers = rig.management.consumers
    for name, first, last in (
        ("ada", "Ada", "Lovelace"),
        ("grace", "Grace", "Hopper"),
        ("edsger", "Edsger", "Dijkstra"),
    ):
        about = About(firstname=first, lastname=last, email=f"{name}@example.com")
        await consumers.users.create(rig.order(), name, about=about)
    await consumers.scopes.create(rig.order(), ["orders:read", "orders:write", "reports"])
    await consumers.apps.create(rig.order(), "mobile", user="ada")
    key = Wanted(
        type=CredentialType.KEY_AUTH, name=KEY, secret=SECRET, scopes=("orders:read", "reports")
    )
    await consumers.credentials.create(rig.order(), "ada", key)
    password = Wanted(type=CredentialType.BASIC_AUTH, secret=SECRET)
    await consumers.credentials.create(rig.order(), "ada", password)
    laptop = Wanted(
        type=CredentialType.CERTIFICATE,
        name="ada-laptop",
        scopes=("orders:read",),
        rules=({"distinguishedName": "CN=ada,OU=laptops,O=Example"}, {"dns": "ada.example.com"}),
        valid_from=days(-30),
        valid_until=days(60),
    )
    await consumers.credentials.create(rig.order(), "ada", laptop)
