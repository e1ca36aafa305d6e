"""Lines of many consumers, for ``ostiary consumers import``.

Run it by itself: ``.venv/bin/python -m bench.consumers 100000 1000000 > consumers.jsonl``.
"""

import hashlib
import sys
from collections.abc import Iterator

from ostiary.consumers.names import base62
from ostiary.consumers.secrets import kept_generated


def key_of(number: int) -> tuple[str, str]:
    """Id and secret of the API key with this number."""
    digest = hashlib.sha256(b"key %d" % number).digest()
    return f"key-{number}", base62(digest[:16])


def lines(consumers: int, keys: int) -> Iterator[str]:
    """Users, each followed by its share of the keys, whose secrets are hashed already."""
    yield '{"scope":"bench"}'
    for user in range(consumers):
        yield f'{{"user":"consumer-{user}"}}'
        for number in range(user * keys // consumers, (user + 1) * keys // consumers):
            name, secret = key_of(number)
            kept = kept_generated(secret)
            yield (
                f'{{"credential":"key-auth","user":"consumer-{user}","name":"{name}",'
                f'"hash":"{kept}","scopes":["bench"]}}'
            )


def main() -> None:
    consumers, keys = int(sys.argv[1]), int(sys.argv[2])
    for line in lines(consumers, keys):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
