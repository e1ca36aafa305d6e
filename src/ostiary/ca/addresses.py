"""Where an authority publishes, as its certificates and lists tell it."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """URLs of one authority."""

    certificate: str
    """Its own certificate, DER (RFC 5280 4.2.2.1, caIssuers)."""
    crl: str
    """Its whole revocation list, DER (RFC 5280 4.2.1.13)."""
    delta: str
    """Its delta list, DER (RFC 5280 5.2.6)."""
    ocsp: str

    def in_certificates(self) -> tuple[x509.ExtensionType, ...]:
        """For certificates that it signs: where to ask about them, and who signed them."""
        methods = (
            (AuthorityInformationAccessOID.OCSP, self.ocsp),
            (AuthorityInformationAccessOID.CA_ISSUERS, self.certificate),
        )
        access = x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
                for method, url in methods
            ]
        )
        return (x509.CRLDistributionPoints([_point(self.crl)]), access)

    def in_lists(self) -> x509.FreshestCRL:
        """For its whole lists: where their deltas are."""
        return x509.FreshestCRL([_point(self.delta)])


def _point(url: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
