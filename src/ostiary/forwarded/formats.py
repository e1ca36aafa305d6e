"""How load balancers write a client certificate into a header, and presets by their names.

The words in ``HeaderFormat`` are those of ``clientCertificateAuth.headerFormat``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class HeaderFormat(Enum):
    """The ways a certificate is written; the values are the configuration's."""

    AUTO = "auto"
    """Told by how the value begins; see ``ostiary.forwarded.decode.detect``."""
    URLENCODED_PEM = "urlencoded-pem"
    """PEM, percent-encoded: nginx's ``$ssl_client_escaped_cert``, AWS ALB. A plus stays a plus."""
    PEM = "pem"
    """PEM with spaces or tabs where line ends were: nginx's ``$ssl_client_cert``, Apache, F5."""
    BASE64_DER = "base64-der"
    """Base64 of the DER, or of the PEM text; several joined by commas (Traefik), client first."""
    XFCC = "xfcc"
    """Envoy's x-forwarded-client-cert with ``Cert`` or ``Chain``."""
    RFC9440 = "rfc9440"
    """A Byte Sequence, ``:base64:`` (RFC 9440 section 2.2, RFC 8941 section 3.3.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What one load balancer sends, and what makes it do so."""

    title: str
    """Its name as people write it."""
    header: str
    """The header it sets."""
    format: HeaderFormat
    settings: str
    """What goes into the balancer's own configuration; lines end in a newline."""
    note: str
    """What to know about it: what it removes, what it leaves out. One or more sentences."""


_NGINX = Preset(
    title="nginx",
    header="X-Client-Cert",
    format=HeaderFormat.URLENCODED_PEM,
    settings="""\
ssl_client_certificate clients-ca.pem;
ssl_verify_client optional;
proxy_set_header X-Client-Cert $ssl_client_escaped_cert;
""",
    note="proxy_set_header replaces what the client sent, and sends nothing when there is no "
    "certificate. It must stand in the block whose proxy_pass is used: one proxy_set_header "
    "there switches off all inherited ones. Intermediates are not passed on. With "
    "ssl_verify_client optional_no_ca only the gateway verifies, and must have trusted "
    "certificates.",
)
_HAPROXY = Preset(
    title="HAProxy",
    header="X-Client-Cert",
    format=HeaderFormat.BASE64_DER,
    settings="""\
bind :443 ssl crt site.pem ca-file clients-ca.pem verify optional
http-request del-header X-Client-Cert
http-request set-header X-Client-Cert %[ssl_c_der,base64] if { ssl_c_used }
""",
    note="del-header comes first, for requests without a certificate. Intermediates are not "
    "passed on. With crt-ignore-err all only the gateway verifies, and must have trusted "
    "certificates.",
)
_AWS_ALB = Preset(
    title="AWS Application Load Balancer",
    header="X-Amzn-Mtls-Clientcert-Leaf",
    format=HeaderFormat.URLENCODED_PEM,
    settings="""\
aws elbv2 modify-listener --listener-arn ARN \\
    --mutual-authentication Mode=verify,TrustStoreArn=ARN
""",
    note="In mode verify every connection has a certificate, so every request gets the header; "
    "intermediates don't come along. Mode passthrough sends the whole chain unverified, as "
    "X-Amzn-Mtls-Clientcert: find out first whether the balancer removes that header from "
    "requests without a certificate. Plus, equals and slash are not escaped.",
)
_CLOUDFLARE = Preset(
    title="Cloudflare",
    header="Client-Cert",
    format=HeaderFormat.RFC9440,
    settings="""\
Rules > Transform Rules > Modify Request Header, in this order:
1. if: true                                   Remove       Client-Cert
2. if: cf.tls_client_auth.cert_verified and not cf.tls_client_auth.cert_revoked
                                              Set dynamic  Client-Cert = \
cf.tls_client_auth.cert_rfc9440
""",
    note="Cloudflare's own Cf-Client-Cert-Der-Base64 (format base64-der) comes only with the first "
    "request of a connection, so later ones would be refused; these rules send one each time. "
    "Certificates above 10 KiB are left out.",
)
_TRAEFIK = Preset(
    title="Traefik",
    header="X-Forwarded-Tls-Client-Cert",
    format=HeaderFormat.BASE64_DER,
    settings="""\
http:
  middlewares:
    client-cert:
      passTLSClientCert:
        pem: true
tls:
  options:
    default:
      clientAuth:
        clientAuthType: VerifyClientCertIfGiven
        caFiles: [clients-ca.pem]
""",
    note="The chain comes along, joined by commas; versions before 2.9.4 escape it, which is read "
    "too. Keep entryPoints.*.forwardedHeaders closed: an entry point that is told to trust such "
    "headers passes on what clients invent.",
)
_ENVOY = Preset(
    title="Envoy",
    header="X-Forwarded-Client-Cert",
    format=HeaderFormat.XFCC,
    settings="""\
forward_client_cert_details: SANITIZE_SET
set_current_client_cert_details:
  cert: true
  chain: true
""",
    note="The downstream TLS context needs a validation_context with trusted_ca. SANITIZE_SET "
    "drops what the client sent. With APPEND_FORWARD the last element is read: it is the one the "
    "nearest Envoy added. Leave uri and dns out there: Envoy doesn't quote them, and a comma in "
    "one would look like a further element.",
)
_F5 = Preset(
    title="F5 BIG-IP",
    header="X-Client-Cert",
    format=HeaderFormat.BASE64_DER,
    settings="""\
when HTTP_REQUEST {
    HTTP::header remove X-Client-Cert
    if { [SSL::cert count] > 0 and [SSL::verify_result] == 0 } {
        HTTP::header insert X-Client-Cert [b64encode [SSL::cert 0]]
    }
}
""",
    note="The client SSL profile must request certificates and have trusted authorities. F5's own "
    "samples keep the certificate in the session table, for resumed sessions may come without. "
    "With X509::whole instead of b64encode the format is pem, with URI::encode around that "
    "urlencoded-pem; auto tells them apart.",
)
_RFC9440 = Preset(
    title="RFC 9440",
    header="Client-Cert",
    format=HeaderFormat.RFC9440,
    settings="""\
Client-Cert: :BASE64-OF-THE-DER:
""",
    note="The standard header. Client-Cert-Chain, where intermediates would be, is not read: "
    "trust the intermediates themselves.",
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "nginx": _NGINX,
        "haproxy": _HAPROXY,
        "aws-alb": _AWS_ALB,
        "cloudflare": _CLOUDFLARE,
        "traefik": _TRAEFIK,
        "envoy": _ENVOY,
        "f5": _F5,
        "rfc9440": _RFC9440,
    }
)
"""By the names of ``clientCertificateAuth.headerPreset``."""
