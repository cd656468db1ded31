"""How far a search goes: what may be going on at once, and which worlds are searched."""

from dataclasses import dataclass, replace
from typing import Final

from proof.model.state import Kind


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may be going on at once. Of nothing is there a limit over the whole of an order's life.

    `workers`: that act for the order, of whom all but one have lost it without knowing. `late`:
    requests and writes on their way that nobody waits for any more. `clocks`: workers keep to their
    leases; without, one whose lease is over goes on as if it were not. `forgetful`: upstreams
    forget what they undid, once the order is final and all that was sent under a lease has arrived
    or is lost. `parcels`: a parcel may leave the warehouse before its order is final.
    """

    name: str
    workers: int
    late: int
    clocks: bool = True
    forgetful: bool = False
    parcels: bool = False

    def __str__(self) -> str:
        """In words, for people who judge what the search proves."""
        if self.clocks:
            who = "any number of workers, each keeping to its lease"
        else:
            who = f"up to {self.workers} workers at once, none of which keeps to its lease"
        late = f"up to {self.late} late requests at once" if self.late else "no late requests"
        said = [who, late]
        said += ["upstreams that forget"] * self.forgetful
        said += ["parcels that leave early"] * self.parcels
        return ", ".join(said)

    @property
    def must_happen(self) -> frozenset[Kind]:
        """The kinds of moves without which a search within these bounds proves nothing."""
        return _ALWAYS.union(
            _LATE if self.late else (),
            _PARCELS if self.parcels else (),
            {Kind.FORGOTTEN} if self.forgetful else (),
        )


_LATE: Final = frozenset(
    {Kind.HEARS_NOTHING, Kind.GIVES_UP, Kind.WRITES_UNHEARD, Kind.ARRIVES_LATE, Kind.IS_LOST}
)
_PARCELS: Final = frozenset({Kind.LEAVES, Kind.RETURNS})
_ALWAYS: Final = (
    frozenset(Kind)
    - _LATE
    - _PARCELS
    # The loser of a write has nothing left to do: it is taken out when it loses its version.
    - {Kind.FORGOTTEN, Kind.LOSES, Kind.ANSWERS_EARLY}
)

LEASES: Final = Bounds("leases", workers=2, late=2, forgetful=True)
PARCELS: Final = Bounds("parcels", workers=2, late=1, parcels=True)
TWO_SLEEPERS: Final = Bounds("two sleepers", workers=2, late=1, clocks=False)
THREE_SLEEPERS: Final = Bounds("three sleepers", workers=3, late=0, clocks=False)

ALL_WORLDS: Final = (LEASES, PARCELS, TWO_SLEEPERS, THREE_SLEEPERS)
"""What holds is searched in all of these: seconds each, and together all that the rules are for."""

SMALL_WORLDS: Final = (replace(LEASES, late=1), replace(TWO_SLEEPERS, late=0))
"""What is broken shows with fewer late requests as well, in a tenth of the states."""

DEEP_WORLDS: Final = (
    replace(LEASES, late=3),
    replace(PARCELS, late=2),
    replace(TWO_SLEEPERS, late=2),
    replace(THREE_SLEEPERS, late=1),
)
"""As ALL_WORLDS with one late request more: minutes, for whoever changes the protocol."""
