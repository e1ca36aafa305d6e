"""The variables, tables and files that the generated rules share."""

ENTRY = "sess.ost.entry"
"""The TLS entry of the connection, by SNI."""
CONNECTION = "sess.ost.log"
"""The connection's part of the access log, as JSON text: made once, printed with each request."""
FINGERPRINT = "sess.ost.crt"
"""SHA-256 of the client certificate, upper-case hex. Hex, because ``concat`` stops at a NUL
byte: a binary digest that holds one would be cut, and cut keys collide."""
KEY = "sess.ost.key"
"""Entry and fingerprint: what a verdict is remembered under."""
SUBJECT = "sess.ost.sd"
"""The certificate's subject (RFC 2253 text), for the log and for the service."""
CODE = "txn.ost.code"
"""The verdict: 1 admits, anything else (or nothing) does not. See ``trust.reason``."""
UNTIL = "txn.ost.until"
"""Until when the verdict may be remembered, Unix seconds; 0 or nothing: not at all."""
NOW = "txn.ost.now"
ROUTE = "txn.ost.route"
"""Number of the matched route (1 is the first in the document), or NO_ROUTE."""
PIPELINE = "txn.ost.pl"
HOST = "txn.ost.host"
"""The Host header's name: lower case, no port, no trailing dot."""
PATH = "txn.ost.path"
"""The path in lower case, for the look-up of the route."""

NO_ROUTE = 999_999_999
ADMITTED = 1

VERDICTS = "ost_verdicts"
AGENT = "ost_agent"
RESOLVERS = "ost_names"
NOWHERE = "ost_not_found"
