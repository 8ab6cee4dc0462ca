"""Why a lead has its score, in one sentence that fits a CRM field."""

from collections.abc import Callable, Iterable

from scoring.ledger import Contribution, Score
from scoring.model import ScoringModel
from scoring.rules import FieldRule
from scoring.values import read_instant, write_date

_LENGTH = 250
_VALUE_LENGTH = 40
_LOOKS_AHEAD = 25
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Reasons:
    """Tells reasons in the words of one model."""

    def __init__(self, model: ScoringModel):
        rules = [(s.name, g.name, r) for s in model.scores for g in s.groups for r in g.rules]
        self._says = {(score, group, rule.name): rule.say for score, group, rule in rules if rule.say}
        self._on_fields = {
            (score, group, rule.name) for score, group, rule in rules if isinstance(rule, FieldRule) or _by_field(rule)
        }

    def of(self, score: Score, scored_at: Callable[[int], Score]) -> str:
        """At most 250 characters, whole phrases: newest intent first, then who they are, then grade and total, then
        the next change of the total. `scored_at` scores the same facts at another instant; dates are absolute, UTC."""
        standing = ", ".join(part for part in (score.grade or score.band, str(score.total)) if part)
        tail = f"{standing}.{_next_total(score, scored_at)}"
        head = ""
        for phrase, separator in self._phrases(score):
            longer = f"{head}{separator if head else ''}{phrase}"
            if len(longer) + len(tail) + 2 <= _LENGTH:
                head = longer
        return f"{head}. {tail}" if head else tail[:_LENGTH]

    def _phrases(self, score: Score) -> Iterable[tuple[str, str]]:
        """Phrases in their order, each with what parts it from the one before."""
        rules = [line for line in score.contributions if line.kind == "rule"]
        answers = [line for line in score.contributions if line.kind == "adjustment"]
        acts = [line for line in rules if self._key(line) not in self._on_fields]
        who = [line for line in rules if self._key(line) in self._on_fields]
        for line in answers:
            yield f"Sales: {line.evidence['label']} {_shown_date(str(line.evidence['at']))}", "; "
        for line in sorted(acts, key=_by_latest, reverse=True):
            yield self._act(line), "; "
        separator = "; "
        for line in sorted(who, key=_by_points, reverse=True):
            yield self._who(line), separator
            separator = ", "

    def _key(self, line: Contribution) -> tuple[str, str, str]:
        return (str(line.score), str(line.group), str(line.rule))

    def _act(self, line: Contribution) -> str:
        words = self._says.get(self._key(line)) or str(line.rule)
        count = line.evidence.get("count", 1)
        times = f" ({count} times)" if isinstance(count, int) and count > 1 else ""
        date = line.evidence.get("last")
        if date is None:
            created = line.evidence.get("created")
            return words + (f" since {_shown_date(str(created))}" if created else "") + _minus(line)
        since = " since" if line.points < 0 and "count" not in line.evidence else ""
        return f"{words}{times}{since} {_shown_date(str(date))}{_minus(line)}"

    def _who(self, line: Contribution) -> str:
        said = self._says.get(self._key(line))
        if said:
            return said + _minus(line)
        values = [" ".join(str(value).split()) for value in line.evidence.values()]
        value = ", ".join(values)
        telling = len(values) == 1 and len(value) <= _VALUE_LENGTH and value.isprintable()
        plain = value.casefold() in ("true", "yes", "1") or "@" in value
        return f"{line.rule} ({value}){_minus(line)}" if telling and not plain else f"{line.rule}{_minus(line)}"


def _by_field(rule: object) -> bool:
    return getattr(rule, "field", None) is not None


def _minus(line: Contribution) -> str:
    return f" ({line.points})" if line.points < 0 else ""


def _by_latest(line: Contribution) -> tuple[bool, str, int]:
    return (line.points > 0, str(line.evidence.get("last", "")), line.points)


def _by_points(line: Contribution) -> int:
    return line.points


def _next_total(score: Score, scored_at: Callable[[int], Score]) -> str:
    """` 70 from 9 May 2027.`, or "" if the total stays, or does not change within the next few changes of a line."""
    at = score.next_change_at
    for _ in range(_LOOKS_AHEAD):
        if at is None:
            return ""
        later = scored_at(at)
        if later.total != score.total:
            date = _shown_date(write_date(at))
            return f" {later.total} from {date}." if later.total is not None else f" No score from {date}."
        at = later.next_change_at
    return ""


def _shown_date(text: str) -> str:
    instant = read_instant(text)
    if instant is None:
        return text
    year, month, day = write_date(instant).split("-")
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}"
