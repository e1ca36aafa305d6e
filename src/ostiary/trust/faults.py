"""What a fault of a path is called among our reasons."""

from ostiary.trust.reason import Reason
from ostiary.x509.verify import PathFaultKind

REASON_OF_FAULT = {
    PathFaultKind.EXPIRED: Reason.CERTIFICATE_EXPIRED,
    PathFaultKind.NOT_YET_VALID: Reason.NOT_YET_VALID,
    PathFaultKind.ISSUER_MISSING: Reason.ISSUER_MISSING,
    PathFaultKind.UNTRUSTED: Reason.UNTRUSTED_ISSUER,
    PathFaultKind.WRONG_PURPOSE: Reason.WRONG_PURPOSE,
    PathFaultKind.NOT_A_CA: Reason.ISSUER_NOT_A_CA,
    PathFaultKind.TOO_LONG: Reason.PATH_TOO_LONG,
    PathFaultKind.NAME_CONSTRAINT: Reason.NAME_CONSTRAINT_VIOLATED,
    PathFaultKind.POLICY: Reason.CERTIFICATE_POLICY_VIOLATED,
    PathFaultKind.SIGNATURE: Reason.SIGNATURE_INVALID,
    PathFaultKind.CRITICAL_EXTENSION: Reason.CRITICAL_EXTENSION,
    PathFaultKind.MALFORMED: Reason.MALFORMED_CERTIFICATE,
    PathFaultKind.OTHER: Reason.PATH_REFUSED,
}
