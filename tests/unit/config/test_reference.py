"""The reference in the documentation is the one the models give."""

from pathlib import Path

from ostiary.config.model.document import Document
from ostiary.config.reference import render

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text() == render()


def test_every_key_of_the_document_is_there_with_a_meaning() -> None:
    for name, field in Document.model_fields.items():
        assert field.description, name
        assert f"| `{field.alias}` |" in render()


def test_no_row_is_without_a_meaning() -> None:
    rows = [line for line in render().splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert all(not row.endswith("|  |") for row in rows)
