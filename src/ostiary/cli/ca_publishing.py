"""``ostiary ca publish``: what everybody gets is made anew in time."""

import typer

from ostiary.cli.ca import ca
from ostiary.cli.ca_home import Home, at_home
from ostiary.cli.ca_telling import have_read
from ostiary.cli.showing import say, when
from ostiary.cli.tables import emit_json
from ostiary.management.authority.renewing import renew_due


@ca.command("publish")
@at_home
def publish_due(home: Home) -> None:
    """Make anew what is published and has half of its time behind it.

    Revocation lists with their deltas, and the certificates that answer OCSP. A gateway with a
    `pki` listener does it by itself where it can open the keys; else let a timer do it, or do it
    whenever the keys are at hand. Exit code 1 if something could not be made.
    """
    done = renew_due(home.house)
    have_read(home, done.files)
    if home.as_json:
        # As the gateway's log tells it.
        from ostiary.wiring.publishing.renewing import told  # noqa: PLC0415 - the ledger's libraries

        emit_json(told(done))
    else:
        for one in done.lists:
            say(f"{one.name}: list {one.number}, next due {when(one.next_update)}")
        for responder in done.responders:
            say(f"{responder.entry.name}: answers until {when(responder.entry.not_after)}")
        if done.files:
            say(f"revocation lists: {', '.join(map(str, done.files))}")
        if not (done.lists or done.responders or done.faults):
            say("nothing is due")
        for fault in done.faults:
            say(str(fault), "red")
    if done.faults:
        raise typer.Exit(1)
