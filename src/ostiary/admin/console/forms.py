"""What a form sent: text fields and files, read with limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST_FIELD = 16 * 1024 * 1024
"""Bytes: a pasted list of 100,000 names fits."""
LARGEST_FILE = 16 * 1024 * 1024
_MOST_FIELDS = 200
_MOST_FILES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of a form; what wasn't sent is empty."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Only those that hold something: browsers send an empty part for a file not chosen."""

    def text(self, name: str) -> str:
        """The field without blanks around it, lines ending as on Unix."""
        given = self.fields.get(name, ("",))[-1]
        return given.replace("\r\n", "\n").strip()

    def flag(self, name: str) -> bool:
        """Whether a box was ticked (or a hidden field says so)."""
        return self.text(name) in {"1", "on", "true", "yes"}

    def number(self, name: str) -> int | None:
        """A whole number; None for anything else."""
        given = self.text(name)
        return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a text area that hold something."""
        stripped = (line.strip() for line in self.text(name).split("\n"))
        return tuple(line for line in stripped if line)

    def upload(self, file: str, text: str) -> bytes:
        """A chosen file, else what was pasted."""
        return self.files.get(file) or self.text(text).encode()

    def carried(self) -> tuple[tuple[str, str], ...]:
        """All fields but those that belong to one step, to be sent again with the next."""
        own = {"csrf", "step"}
        return tuple(
            (name, value)
            for name, values in self.fields.items()
            if name not in own
            for value in values
        )


async def read_form(request: Request) -> Form:
    """Read a form, urlencoded or multipart. Raises HTTPException for a broken or too large one."""
    sent = await request.form(
        max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=LARGEST_FIELD
    )
    fields: dict[str, tuple[str, ...]] = {}
    files: dict[str, bytes] = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            content = await value.read(LARGEST_FILE + 1)
            if len(content) > LARGEST_FILE:
                raise HTTPException(413, "The file is larger than 16 MiB.")
            if content:
                files[name] = content
        else:
            fields[name] = (*fields.get(name, ()), value)
    await sent.close()
    return Form(fields=fields, files=files)
