"""Policies that answer, or change where the request goes: ``redirect``, ``rewrite``, ``ip-filter``;
and ``log``, which only says something."""

import hashlib
from ipaddress import IPv6Network, ip_network

from ostiary.compiler import names
from ostiary.compiler.answers import plain, problem
from ostiary.compiler.guards import AMBIGUOUS_PATH
from ostiary.compiler.stage import Acting
from ostiary.compiler.texts import format_of
from ostiary.config.expression.parts import Computed
from ostiary.config.expression.scripts import read_template
from ostiary.config.model.condition import Condition
from ostiary.config.model.policies.ip_filter import IpFilterAction
from ostiary.config.model.policies.log import LogAction
from ostiary.config.model.policies.redirect import RedirectAction
from ostiary.config.model.policies.rewrite import RewriteAction
from ostiary.config.rewriting import replacement_of
from ostiary.haproxy.quote import argument, word
from ostiary.scripts.model import Wanted

_OF_ALL = IPv6Network("2002::/16")
"""HAProxy compares these with the IPv4 address inside them (RFC 3056): anybody could take one that
holds an allowed address."""
_LONGEST_MESSAGE = 1000
_MESSAGES_AT_MOST = 16_384


def redirect_rules(action: RedirectAction, acting: Acting) -> None:
    """Answer with another address."""
    location = format_of(read_template(action.location, Wanted.TEXT), acting)
    acting.do(f"return status {action.status_code} hdr Location {location}")


def rewrite_rules(action: RewriteAction, condition: Condition, acting: Acting) -> None:
    """Put the new path in the old one's place, or answer with it.

    It is brought to one form and looked at as the old one was: what a group found may climb out of
    the path that was written around it.
    """
    found = replacement_of(condition, action.rewrite)
    flag = ",i" if found.ignores_case else ""
    changed = f"{found.fetch},regsub({argument(found.source)},{argument(found.text)}{flag})"
    variable = acting.keep("to", word(changed))
    if action.redirect:
        said = f"return status {action.redirect} hdr Location"
        if found.fetch == "path":
            acting.do(f"{said} {word(f'%[var({variable})]?%[query]')}", "{ query -m len gt 0 }")
        acting.do(f"{said} %[var({variable})]")
        return
    acting.do(f"return {problem(400)}", f"!{{ var({variable}) -m beg / }}")
    acting.do(f"set-{found.fetch} %[var({variable})]")
    acting.do("normalize-uri path-merge-slashes")
    acting.do(f"return {problem(400)}", f"{{ path -m reg -i -- {word(AMBIGUOUS_PATH)} }}")


def ip_filter_rules(action: IpFilterAction, acting: Acting) -> None:
    """Refuse by the address of the client. Lists are files: one look-up, however long."""
    said = f"return {plain(action.status_code, action.message)}"
    if action.deny:
        acting.do(said, f"{{ src -m ip -f {word(_list(action.deny, acting))} }}")
    if action.allow:
        allowed = f"{{ src -m ip -f {word(_list(action.allow, acting))} }}"
        acting.do(said, f"!{allowed}")
        if not any(ip_network(one).overlaps(_OF_ALL) for one in action.allow if ":" in one):
            acting.do(said, f"{{ src -m ip {_OF_ALL} }}")


def _list(networks: tuple[str, ...], acting: Acting) -> str:
    content = "".join(f"{one}\n" for one in sorted(set(networks))).encode()
    name = f"networks-{hashlib.sha256(content).hexdigest()[:16]}.lst"
    acting.stage.files[name] = content
    return acting.stage.setting.path_of(name)


def log_rules(action: LogAction, acting: Acting) -> None:
    """Add a message to those of the request, as JSON text; see ``logs``.

    Where a script fails that was to make it, the request goes on without (as in Express Gateway).
    """
    match read_template(action.message):
        case (Computed(script),):
            said = acting.ask(script, lenient=True)
        case expression:
            said = f"{acting.name}_said"
            acting.do(f"set-var-fmt({said}) {format_of(expression, acting)}")
    made = f"{{ var({said}) -m found }}"
    text = f'"%[var({said}),bytes(0,{_LONGEST_MESSAGE}),json(utf8s)]"'
    there = f"{{ var({names.MESSAGES}) -m found }}"
    short = f"{{ var({names.MESSAGES}),length lt {_MESSAGES_AT_MOST} }}"
    more = word(f"%[var({names.MESSAGES})],{text}")
    acting.do(f"set-var-fmt({names.MESSAGES}) {more}", made, there, short)
    acting.do(f"set-var-fmt({names.MESSAGES}) {word(text)}", made, f"!{there}")
