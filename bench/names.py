"""What a decision about names costs among many patterns, also those made to be slow.

    python -m bench.names [--patterns 100000]

Each row is a set of patterns of one shape and the subjects that are judged by it: the time to build
the index, its memory, and the times of a decision (the median, and the longest of the subjects).
"""

import argparse
import itertools
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator

from ostiary.trust.names.facts import Facts
from ostiary.trust.names.index import NameIndex
from ostiary.trust.names.rules import NameRules
from ostiary.x509.structure import AlternativeNames, Attribute, Names

_OIDS = {
    "CN": "2.5.4.3", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "O": "2.5.4.10",
    "OU": "2.5.4.11", "E": "1.2.840.113549.1.9.1",
}  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KINDS = (
    "CN", "C", "L", "ST", "O", "OU", "E", "DC", "UID", "SN", "GN", "T", "street", "postalCode",
    "serialNumber", "description", "name", "role", "pseudonym", "initials",
)  # fmt: skip

Shape = Callable[[int], Iterator[str]]


def exact(count: int) -> Iterator[str]:
    """What most write: everything, without wildcards."""
    for n in range(count):
        yield f"CN=client-{n},OU=unit-{n % 50},O=org-{n % 900},C=IN"


def own_organization(count: int) -> Iterator[str]:
    """Anybody of an organization."""
    for n in range(count):
        yield f"CN=*,O=org-{n},**"


def one_organization(count: int) -> Iterator[str]:
    """A prefix within one organization that all share."""
    for n in range(count):
        yield f"CN=client-{n}-*,O=Boomi,**"


def middles(count: int) -> Iterator[str]:
    """A stretch somewhere in the common name."""
    for n in range(count):
        yield f"CN=*a{n}*,**"


def same(count: int) -> Iterator[str]:
    """The same pattern over and over."""
    for _ in range(count):
        yield "CN=*zz*,**"


def letters_in_order(count: int) -> Iterator[str]:
    """Common letters in some order: nothing in them is rare."""
    words = itertools.permutations(_LETTERS, 4)
    for word in itertools.islice(words, count):
        yield f"CN=*{'*'.join(word)}*,**"


def letters_and_organization(count: int) -> Iterator[str]:
    """The same, and an organization that the subject has."""
    words = itertools.permutations(_LETTERS, 4)
    for word in itertools.islice(words, count):
        yield f"CN=*{'*'.join(word)}*,O=Boomi,L=nowhere,**"


def pairs_of_units(count: int) -> Iterator[str]:
    """Two generic elements for one type."""
    pairs = itertools.permutations([a + b for a in _LETTERS for b in _LETTERS], 2)
    for one, other in itertools.islice(pairs, count):
        yield f"OU=*{one}*,OU=*{other}*,**"


def shapes(count: int) -> Iterator[str]:
    """Any value of some types, in every combination."""
    for n in range(1, count + 1):
        kinds = [kind for bit, kind in enumerate(_KINDS) if n >> bit & 1]
        yield ",".join(f"{kind}=*" for kind in kinds) + ",name=*,**"


def subsets(count: int) -> Iterator[str]:
    """Combinations of units, of which the subject has all, and one that it lacks."""
    for n in range(1, count + 1):
        units = [f"OU=u{bit}" for bit in range(17) if n >> bit & 1]
        yield ",".join(units) + ",OU=lacking,**"


def questions(count: int) -> Iterator[str]:
    """Question marks among common letters."""
    for word in itertools.islice(itertools.product("abc", repeat=11), count):
        yield f"CN=*{word[0]}?{'?'.join(word[1:6])}*{''.join(word[6:])}*,**"


def blocks(count: int) -> Iterator[str]:
    """Long values of two repeated blocks: every stretch is common, every pattern another."""
    blocks = ("abcdefgh" * 4, "hgfedcba" * 4)
    for n in range(count):
        yield f"CN=*{''.join(blocks[n >> bit & 1] for bit in range(17))}*x*,**"


SHAPES: tuple[Shape, ...] = (
    exact, own_organization, one_organization, middles, same, letters_in_order,
    letters_and_organization, pairs_of_units, shapes, subsets, questions, blocks,
)  # fmt: skip


def subjects() -> Iterator[Facts]:
    """Some that are usual, some that are near misses of the sets above."""
    usual = [("C", "IN"), ("ST", "KA"), ("L", "BLR"), ("O", "Boomi"), ("OU", "unit-7")]
    yield _facts(*usual, ("CN", "client-77777-x"), ("E", "abc@test.com"))
    yield _facts(("C", "IN"), ("O", "org-357"), ("OU", "unit-7"), ("CN", "client-3957"))
    yield _facts(*usual, ("CN", "gateway.eu-central.services.example.com"))
    yield _facts(*usual, ("CN", "zyxwvutsrqponmlkjihgfedcba" * 2))
    yield _facts(*usual, ("CN", "aabbaaccbbaaccbbaabbccaa" * 2))
    yield _facts(*((kind, "value") for kind in _OIDS))
    yield _facts(*(("OU", f"u{n}") for n in range(17)), ("CN", "many units"))
    dice = random.Random(1)
    yield _facts(*usual, ("CN", "abcdefgh" * 4 + "hgfedcba" * 4 + "x"))
    for length in (20, 64, 256):
        value = "".join(dice.choices(_LETTERS, k=length))
        yield _facts(("O", "Boomi"), ("OU", value), ("CN", value))


def _facts(*attributes: tuple[str, str]) -> Facts:
    rdns = tuple((Attribute(_OIDS[kind], value),) for kind, value in attributes)
    names = Names(subject=rdns, issuer=(), alternatives=AlternativeNames(), policies=())
    return Facts(names=names, serial=1, fingerprint="00" * 32)


def measure(shape: Shape, count: int) -> str:
    """One row of the table."""
    rules = NameRules(patterns=tuple(shape(count)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    index = NameIndex(rules)
    built = time.process_time() - begin
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    times = [_best(index, one) for one in subjects()]
    return (
        f"{shape.__name__:26} {built:6.2f} s  {grown:6.0f} MB  "
        f"{statistics.median(times) * 1e6:8.0f} us  {max(times) * 1e6:8.0f} us"
    )


def _best(index: NameIndex, one: Facts) -> float:
    """Seconds of a decision: the best of some, since other programs run here, too."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        index.judge(one)
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patterns", type=int, default=100_000)
    parser.add_argument("shapes", nargs="*", help="only these")
    wanted = parser.parse_args()
    print(f"{wanted.patterns} patterns{'':12} build    memory     median      longest")
    for shape in SHAPES:
        if not wanted.shapes or shape.__name__ in wanted.shapes:
            print(measure(shape, wanted.patterns), flush=True)


if __name__ == "__main__":
    main()
