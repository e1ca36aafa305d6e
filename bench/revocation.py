"""A long revocation list: how long it takes to load, what it holds, and who waits meanwhile.

    python -m bench.revocation [entries]

One thread loads the list as the gateway does; the main one decides about certificates all the
while, as the agent does. Prints one line of JSON.
"""

import base64
import gc
import json
import os
import random
import resource
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ostiary.ca.authority import issue_client, new_root
from ostiary.ca.dice import SystemDice
from ostiary.trust.decision import Admitted, Presented
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import Keeper, judge
from ostiary.trust.policy import TrustPolicy
from ostiary.wiring.lists import read_lists
from ostiary.x509.revocation import RevocationList

ENTRIES = 1_000_000
PAUSE = 0.002
"""Seconds between two decisions: five hundred new certificates a second."""
LOOK_UPS = 20_000

_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_REASON = bytes.fromhex("300c300a0603551d1504030a0101")


def tlv(tag: int, content: bytes) -> bytes:
    """One element in DER."""
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def list_with(entries: int, key: ec.EllipticCurvePrivateKey, name: bytes, now: datetime) -> bytes:
    """A list of the authority with this name, PEM: serial numbers of 20 octets, with reasons."""
    dice = random.Random(entries)
    begin, end = (f"{now + timedelta(days=d):%y%m%d%H%M%S}Z".encode() for d in (-1, 7))
    middle = tlv(0x17, begin) + _REASON
    revoked = b"".join(
        tlv(0x30, b"\x02\x14" + (1 << 156 | dice.getrandbits(156)).to_bytes(20, "big") + middle)
        for _ in range(entries)
    )
    times = tlv(0x17, begin) + tlv(0x17, end)
    signed = tlv(0x30, b"\x02\x01\x01" + _ECDSA_SHA256 + name + times + tlv(0x30, revoked))
    signature = key.sign(signed, ec.ECDSA(hashes.SHA256()))
    der = tlv(0x30, signed + _ECDSA_SHA256 + tlv(0x03, b"\0" + signature))
    lines = base64.encodebytes(der)
    return b"-----BEGIN X509 CRL-----\n" + lines + b"-----END X509 CRL-----\n"


def decisions(judged: Callable[[], object], until: Callable[[], bool]) -> dict[str, float]:
    """Decide until told to end: percentiles in milliseconds, from when a decision was due."""
    took = []
    due = time.perf_counter()
    while not until():
        due += PAUSE
        time.sleep(max(0.0, due - time.perf_counter()))
        judged()
        took.append((time.perf_counter() - due) * 1000)
    took.sort()
    return {
        "count": len(took),
        "p50_ms": round(took[len(took) // 2], 2),
        "p99_ms": round(took[len(took) * 99 // 100], 2),
        "max_ms": round(took[-1], 2),
    }


def resident() -> float:
    """Megabytes this process holds now."""
    gc.collect()
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def look_ups(one: RevocationList) -> float:
    """Microseconds for one serial number; the quickest of some rounds."""
    dice = random.Random(2)
    serials = [1 << 156 | dice.getrandbits(156) for _ in range(LOOK_UPS)]
    rounds = []
    for _ in range(5):
        begun = time.perf_counter()
        for serial in serials:
            one.find(one.issuer_key, serial)
        rounds.append((time.perf_counter() - begun) / LOOK_UPS * 1e6)
    return min(rounds)


def main() -> None:
    """Measure, and print."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    # As the gateway has it (wiring/administering.py).
    sys.setswitchinterval(0.0005)
    gc.set_threshold(20_000, 50, 100)
    now = datetime.now(UTC)
    root = new_root("bench", now, SystemDice())
    if not isinstance(root.key.native, ec.EllipticCurvePrivateKey):
        raise TypeError("the root of this bench has a P-256 key")
    client = issue_client(root, "client", now, SystemDice())
    anchor, leaf = root.certificate, client.certificate.der
    content = list_with(entries, root.key.native, anchor.subject_der, now)
    keeper = Keeper(TrustPolicy(anchors=(anchor,)))

    def judged() -> object:
        return judge(Presented("x", leaf), keeper, Intermediates(), datetime.now(UTC))

    begun = time.monotonic()
    idle = decisions(judged, lambda: time.monotonic() > begun + 5)
    before, found, seconds = resident(), [], []

    def load() -> None:
        start = time.perf_counter()
        (one,) = read_lists(content)
        found.append((one, Keeper(TrustPolicy(anchors=(anchor,), crls=(one,)))))
        seconds.append(time.perf_counter() - start)

    thread = threading.Thread(target=load)
    thread.start()
    meanwhile = decisions(judged, lambda: not thread.is_alive())
    one, ready = found[0]
    admitted = judge(Presented("x", leaf), ready, Intermediates(), datetime.now(UTC))
    assert isinstance(admitted, Admitted), admitted
    told = {
        "entries": one.count,
        "file_mb": round(len(content) / 1e6, 1),
        "load_seconds": round(seconds[0], 2),
        "held_mb": round(sum(map(len, next(iter(one.entries.values())).records.values())) / 1e6, 1),
        "resident_more_mb": round(resident() - before, 1),
        "reader_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000, 1),
        "look_up_us": round(look_ups(one), 2),
        "decisions_idle": idle,
        "decisions_meanwhile": meanwhile,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
