"""How many certificates never seen before one core can judge in a second.

Makes a root, an intermediate and many clients (EC P-256), then asks the desk about each client
once with its chain: parsing, path building, every signature, the checks, and remembering.

    python bench/first_sight.py [--clients 2000] [--profile] [--resumed]
"""

import argparse
import cProfile
import pstats
import statistics
import time
from datetime import UTC, datetime

from ostiary.ca.authority import issue_client, new_intermediate, new_root
from ostiary.ca.dice import SystemDice
from ostiary.trust.decision import Admitted
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.standing import standing_of

ROUNDS = 5


def main() -> None:
    """Print the rate: median, lowest and highest of five rounds, by CPU time."""
    options = argparse.ArgumentParser()
    options.add_argument("--clients", type=int, default=2000)
    options.add_argument("--profile", action="store_true")
    options.add_argument("--resumed", action="store_true", help="chain not sent, but remembered")
    chosen = options.parse_args()
    now, dice = datetime.now(UTC), SystemDice()
    root = new_root("root", now, dice)
    middle = new_intermediate(root, "intermediate", now, dice)
    clients = [
        issue_client(middle, f"device-{n}", now, dice, organization="Acme").certificate.der
        for n in range(chosen.clients)
    ]
    standing = standing_of({"default": TrustPolicy(anchors=(root.certificate,))})
    sent = () if chosen.resumed else (middle.certificate.der,)

    def ask_about_all() -> float:
        memory = Intermediates()
        memory.remember((middle.certificate, middle.certificate, root.certificate))
        desk = Desk(standing, memory)
        begun = time.process_time()
        for leaf in clients:
            if not isinstance(desk.answer("default", leaf, sent, now), Admitted):
                raise SystemExit("a good certificate was refused")
        return len(clients) / (time.process_time() - begun)

    if chosen.profile:
        profile = cProfile.Profile()
        profile.runcall(ask_about_all)
        pstats.Stats(profile).sort_stats("tottime").print_stats(18)
        return
    rates = sorted(ask_about_all() for _ in range(ROUNDS))
    print(
        f"{statistics.median(rates):.0f} first sights/s of one core "
        f"(lowest {rates[0]:.0f}, highest {rates[-1]:.0f}; {chosen.clients} clients)"
    )


if __name__ == "__main__":
    main()
