"""The root of the authority in the state folder, beside what the configuration names."""

from pathlib import Path

from ostiary.kernel.problems import Problem
from ostiary.services.ports import Unreadable
from ostiary.services.prepare import Prepared
from ostiary.services.trust_checks import judge_administrators
from ostiary.wiring import world
from ostiary.x509.errors import UnreadableError
from ostiary.x509.pem import read_certificates


def judge_own_root(prepared: Prepared, state: Path) -> tuple[Problem, ...]:
    """Warnings where devices that enrol would be administrators; none that were told already."""
    admin = prepared.materials.admin
    if admin is None:
        return ()
    try:
        root, *_ = read_certificates(world.read_file(str(state / "ca" / "root.crt")))
    except (Unreadable, UnreadableError):
        return ()  # there is no authority
    ours = (root, *(one for one in admin.anchors if one.issuer == root.subject))
    found = judge_administrators(
        prepared.loaded, prepared.materials, ours, "the certificates of devices that enrol"
    )
    known = {_about(one) for one in prepared.warnings}
    return tuple(one for one in found if _about(one) not in known)


def _about(problem: Problem) -> tuple[str, str]:
    return problem.path, problem.message.partition(" issues ")[0]
