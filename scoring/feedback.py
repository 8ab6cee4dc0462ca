"""What a sales answer does to a score: pulls the total down to a target, adds constant points, or holds a stage."""

from scoring.facts import Answer
from scoring.ledger import Contribution
from scoring.model import AnswerSpec, Feedback
from scoring.values import fold, write_instant


def spec_of(feedback: Feedback | None, answer: Answer | None) -> AnswerSpec | None:
    """What the model says of an answer, found by its word or its label; None: nothing."""
    if feedback is None or answer is None or answer.answer is None:
        return None
    word = fold(answer.answer)
    return next((spec for spec in feedback.answers if word in (fold(spec.answer), fold(spec.label))), None)


def adjustment(spec: AnswerSpec, base: int) -> int:
    """The points of the adjustment, where `base` is the total from the facts known when the answer was given."""
    if spec.drop_to is not None:
        return min(0, spec.drop_to - base)
    return spec.points or 0


def adjustment_line(spec: AnswerSpec, answer: Answer, points: int) -> Contribution:
    """The ledger line of an adjustment, with who answered what, and when."""
    evidence = {"answer": spec.answer, "label": spec.label, "at": write_instant(answer.at)}
    if answer.author:
        evidence["author"] = answer.author
    return Contribution("adjustment", None, None, None, points, evidence)
