"""One pattern of distinguished names, and whether a name is what it describes."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.trust.names.globs import matches
from ostiary.x509.structure import Attribute


@dataclass(frozen=True, slots=True)
class Element:
    """What one attribute must be: its type (dotted) and a glob of its value."""

    oid: str
    glob: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as it was read. The order of its elements means nothing."""

    text: str
    """As it was written."""
    elements: tuple[Element, ...]
    open: bool
    """Whether ``**`` lets further attributes pass."""

    def plain(self) -> "Pattern":
        """The pattern without its wording: equal for all that say the same."""
        ordered = sorted(self.elements, key=lambda one: (one.oid, one.glob))
        return Pattern("", tuple(ordered), self.open)

    def fits(self, name: Sequence[Sequence[Attribute]]) -> bool:
        """Whether a name (its relative distinguished names) is what the pattern describes.

        Every element takes an attribute of its own; without ``**`` every attribute is taken.
        """
        attributes = [attribute for rdn in name for attribute in rdn]
        if len(self.elements) > len(attributes) or not (
            self.open or len(self.elements) == len(attributes)
        ):
            return False
        masks = []
        for element in self.elements:
            mask = 0
            for at, attribute in enumerate(attributes):
                if attribute.oid == element.oid and matches(element.glob, attribute.text):
                    mask |= 1 << at
            if not mask:
                return False
            masks.append(mask)
        return each_has_its_own(masks)


def each_has_its_own(masks: Sequence[int]) -> bool:
    """Whether everybody can have another one of what they would take (bits of each mask).

    A matching of a bipartite graph by augmenting paths: at most masks² * bits steps.
    """
    taken: dict[int, int] = {}
    return all(_place(who, masks, taken) for who in range(len(masks)))


def _place(who: int, masks: Sequence[int], taken: dict[int, int]) -> bool:
    """Find a place for ``who``, moving others along one path if need be; breadth first."""
    came_from: dict[int, int] = {}
    queue, tried = [who], 0
    for asking in queue:
        wanted = masks[asking] & ~tried
        while wanted:
            place = wanted & -wanted
            wanted ^= place
            tried |= place
            came_from[place] = asking
            if place not in taken:
                _move(place, who, came_from, taken)
                return True
            queue.append(taken[place])
    return False


def _move(place: int, who: int, came_from: dict[int, int], taken: dict[int, int]) -> None:
    """Give ``place`` to who asked for it, and the place that one leaves to the next."""
    held = {owner: one for one, owner in taken.items()}
    while True:
        owner = came_from[place]
        left = held.get(owner)
        taken[place] = owner
        if owner == who or left is None:
            return
        place = left
