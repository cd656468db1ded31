"""The rules of the protocol that the model can leave out, one by one."""

from enum import Enum


class Rule(Enum):
    """Each with its statement and the section of the protocol that it comes from."""

    TOMBSTONES = "an undo of something unknown leaves a mark: its create is refused for good", "3.3"
    UNDO_ANYTHING = "an undo of something unknown is answered like any other", "3.3"
    SAME_KEYS = "a repeat bears the same id and key, so it has no second effect", "3.1, 3.2"
    UNDO_IN_DOUBT = "a step whose outcome is unknown is undone like one that succeeded", "4"
    ALL_BEGUN = "whoever takes an order over counts every step as begun", "4"
    DECISION_FIRST = "the decision to compensate is written before the first undo", "4"
    UNDO_IN_REVERSE = "undos run one after the other, newest first", "4"
    UNDO_NOT_DROPPED = "an undo is never given up: until it is done the order is not final", "4"
    PIVOT_FORWARD = "past the pivot, passing trouble is retried forward, not compensated", "4"
    PIVOT_RECORDED = "that the pivot is passed is written down before 202 is answered", "4"
    REFUSAL_GOES_BACK = "a definite refusal is compensated at every point, past the pivot too", "4"
    VERSION_CHECK = "a write is applied only to the version that its writer has read", "4"
    FENCE = "a worker whose lease is over sends nothing more", "4"
    NO_WAY_BACK = "COMPENSATING never turns back into PENDING", "4"
    LOSER_STOPS = "whoever loses a conditional write stops, and reports what the record says", "4"
    ANSWER_LAST = "the client is answered after the last write, not before it", "4, 5.6"

    def __init__(self, statement: str, section: str) -> None:
        self.statement = statement
        self.section = section


ALL_RULES = frozenset(Rule)
