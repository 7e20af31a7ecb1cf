"""Questions that stand for each other: each answer is what its own rule makes of the others, whoever is asked first."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable

import pytest

from workerlog_migrate.analysis.questions import Questions
from workerlog_migrate.analysis.values import ANY, Type, Value
from workerlog_migrate.files.budget import SpentError, budget

# rules, further answers and answers moved on by one that each asks for at most, how many systems
_SIZES = ((7, 2, 1, 400), (14, 3, 1, 100), (25, 3, 0, 50), (30, 5, 0, 30), (12, 5, 2, 60))


def _numbers(*found: int) -> Value:
    return frozenset(Type(str(number)) for number in found)


class _System:
    """Rules of which each joins a number of its own, what others give, and what others give moved on by one."""

    def __init__(self, seed: int, rules: int, plain: int, moved: int, *, keeps: bool = False) -> None:
        self.keeps = keeps
        self.worked_out = 0
        chance = random.Random(seed)  # a sample, no secret
        self.plain = {rule: chance.sample(range(rules), chance.randrange(plain + 1)) for rule in range(rules)}
        self.moved = {rule: chance.sample(range(rules), chance.randrange(moved + 1)) for rule in range(rules)}
        self.questions = Questions(1_000)

    def rule(self, number: int, asked: dict[int, Value] | None = None) -> Value:
        """Give what a rule makes of the others' answers, or of those that are given."""

        def of(other: int) -> Value:
            if asked is not None:
                return asked[other]
            return self.questions.keep(other, self._asked, other, self) if self.keeps else self.answer(other)

        found = _numbers(number)
        for other in self.plain[number]:
            found |= of(other)
        for other in self.moved[number]:
            found |= _numbers(
                *(int(each.name) + 1 for each in of(other) if each.name.isdigit() and int(each.name) < 9)
            )
        return found

    def _asked(self, number: int, _: object) -> Value:
        self.worked_out += 1
        return self.answer(number)

    def answer(self, number: int) -> Value:
        """Ask for one rule's answer."""
        return self.questions.ask(("rule", number), lambda: self.rule(number))


def test_answers_hold_for_each_other_whatever_is_asked_first() -> None:
    """Answers that hang on each other: none lacks what its own rule makes of the others, also where two circles meet in one."""
    for rules, plain, moved, systems in _SIZES:
        for seed in range(systems):
            system = _System(seed, rules, plain, moved)
            order = random.Random(seed + 1).sample(range(rules), rules)  # a sample, no secret
            answers = {number: system.answer(number) for number in order}
            for number in order:
                if any(each.name == "any" for each in answers[number]):
                    continue
                made = system.rule(number, answers)
                is_any = any(each.name == "any" for each in made)
                assert made <= answers[number] or is_any, (rules, seed, number)


def test_what_is_kept_on_the_way_changes_no_answer() -> None:
    """What is worked out between two questions is kept as long as what it hangs on stays: each answer is what it is without that."""
    saved = 0
    for rules, plain, moved, systems in _SIZES:
        for seed in range(systems):
            system = _System(seed, rules, plain, moved)
            keeping = _System(seed, rules, plain, moved, keeps=True)
            for number in random.Random(seed + 1).sample(range(rules), rules):  # a sample, no secret
                assert keeping.answer(number) == system.answer(number), (rules, seed, number)
            asked = sum(len(system.plain[rule]) + len(system.moved[rule]) for rule in range(rules))
            saved += keeping.worked_out < 3 * asked
    assert saved


def test_what_was_worked_out_on_an_assumption_that_did_not_hold_is_worked_out_again() -> None:
    """A result that hangs on an open question is worked out anew when that turns out to be more; the twin hangs on nothing, and is worked out once."""
    for is_open in (True, False):
        questions = Questions(1_000)
        worked_out: list[Value] = []

        def between(
            first: int, _: object, is_open: bool = is_open, worked_out: list[Value] = worked_out
        ) -> Value:
            found = _numbers(first) | (ask() if is_open else frozenset())
            worked_out.append(found)
            return found

        def ask(questions: Questions = questions) -> Value:
            def work() -> Value:
                kept = [questions.keep("between", between, 1, None) for _ in range(3)]
                return _numbers(2) | kept[0] | kept[1] | kept[2]

            return questions.ask(("whole",), work)

        assert ask() == _numbers(1, 2)
        assert questions.keep("between", between, 1, None) == (_numbers(1, 2) if is_open else _numbers(1))
        assert worked_out == ([_numbers(1), _numbers(1, 2)] if is_open else [_numbers(1)])


