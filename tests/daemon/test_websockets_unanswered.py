"""While nobody answers, no WebSocket begins: it could be a blocked client's, and nobody ends it."""

from pathlib import Path

import pytest

from ostiary.compiler.bundle import EntryMaterial, Materials
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, context
from tests.daemon.compiled import carried
from tests.daemon.gateway import free_port
from tests.daemon.upstream import Upstream
from tests.daemon.websockets import upgrade
from tests.support.pki import Kit

pytestmark = pytest.mark.daemon

DOCUMENT = """
https:
  port: {port}
  hostname: 127.0.0.1
  tls: {{default: {{key: k.pem, cert: c.pem, requestCert: true, rejectUnauthorized: false}}}}
clientCertificateAuth: {{{auth}}}
apiEndpoints: {{api: {{paths: /api/*}}}}
serviceEndpoints: {{s: {{url: "http://127.0.0.1:{service}"}}}}
pipelines: {{p: {{apiEndpoints: [api], policies: [proxy: {{action: {{serviceEndpoint: s}}}}]}}}}
"""
HEADER = "type: header, headerName: X-Cert, trustedProxies: [127.0.0.1], reportOnly: true"
ENTRY_ASKS = ", requestCert: true, rejectUnauthorized: false"


@pytest.mark.parametrize(
    "auth", ["type: none", "type: certificate, required: true, reportOnly: true", HEADER]
)
def test_who_would_pass_as_nobody_gets_no_websocket_without_an_agent(
    any_engine: EngineBinary, run_folder: Path, auth: str
) -> None:
    kit = Kit(run_folder)
    root = kit.root("root")
    server = kit.server(root, "server", dns=["default.example"])
    entry = EntryMaterial(
        certificate=server.chain_file.read_bytes(), key=server.key_file.read_bytes(), anchors=()
    )
    port, shown = free_port(), [("X-Cert", "MAA=")]
    with Upstream() as service:
        text = DOCUMENT.format(port=port, service=service.port, auth=auth)
        text = text if auth == "type: none" else text.replace(ENTRY_ASKS, "")
        with carried(any_engine, text, run_folder, port, Materials(entries={"default": entry})):
            tls = context(kit.client(root, "client"))
            with Connection(port, tls, sni="default.example") as connection:
                assert connection.ask("/api/x", headers=shown).status == 200
                assert upgrade(connection, headers=shown) == 503
            with Connection(port, context(), sni="default.example") as connection:
                assert upgrade(connection) == 101, "nobody shows nothing that could be blocked"
