"""Every mutant there is."""

from typing import Final

from proof.mutants.calls import CALLS
from proof.mutants.saga import SAGA
from proof.mutants.upstreams import UPSTREAMS

MUTANTS: Final = (*SAGA, *CALLS, *UPSTREAMS)
