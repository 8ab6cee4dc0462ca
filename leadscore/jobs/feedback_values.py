"""What is written beside a score: when the person became MQL and SQL, the last answer of sales, and its emptying."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from leadscore.store.feedback import FIELD, OPERATOR, Given, given_answers, stage_marks
from scoring.engine import Scorer
from scoring.facts import Answer, Facts
from scoring.feedback import spec_of
from scoring.known import answer_at
from scoring.ledger import Score
from scoring.model import ScoringModel
from scoring.values import fold

_STAGES = ("mql", "sql")


@dataclass(frozen=True, slots=True)
class Beside:
    """`values` by subject and output word; `answered`: those whose feedback field may have to be emptied."""

    values: Mapping[int, dict[str, str]]
    answered: Collection[int]


class FeedbackValues:
    """Works out for the people of some models what is written beside their scores."""

    def __init__(self, models: Sequence[ScoringModel], scorer: Scorer) -> None:
        self._models = {model.name: model for model in models}
        self._scorer = scorer

    def values(
        self, connection: Connection, people: Mapping[int, tuple[Facts, Score]], now: int
    ) -> dict[int, dict[str, str]]:
        """Everything for these people, by subject and output word. `feedback` is there only where it is to be emptied:
        whatever it holds otherwise is the reps'."""
        found = self.known(connection, {who: score.model for who, (_, score) in people.items()}, now).values
        return {who: dict(found[who]) | self.emptying(facts, score) for who, (facts, score) in people.items()}

    def known(self, connection: Connection, models: Mapping[int, str | None], now: int) -> Beside:
        """What the store knows without scoring, by subject, given the name of each one's model."""
        found: dict[int, dict[str, str]] = {
            who: {f"{which}_{stage}_at": "" for stage in _STAGES for which in ("first", "last")} for who in models
        }
        for mark in stage_marks(connection, models):
            stage = fold(mark.after or "")
            if stage in _STAGES and mark.at <= now:
                found[mark.subject][f"first_{stage}_at"] = found[mark.subject][f"first_{stage}_at"] or str(mark.at)
                found[mark.subject][f"last_{stage}_at"] = str(mark.at)
        latest = {one.subject: one for one in given_answers(connection, models) if one.at <= now}
        for who in models:
            found[who] |= self._last(models[who], latest.get(who))
        return Beside(found, latest.keys())

    def _last(self, model: str | None, given: Given | None) -> dict[str, str]:
        if given is None or given.answer is None:
            return {"last_feedback": "", "last_feedback_by": ""}
        known = self._models.get(model or "")
        spec = spec_of(known.feedback, Answer(given.answer, given.at)) if known else None
        return {"last_feedback": spec.label if spec else given.answer, "last_feedback_by": given.author}

    def emptying(self, facts: Facts, score: Score) -> dict[str, str]:
        """`feedback` emptied for a new answer: when the lead earned the highest stage again after an answer that took
        it down, and when the operator withdrew the answer."""
        answer = answer_at(facts, score.as_of) if facts.answers else None
        if answer is None:
            return {}
        if answer.answer is None:
            return {FIELD: ""} if answer.author == OPERATOR else {}
        model = self._models.get(score.model or "")
        spec = spec_of(model.feedback, answer) if model else None
        if model is None or model.lifecycle is None or not model.lifecycle.enter or spec is None:
            return {}
        top = model.lifecycle.enter[0].stage
        if spec.drop_to is None or score.stage != top:
            return {}
        # As if it was learned when it was given: so it pulled the lead down before anything new could raise it.
        heard = tuple(one._replace(learned_at=None) if one == answer else one for one in facts.answers)
        return {FIELD: ""} if self._scorer(replace(facts, answers=heard), answer.at).stage != top else {}
