"""The chain is asked for and told only where the document wants it."""

from ostiary.compiler.bundle import EntryMaterial, Materials, Place
from ostiary.compiler.compile import compile_document
from ostiary.compiler.engine import LARGEST_BUFFER, buffer_size
from ostiary.config.effective import effective
from ostiary.config.load import load
from ostiary.config.model.document import Document
from ostiary.trust.told import LONGEST

_TEXT = """
https: {{port: 8443, options: {{requestCert: true{more}}},
         tls: {{default: {{key: k.pem, cert: c.pem, ca: [a.pem]}}}}}}
apiEndpoints: {{a: {{}}}}
serviceEndpoints: {{s: {{url: "http://s"}}}}
pipelines: {{p: {{apiEndpoints: [a], policies: [proxy: {{action: {{serviceEndpoint: s}}}}]}}}}
identity: {{headers: {{{headers}}}}}
"""


def document(headers: str = "", more: str = "") -> Document:
    return load(_TEXT.format(headers=headers, more=more), "gateway.config.yml", {}).document


def files(headers: str) -> tuple[str, str]:
    """``haproxy.cfg`` and ``spoe.conf``."""
    place = Place(folder="/f", run_folder="/r", revision=1)
    entry = EntryMaterial(certificate=b"", key=b"", anchors=())
    materials = Materials(entries={"default": entry})
    written = document(headers)
    found = compile_document(written, materials, place, effective(written)).files
    return found["haproxy.cfg"].decode(), found["spoe.conf"].decode()


def test_a_document_that_does_not_name_the_header_asks_for_no_chain() -> None:
    engine, spoe = files("")
    assert "send-spoe-group ostiary judge if" in engine
    assert "ost.chain" not in engine
    assert "spoe-message judge" in spoe
    assert "chain\n" not in spoe


def test_the_header_is_added_after_the_client_s_own_was_removed() -> None:
    engine, spoe = files("clientCertChain: X-The-Chain")
    removed = engine.index("del-header")
    added = engine.index("add-header 'X-The-Chain' %[var(txn.ost.chain)]")
    assert engine.index("send-spoe-group ostiary chain if") < removed < added
    assert "x[^a-z0-9]the[^a-z0-9]chain" in engine[removed : engine.index("\n", removed)]
    assert "spoe-message chain" in spoe
    assert "groups chain" in spoe


def test_the_chain_has_room_of_its_own_beside_the_largest_request() -> None:
    for more in ("", ", maxHeaderSize: 65536", ", maxHeaderSize: 1048576"):
        without, within = document(more=more), document("clientCertChain: X-The-Chain", more)
        assert buffer_size(within) >= buffer_size(without) + LONGEST
        assert buffer_size(within) <= LARGEST_BUFFER
    for headers, room in (("", 0), ("clientCertChain: X-The-Chain", LONGEST)):
        (line,) = [line for line in files(headers)[0].splitlines() if "tune.maxrewrite" in line]
        assert int(line.split()[-1]) >= 8_192 + room
