"""Lists and OCSP certificates made anew when half of their time is gone, by whoever has the keys.

    python -P -m ostiary.wiring.publishing.renewing FOLDER

opens the authority in FOLDER, makes what is due, tells it as a line of JSON and ends: so its keys
are open for a moment, in a process that no network reaches.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.errors import AuthorityInUse
from ostiary.management.authority.orders import Renewed
from ostiary.management.authority.renewing import renew_due
from ostiary.wiring.certifying import open_house

PASSPHRASE_FILE = "OSTIARY_CA_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable


def renew(folder: Path, environment: Mapping[str, str]) -> Renewed:
    """Raises what ``open_house`` does, and the ledger."""
    named = environment.get(PASSPHRASE_FILE)
    with open_house(folder, Path(named) if named else None, patient=False) as house:
        return renew_due(house)


def told(renewed: Renewed) -> dict[str, Any]:
    """For scripts and the log."""
    return {
        "lists": [
            {"authority": one.name, "number": one.number, "nextUpdate": one.next_update.isoformat()}
            for one in renewed.lists
        ],
        "responders": [
            {"name": one.entry.name, "notAfter": one.entry.not_after.isoformat()}
            for one in renewed.responders
        ],
        "files": [str(one) for one in renewed.files],
        "faults": [str(one) for one in renewed.faults],
    }


def _main(folder: Path) -> None:
    try:
        answer = told(renew(folder, os.environ))
    except AuthorityInUse as error:
        answer = {"faults": [str(error)], "inUse": True}
    except OstiaryError as error:
        answer = {"faults": [str(error)]}
    print(json.dumps(answer))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
