"""The saga: create order → reserve → authorize → ship → capture → commit → confirm order.

Creating and confirming the order are the two durable writes around these steps. To add a step is
one file in `steps/` and one line here. Steps are known by their names, never by their place: a
record written by an older release must still mean something.
"""

from typing import Final

from orchestrator.saga.step import Step
from orchestrator.saga.steps.authorize import AUTHORIZE
from orchestrator.saga.steps.capture import CAPTURE
from orchestrator.saga.steps.commit import COMMIT
from orchestrator.saga.steps.reserve import RESERVE
from orchestrator.saga.steps.ship import SHIP

ORDER_SAGA: Final[tuple[Step, ...]] = (
    RESERVE,  #    release
    AUTHORIZE,  #  refund
    SHIP,  #       cancel
    CAPTURE,  #    (refund) the pivot
    COMMIT,  #     (release)
)
