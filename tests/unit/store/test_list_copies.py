"""Copies of lists on the disk: whole or absent, and told when they are damaged."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.store.files import FileTrouble
from ostiary.store.list_copies import ListCopies, SourceCopy

CONTENT = b"-----BEGIN X509 CRL-----"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
ONE = SourceCopy(source="http://a/b.crl", digests=(DIGEST,), tag='"x"', confirmed=12.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lists"


def test_what_was_kept_comes_back(folder: Path) -> None:
    copies = ListCopies(folder)
    assert copies.index() == ()
    copies.save([ONE], {DIGEST: CONTENT})
    assert ListCopies(folder).index() == (ONE,)
    assert ListCopies(folder).content(DIGEST) == CONTENT
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_what_no_source_has_is_swept(folder: Path) -> None:
    copies = ListCopies(folder)
    copies.save([ONE], {DIGEST: CONTENT})
    copies.save([], {})
    assert [path.name for path in folder.iterdir()] == ["index.json"]


def test_a_damaged_content_is_told(folder: Path) -> None:
    copies = ListCopies(folder)
    copies.save([ONE], {DIGEST: CONTENT})
    (folder / f"{DIGEST}.crl").write_bytes(CONTENT[:-1])
    with pytest.raises(FileTrouble, match="damaged"):
        copies.content(DIGEST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"version": 2, "sources": []}',
        '{"version": 1, "sources": [{"source": "a", "digests": ["../../etc/passwd"]}]}',
        '{"version": 1, "sources": [null]}',
        '{"version": 1, "sources": [{"source": "", "found": false, "digests": [], "tag": "", '
        '"modified": "", "confirmed": 1e300}]}',
        "[" * 100_000,
    ],
)
def test_a_damaged_index_is_told(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "index.json").write_text(text)
    with pytest.raises(FileTrouble, match="damaged"):
        ListCopies(folder).index()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_index_fall_over(folder: Path, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "index.json").write_bytes(content)
    with pytest.raises(FileTrouble):
        ListCopies(folder).index()


def test_what_can_not_be_written_leaves_what_was_there(folder: Path) -> None:
    copies = ListCopies(folder)
    copies.save([ONE], {DIGEST: CONTENT})
    (folder / "index.json").unlink()
    (folder / "index.json").mkdir()
    with pytest.raises(FileTrouble):
        copies.save([], {})
    assert copies.content(DIGEST) == CONTENT
