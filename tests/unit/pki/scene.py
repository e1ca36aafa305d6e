"""An authority that publishes, and what stands between it and the world."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import OCSPNonce, load_der_x509_certificate, ocsp

from ostiary.ca.signing import Reason
from ostiary.management.authority.house import House
from ostiary.management.authority.orders import Certified
from ostiary.management.authority.profile import Profile, Publishing
from ostiary.management.authority.public import PublicFiles
from ostiary.management.authority.publishing import make_lists
from ostiary.management.authority.renewing import renew_due
from ostiary.management.authority.revoking import revoke, sought
from ostiary.pki.answering import Answering, Once
from ostiary.pki.catalog import Catalog
from ostiary.pki.complaints import Complaints
from ostiary.pki.shelves import Shelves
from tests.unit.management.authority.scene import World, issued, order

PUBLISHED = Profile(publish=Publishing(url="http://pki.example"))


class Site:
    """An authority at work, its catalog, and a clock that a test holds."""

    def __init__(self, world: World, house: House) -> None:
        self.world = world
        self.house = house
        self.catalog = Catalog(PublicFiles(world.folder))
        self.complaints = Complaints(lambda: self.world.now)
        self.answering = Answering(self.catalog, lambda: self.world.now, self.complaints)
        self.shelves = Shelves(self.catalog, lambda: self.world.now)
        self.catalog.look()

    def issue(self, name: str = "device") -> Certified:
        (made,) = issued(self.house, order(name))
        return made

    def revoke(self, name: str = "device") -> None:
        revoke(self.house, sought(self.house, name), Reason.KEY_COMPROMISE)
        make_lists(self.house)

    def question(self, certified: Certified, nonce: bytes | None = None) -> bytes:
        """About a certificate of ours."""
        return question(certified.der, certified.chain[0], nonce)

    def ask(self, certified: Certified, nonce: bytes | None = None) -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(body(self, self.question(certified, nonce)))

    def word(self, certified: Certified) -> str:
        """good, revoked, unknown; or the failure's name."""
        answer = self.ask(certified)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return answer.response_status.name
        return answer.certificate_status.name


def question(der: bytes, issuer: bytes, nonce: bytes | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        load_der_x509_certificate(der), load_der_x509_certificate(issuer), hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def body(site: Site, asked: bytes) -> bytes:
    found = site.answering.answer(asked)
    return found.body


def is_once(site: Site, asked: bytes) -> bool:
    return isinstance(site.answering.answer(asked), Once)


@contextmanager
def site_in(folder: Path, profile: Profile = PUBLISHED) -> Iterator[Site]:
    folder.mkdir(exist_ok=True)
    world = World(folder / "ca")
    with world.founded(profile) as house:
        renew_due(house)
        site = Site(world, house)
        try:
            yield site
        finally:
            site.catalog.close()
