"""`questions:` of retention.yml: what is asked, in which order, and what can be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.survey import Answer, Question
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.spot import shape_of
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

_LIKE = "write {ask: hobby, field: hobbies, answers: [cycling, running]}"
_CHOICES = "write {cycling: Kolo, running: Běh}, or a list of values"


def read_questions(raw: Raw, notes: Notes) -> tuple[Question, ...]:
    """Return the questions that are sound, in order; mistakes are notes."""
    if not isinstance(raw, Series):
        notes.error(raw.place, Code.WRONG_SHAPE, f"questions should be a list, not {shape_of(raw)}", f"{_LIKE}, one an item")
        return ()
    found = [question for one in raw if (question := _question(one, notes)) is not None]
    _note_repeated((question.ask for question in found), lambda name: f"the question {name!r} is asked twice", notes)
    return tuple(found)


def _question(raw: Raw, notes: Notes) -> Question | None:
    if not isinstance(raw, Table):
        notes.error(raw.place, Code.WRONG_SHAPE, f"a question should be a mapping, not {shape_of(raw)}", _LIKE)
        return None
    name = raw.get("ask")
    what = f"the question {str(name)!r}" if isinstance(name, Word) else "a question"
    replaced = {"answers": _answers(raw["answers"], what, notes)} if "answers" in raw else {}
    return build(Question, raw, notes, replaced, what=what)


def _answers(raw: Raw, what: str, notes: Notes) -> tuple[Answer, ...]:
    """Return the answers; where none is sound, one that stands in for them, so that they are not also called too few."""
    before = notes.errors
    found = [Answer(value=value, label=label) for value, label in _pairs(raw, what, notes) if _is_answer(value, label, notes)]
    if not found and notes.errors == before and not getattr(raw, "broken", False):
        notes.error(raw.place, Code.WRONG_VALUE, f"{what} has no answers", _CHOICES)
    _note_repeated((answer.label for answer in found), lambda label: f"two answers of {what} read {label!r}", notes)
    return tuple(found) or (Answer(value=Word("none"), label=Word("none")),)


def _pairs(raw: Raw, what: str, notes: Notes) -> list[tuple[Raw, Raw]]:
    """Return values and labels; in a list, the values are the labels."""
    if isinstance(raw, Word):
        notes.error(raw.place, Code.WRONG_SHAPE, f"the answers of {what} should be a mapping or a list, not text", _CHOICES)
        return []
    return [(word, raw[word]) for word in raw.words()] if isinstance(raw, Table) else [(one, one) for one in raw]


def _is_answer(value: Raw, label: Raw, notes: Notes) -> bool:
    for word in (value, label):
        if not isinstance(word, Word):
            notes.error(word.place, Code.WRONG_SHAPE, f"an answer should be text, not {shape_of(word)}", _CHOICES)
            return False
        if not word.strip():
            notes.error(word.place, Code.WRONG_VALUE, "an answer must not be empty", "no answer is a missing value")
            return False
    return True


def _note_repeated(words: Iterable[Word], say: Callable[[str], str], notes: Notes) -> None:
    """Note each word that stands there already, with what there is to say of it."""
    first: dict[str, Word] = {}
    for word in words:
        if (earlier := first.setdefault(str(word), word)) is not word:
            said = f"{say(str(word))}; the first is on line {earlier.place.line}"
            notes.error(word.place, Code.DUPLICATE_NAME, said, "take one of them out")
