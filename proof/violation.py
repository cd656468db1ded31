"""One thing that did not hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule` is a section of the protocol: "5.1" to "5.6", or what is seen of 3 and 4."""

    rule: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"rule {self.rule}: {self.subject} {self.text}"
