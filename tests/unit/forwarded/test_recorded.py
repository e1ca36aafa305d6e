"""What real balancers sent, recorded: read as the certificate that the client presented."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.forwarded.decode import decode
from ostiary.forwarded.formats import HeaderFormat
from ostiary.forwarded.outcome import Forwarded
from ostiary.x509.certificate import parse

_FOLDER = Path(__file__).parents[2] / "vectors/forwarded"
_RECORDS = [
    (path.stem, record["certificate"], value)
    for path in sorted(_FOLDER.glob("*.json"))
    for record in [json.loads(path.read_text())]
    for value in record["values"]
]


@pytest.mark.parametrize(
    ("certificate", "record"),
    [one[1:] for one in _RECORDS],
    ids=[f"{name}: {record['by']}" for name, _, record in _RECORDS],
)
def test_what_was_recorded_is_read(certificate: str, record: dict[str, Any]) -> None:
    der = base64.b64decode(certificate)
    parse(der)
    value = record["value"].encode()
    for written in (HeaderFormat(record["format"]), HeaderFormat.AUTO):
        assert decode(value, written) == Forwarded(leaf=der)
