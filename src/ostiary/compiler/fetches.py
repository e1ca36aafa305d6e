"""Where HAProxy has what scripts know of a request."""

from collections.abc import Mapping
from types import MappingProxyType

from ostiary.compiler import names
from ostiary.config.expression.parts import Fact
from ostiary.haproxy.quote import argument

_PORT, _NOTHING = argument(":[0-9]*$"), argument("")

HOSTNAME = f"req.hdr(host),regsub({_PORT},{_NOTHING})"
"""The Host header without its port, as sent; a sample expression, not yet a word."""
PLAIN: Mapping[Fact, str] = MappingProxyType(
    {
        Fact.IP: "src",
        Fact.METHOD: "method",
        Fact.PATH: "path",
        Fact.URL: "pathq",
        Fact.REQUEST_ID: "unique-id",
        Fact.PROTOCOL: "ssl_fc,iif(https,http)",
        Fact.CONSUMER_ID: f"var({names.CONSUMER})",
    }
)
"""Sample expressions, words as they are."""
