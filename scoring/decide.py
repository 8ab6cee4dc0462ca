"""Decides whether a lead moves to another stage: who owns the stage it is in, what sales said, what the score says."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from scoring.facts import Answer, Instant
from scoring.feedback import spec_of
from scoring.footing import Footing
from scoring.ledger import Score
from scoring.model import AnswerSpec, Feedback, Lifecycle, ScoringModel
from scoring.values import write_date


@dataclass(frozen=True, slots=True)
class StageStanding:
    """The stage that a record has in the CRM, how it came to it, and what sales last said of the subject.

    `stage`: our word; the CRM's own value where the model has no word for it; None: the field is empty.
    `ours`: we wrote it last and nobody changed it since. `set_at`: for a stage of ours, the `as_of` of the decision
    that we wrote; else the CRM's time of the edit, or when it was first seen where the CRM tells none; None: nobody
    ever set it. `by` (not for ours): `person`, `program` (workflow, integration, import; also whoever is unknown), or
    `default`: what the CRM itself gives to a new record or to a form's sender, which is nobody's word.
    `cleared`: the stage that we emptied the field of and have not yet followed by the lower one; `ours`, `set_at` and
    `by` are then still those of that stage, which counts as present. It means nothing once `stage` is there again.
    `crossed_at`: `footing.last_crossing`; needed only for a stage of somebody else's.
    `enrolled`: False for who stood where the score stands before the first apply and has not crossed an edge since.
    `answer`: the latest sales answer known at the score's `as_of`, a withdrawal included (`known.answer_at`).
    """

    stage: str | None = None
    ours: bool = False
    set_at: Instant | None = None
    by: Literal["person", "program", "default"] | None = None
    cleared: str | None = None
    crossed_at: Instant | None = None
    enrolled: bool = True
    answer: Answer | None = None

    @property
    def present(self) -> str | None:
        """The stage that counts as present: between clear and set, still the old one."""
        return self.cleared if self.stage is None else self.stage


@dataclass(frozen=True, slots=True)
class StageChange:
    """One move of a record to another stage.

    `direction` is by the CRM's order; a stage put back after its field was emptied goes up. `reason` is a sentence.
    `clear`: a CRM that only takes stages forward (HubSpot) must have the field emptied in a request before.
    `entered`: the score rose into the stage, which notifies once. `put_back`: the stage that we emptied the field of
    returns as it was: whose it is, and since when, must be kept too. `write`: False where the model only observes:
    show it, write it not and notify nobody.
    """

    to: str
    direction: Literal["up", "down"]
    reason: str
    clear: bool
    entered: bool
    put_back: bool
    write: bool


class _Move(NamedTuple):
    to: str
    reason: str
    entered: bool = False


def contradictions(
    lifecycle: Lifecycle, stage_order: Sequence[str], feedback: Feedback | None = None
) -> tuple[str, ...]:
    """Why a lifecycle, and the stages in which answers hold, do not fit the CRM's own order of stages: a sentence
    each, none if all fits.

    `stage_order` is lowest first, in our words (the CRM's value where the model has none). While there is a sentence,
    no stage may be written, and `decide` answers None: show it, and let a person mend the model or the CRM.
    """
    ranks = {stage: rank for rank, stage in enumerate(stage_order)}
    enter = list(dict.fromkeys(one.stage for one in lifecycle.enter))
    otherwise = [] if lifecycle.otherwise is None else [lifecycle.otherwise]
    holds = [] if feedback is None else [spec.hold for spec in feedback.answers if spec.hold is not None]
    said = [
        f"lifecycle: the CRM has no stage for `{stage}`; give it one of the CRM's values under `stages`."
        for stage in dict.fromkeys([*enter, *otherwise, *lifecycle.never_leave, *holds])
        if stage not in ranks
    ]
    known = [one.stage for one in lifecycle.enter if one.stage in ranks]
    for first, then in dict.fromkeys(pairwise(known)):
        if ranks[first] < ranks[then]:
            said.append(
                f"lifecycle: `enter` asks for `{first}` before `{then}`, but the CRM has `{then}` above `{first}`;"
                " list the highest first, or change the order in the CRM."
            )
    for stage in otherwise:
        said += [
            f"lifecycle: `otherwise` is `{stage}`, which the CRM has above `{lowest}` of `enter`; choose a lower stage."
            for lowest in enter
            if stage in ranks and lowest in ranks and ranks[stage] > ranks[lowest]
        ]
    return tuple(said)


def decide(
    model: ScoringModel, score: Score, footing: Footing | None, standing: StageStanding, stage_order: Sequence[str]
) -> StageChange | None:
    """The change of stage that a record is due, or None.

    `model` is the one that made the score; `footing` is what `compile_footings` says of the same facts and score.
    `stage_order` as in `contradictions`; a record in a stage outside it is left alone. Deciding again after the
    change was made, on the same facts, gives None. In the order of what comes first: exclusions and stages never
    left; a hold, which also takes back a stage that somebody set since; an answer that lowers, once, if it is newer
    than the stage; then whose the stage is; last what the score enters.
    """
    lifecycle = model.lifecycle
    if lifecycle is None or contradictions(lifecycle, stage_order, model.feedback):
        return None
    ranks = {stage: rank for rank, stage in enumerate(stage_order)}
    present = standing.present
    if present is not None and present not in ranks:
        return None
    move = None
    if footing is not None and not footing.excluded and present not in lifecycle.never_leave:
        move = _Deciding(model, lifecycle, score, footing, standing, ranks).move()
    halfway = present is not None and standing.stage is None
    if move is None and halfway and present is not None:
        move = _Move(present, f"Put back to {present}: the field was emptied for a lower stage that is no longer due.")
    if move is None:
        return None
    down = present is not None and ranks[move.to] < ranks[present]
    return StageChange(
        to=move.to,
        direction="down" if down else "up",
        reason=move.reason,
        clear=down and not halfway,
        entered=move.entered,
        put_back=move.to == present,
        write=lifecycle.mode == "write",
    )


@dataclass(frozen=True, slots=True)
class _Deciding:
    """One question with all that its steps look at; nothing in it forbids a move."""

    model: ScoringModel
    lifecycle: Lifecycle
    score: Score
    footing: Footing
    standing: StageStanding
    ranks: dict[str, int]

    def move(self) -> _Move | None:
        spec, answer = spec_of(self.model.feedback, self.standing.answer), self.standing.answer
        if spec is not None and answer is not None:
            if spec.hold is not None:
                return self._held(spec.hold, spec, answer)
            fall = self._refused(spec, answer)
            if fall is not None:
                return fall
        if self.standing.ours and self.lifecycle.down:
            fall = self._fallen()
            if fall is not None:
                return fall
        return self._entered()

    def _rank(self, stage: str | None) -> int:
        return -1 if stage is None else self.ranks[stage]

    def _held(self, hold: str, spec: AnswerSpec, answer: Answer) -> _Move | None:
        if hold == self.standing.present:
            return None
        return _Move(hold, f"Held in {hold}: sales answered '{spec.label}' on {write_date(answer.at)}.")

    def _refused(self, spec: AnswerSpec, answer: Answer) -> _Move | None:
        """The fall that sales asked for: once, if the answer is newer than the stage."""
        if spec.drop_to is None and (spec.points or 0) >= 0:
            return None
        # A stage of ours may have been written before we had heard; a stage of somebody's was set knowing the answer.
        told = answer.at
        if self.standing.ours and answer.learned_at is not None:
            told = max(told, answer.learned_at)
        if self.standing.set_at is not None and told <= self.standing.set_at:
            return None
        lower = self._lower_stage(spec.drop_to_stage)
        if lower is None:
            return None
        return _Move(lower, f"Back to {lower}: sales answered '{spec.label}' on {write_date(answer.at)}.")

    def _fallen(self) -> _Move | None:
        lower, present, margin = self._lower_stage(None), self.standing.present, self.lifecycle.margin
        if lower is None:
            return None
        by = f" by more than the margin of {margin}" if margin else ""
        return _Move(lower, f"Fell to {lower}: the score no longer holds {present}{by} (total {self.score.total}).")

    def _lower_stage(self, at_most: str | None) -> str | None:
        """The highest stage that still holds within the margin, if the present one does not. Above `at_most`, the
        stage that sales named, the margin helps nobody: only what the score enters holds there."""
        top = self._rank(self.standing.present)
        enters = self.footing.enters
        if enters and self._rank(enters[0]) >= top:
            return None
        cap = top if at_most not in self.ranks else self._rank(at_most)
        still = [stage for stage in self.footing.keeps if stage in enters or self._rank(stage) <= cap]
        lower = max((stage for stage in still if self._rank(stage) <= top), key=self._rank, default=None)
        lower = self.lifecycle.otherwise if lower is None else lower
        return lower if self._rank(lower) < top else None

    def _entered(self) -> _Move | None:
        to = next(iter(self.footing.enters), None)
        standing = self.standing
        if to is None or not standing.enrolled or self._rank(to) <= self._rank(standing.present):
            return None
        said = f"Entered {to} with a total of {self.score.total}"
        if standing.ours or standing.by == "default" or (standing.present is None and standing.set_at is None):
            return _Move(to, said + ".", entered=True)
        if standing.set_at is None or standing.crossed_at is None or standing.crossed_at <= standing.set_at:
            return None
        # Who set a lower stage knew what the lead had done until then.
        set_at, crossed = write_date(standing.set_at), write_date(standing.crossed_at)
        was = standing.present or "no stage"
        return _Move(to, f"{said}: new activity of {crossed}, later than {was} was set on {set_at}.", entered=True)


def why_it_stays(model: ScoringModel, footing: Footing | None, standing: StageStanding) -> str | None:
    """Why a stage that the score enters is not set, as a sentence, for somebody of whom no change is under way; None:
    nothing is entered, or nothing stands against it. Asks nobody for the CRM's order, as `decide` does."""
    to, present = next(iter(footing.enters), None) if footing else None, standing.present
    lifecycle, spec = model.lifecycle, spec_of(model.feedback, standing.answer)
    if lifecycle is None or footing is None or to is None or present == to:
        return None
    if footing.excluded:
        return "The model excludes this person from stages."
    if present is not None and present in lifecycle.never_leave:
        return f"The model never leaves {present}."
    if spec is not None and spec.hold is not None and standing.answer is not None:
        return f"Held in {spec.hold}: sales answered '{spec.label}' on {write_date(standing.answer.at)}."
    order = [one.stage for one in lifecycle.enter]
    if present in order and order.index(present) < order.index(to):
        return f"{present} is above {to}."
    if not standing.enrolled:
        return (
            f"The score stood for {to} before the first apply and has not risen into a stage since; `leadscore apply "
            "--enrol-current` enters everybody who stands so."
        )
    theirs = not standing.ours and standing.by in ("person", "program") and standing.set_at is not None
    if standing.set_at is None or not theirs or (standing.crossed_at or 0) > standing.set_at:
        return None
    who = "A person" if standing.by == "person" else "An import, workflow or other program"
    was = f"set {present}" if present else "emptied the stage"
    below = "" if present in (None, *order, lifecycle.otherwise) else " where the CRM has it lower"
    return f"{who} {was} on {write_date(standing.set_at)}; only new activity later than that raises it to {to}{below}."