def test_an_answer_that_hangs_on_itself_and_on_an_open_question_goes_on_until_it_holds() -> None:
    """A question inside the circle of another one: what it gives itself is not left out; the twin stands alone."""
    for is_inside in (True, False):
        questions = Questions(1_000)

        def outer(questions: Questions = questions) -> Value:
            return questions.ask(("outer",), lambda: _numbers(1) | inner(questions))

        def inner(questions: Questions, is_inside: bool = is_inside) -> Value:
            def work() -> Value:
                own = inner(questions)
                moved = _numbers(*(int(each.name) + 1 for each in own if int(each.name) < 4))
                return _numbers(2) | moved | (outer() if is_inside else frozenset())

            return questions.ask(("inner",), work)

        expected = _numbers(1, 2, 3, 4)
        assert outer() == expected
        assert inner(questions) == (expected if is_inside else _numbers(2, 3, 4))


def test_many_questions_that_hang_on_one_take_no_time_that_grows_with_their_square() -> None:
    """20,000 that each ask back what asks them: a look at all of them for each is a matter of minutes."""
    questions = Questions(100_000)

    def middle() -> Value:
        found = _numbers()
        for number in range(20_000):
            found |= questions.ask((number,), lambda: _numbers(1) | questions.ask(("middle",), middle))
        return found

    started = time.process_time()
    found = questions.ask(("middle",), middle)

    assert (found, time.process_time() - started < 5) == (_numbers(1), True)


def _chain(questions: Questions, number: int, end: Callable[[], Value]) -> Value:
    """Ask a question that asks the next one, down to an end."""
    return questions.ask(
        ("chain", number),
        lambda: _numbers(number) | (_chain(questions, number - 1, end) if number else end()),
    )


def test_an_answer_does_not_hang_on_how_deep_it_was_asked() -> None:
    """200 questions, each asking the next, and the last the first: all is known of each, whoever is asked; the twin, 300 of them, is cut off."""
    for first in (199, 150, 0):
        questions = Questions(1_000)

        def again(questions: Questions = questions) -> Value:
            return _chain(questions, 199, again)

        for asked in (first, 0, 199):
            assert _chain(questions, asked, again) == _numbers(*range(200)), (first, asked)

    assert _chain(Questions(1_000), 299, lambda: _numbers(0)) >= ANY


def test_what_lies_deep_fails_as_it_would_anywhere_and_leaves_no_thread() -> None:
    """An error in a question 100 deep comes to who asked the first one."""
    before = threading.active_count()

    def fails() -> Value:
        raise KeyError("deep")

    with pytest.raises(KeyError, match="deep"):
        _chain(Questions(1_000), 100, fails)
    assert threading.active_count() == before


def test_who_waits_for_what_lies_deep_may_be_interrupted() -> None:
    """The time of a file ends while a question 100 deep asks further ones: nothing goes on behind it. Where no system counts it, all are asked."""
    questions = Questions(10_000_000)
    before = threading.active_count()
    counted: list[Value] = []

    def many() -> Value:
        started = time.process_time()
        while time.process_time() - started < 3:
            counted.append(questions.ask(("one", len(counted)), lambda: _numbers(1)))
        return _numbers(1)

    try:
        with budget(0.2):
            _chain(questions, 100, many)
        is_ended = False
    except SpentError:
        is_ended = True

    asked = len(counted)
    time.sleep(0.1)
    assert (is_ended, threading.active_count(), len(counted)) == (
        hasattr(signal, "setitimer"),
        before,
        asked,
    )
