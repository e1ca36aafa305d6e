"""Words of Express Gateway and Node.js that this version can't honour, and what to use instead."""

from collections.abc import Mapping
from types import MappingProxyType

# Express Gateway 1.16.11, lib/policies, less those of ``config.model.pipeline``.
POLICIES = frozenset({"oauth2"})

# Node.js: tls.createServer, tls.createSecureContext, https.createServer, net.createServer.
NODE_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "secureOptions": "use minVersion and maxVersion",
        "secureProtocol": "use minVersion and maxVersion",
        "dhparam": "use ECDHE ciphers and ecdhCurve",
        "sigalgs": "remove it; the engine's own signature algorithms are used",
        "pfx": "convert it to PEM and use key and cert in the tls entry",
        "passphrase": "decrypt the private key and protect the file by its permissions",
        "key": "use key in the tls entry",
        "cert": "use cert in the tls entry",
        "ca": "use ca in the tls entry",
        "SNICallback": "add an entry to tls for each name",
        "ALPNCallback": "use ALPNProtocols",
        "pskCallback": "use client certificates",
        "pskIdentityHint": "use client certificates",
        "sessionTimeout": "remove it; sessions are judged anew at each request",
        "sessionIdContext": "remove it; sessions are judged anew at each request",
        "ticketKeys": "remove it; the engine makes and rotates its own",
        "clientCertEngine": "use key and cert files in the tls entry",
        "privateKeyEngine": "use key and cert files in the tls entry",
        "privateKeyIdentifier": "use key and cert files in the tls entry",
        "enableTrace": "remove it; failed handshakes are logged with their reason",
        "allowPartialTrustChain": "put the root of the chain into ca",
        "insecureHTTPParser": "remove it; requests are parsed strictly",
        "requireHostHeader": "remove it; HTTP/1.1 requests need a Host",
        "joinDuplicateHeaders": "remove it",
        "uniqueHeaders": "remove it",
        "optimizeEmptyRequests": "remove it",
        "rejectNonStandardBodyWrites": "remove it",
        "shouldUpgradeCallback": "remove it",
        "connectionsCheckingInterval": "use headersTimeout",
        "requestTimeout": "use headersTimeout for the headers and handshakeTimeout for silences",
        "keepAliveTimeoutBuffer": "use keepAliveTimeout",
        "maxRequestsPerSocket": "remove it",
        "maxHeadersCount": "use maxHeaderSize",
        "timeout": "use handshakeTimeout and keepAliveTimeout",
        "highWaterMark": "remove it",
        "noDelay": "remove it; it is always on",
        "keepAlive": "use keepAliveTimeout",
        "keepAliveInitialDelay": "use keepAliveTimeout",
        "allowHalfOpen": "remove it",
        "pauseOnConnect": "remove it",
        "blockList": "use a firewall",
        "servername": "add an entry to tls for each name",
        "host": "use hostname beside port",
        "IncomingMessage": "remove it",
        "ServerResponse": "remove it",
    }
)

# node-http-proxy and Express Gateway's proxy: the value that does nothing, and the way out.
PROXY_OPTIONS: Mapping[str, tuple[object, str]] = MappingProxyType(
    {
        "followRedirects": (False, "redirects go to the client; remove it"),
        "autoRewrite": (False, "let the service send relative redirects"),
        "hostRewrite": (None, "let the service send relative redirects"),
        "protocolRewrite": (None, "let the service send relative redirects"),
        "toProxy": (False, "point the service endpoint at the service itself"),
        "proxyUrl": (None, "point the service endpoint at the service itself"),
        "auth": (None, "set an Authorization header at the service's side"),
        "localAddress": (None, "choose the address by the system's routes"),
        "cookieDomainRewrite": (False, "let the service set the right domain"),
        "cookiePathRewrite": (False, "let the service set the right path"),
        "preserveHeaderKeyCase": (False, "header names are case-insensitive (RFC 9110)"),
        "preserveReqSession": (False, "remove it"),
        "selfHandleResponse": (False, "remove it"),
        "ws": (True, "WebSocket upgrades are always passed on; remove it"),
        "agent": (None, "remove it; connections are kept alive"),
        "ssl": (None, "use https.tls, and target for the service"),
        "forward": (None, "remove it"),
        "buffer": (None, "remove it"),
        "method": (None, "remove it"),
    }
)

_BODY = "headers can be changed; a body has to be changed by the service"
_SKIP = "every request counts; remove it"
# Express Gateway 1.16.11 and express-rate-limit 2: by policy, what can't be honoured.
PARAMETERS: Mapping[str, Mapping[str, tuple[object, str]]] = MappingProxyType(
    {
        "request-transformer": {"body": (None, _BODY)},
        "response-transformer": {"body": (None, _BODY)},
        "rate-limit": {
            "skip": (None, "give the step a condition"),
            "skipFailedRequests": (False, _SKIP),
            "skipSuccessfulRequests": (False, _SKIP),
            "keyGenerator": (None, "use rateLimitBy"),
            "handler": (None, "use statusCode and message"),
            "onLimitReached": (None, "remove it"),
            "store": (None, "remove it; the engine counts"),
        },
        "cors": {"preflightContinue": (False, "preflights are answered where cors stands")},
    }
)
