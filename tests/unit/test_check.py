"""The checks themselves: what an answer may do to them, and what they say."""

import contextlib
import io
import math
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.check.advice import advice
from mtsgns_lite.check.comparing import close
from mtsgns_lite.check.exercise import Case, Exercise, Finding, Mistake, check, generator, mistakes
from mtsgns_lite.check.judging import CONSTANT, forget
from mtsgns_lite.check.negatives import Draws, likely
from mtsgns_lite.check.running import CHARACTERS


def dot(u, v):
    return (u * v).sum(dim=1)


def pair(seed, rows):
    draw = generator(seed)
    return torch.randn(rows, 3, generator=draw), torch.randn(rows, 3, generator=draw)


def exercise(**options):
    settings = {
        "name": "dot",
        "signature": "dot(u, v): (P, d), (P, d) -> (P,)",
        "oracle": lambda u, v: (u.double() * v.double()).sum(1),
        "cases": lambda: [Case("one pair", pair(0, 1)), Case("four <pairs>", pair(1, 4))],
        "mistakes": (Mistake(lambda u, v: (u + v).sum(1), "The rows are added."),),
        "hints": ("First hint.", "Second hint.", "Third hint."),
        "gradient": (0, 1),
        "reference": dot,
        "drawn": lambda seed: [Case("drawn anew", pair(seed, 5))],
    }
    return Exercise(**(settings | options))


@pytest.fixture(autouse=True)
def first_try():
    forget()


def judged(answer, seconds=5.0, **options):
    return check(exercise(**options), answer, seconds)


def no_answer(u, v):
    raise NotImplementedError


def half_a_stub(u, v):
    products = ...
    return products.sum(1) if isinstance(products, torch.Tensor) else products * 2


@pytest.mark.parametrize("answer", [..., None, no_answer, lambda u, v: ..., half_a_stub])
def test_an_unanswered_exercise_says_so_and_counts_no_try(answer):
    verdict = judged(answer)
    assert verdict.unanswered
    assert not verdict
    assert repr(verdict).count("\n") == 0
    assert judged(lambda u, v: u).tries == 1


def test_a_right_answer_passes_and_says_on_how_many_inputs():
    verdict = judged(dot)
    assert verdict.passed
    assert bool(verdict)
    assert repr(verdict) == "dot: passed, on 3 inputs."


def test_a_wrong_one_is_shown_the_smallest_failing_input_and_its_mistake():
    verdict = judged(lambda u, v: (u + v).sum(1))
    assert (verdict.case, verdict.hint, verdict.tries) == ("one pair", "The rows are added.", 1)
    assert set(verdict.arguments) == {"u", "v"}
    assert verdict.expected != verdict.got


def test_a_mistake_is_named_only_where_it_explains_every_failing_input():
    """At the smallest input the answer looks like the mistake, at the next it doesn't."""
    verdict = judged(lambda u, v: (u + v).sum(1) if len(u) == 1 else (u - v).sum(1))
    assert verdict.hint == "First hint."


def test_hints_grow_with_the_tries_and_a_pass_starts_over():
    wrong = [judged(lambda u, v: dot(u, v) + u[:, 0]).hint for _ in range(5)]
    assert wrong[:3] == ["First hint.", "First hint. Second hint.", "First hint. Second hint. Third hint."]
    assert wrong[4] == wrong[2]
    judged(dot)
    assert judged(lambda u, v: dot(u, v) + u[:, 0]).hint == "First hint."


def broken(u, v):
    return u @ v + 1


def a_writer(u, v):
    u *= v
    return u.sum(dim=1)


class Odd:
    def __repr__(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")


class Rude(Exception):
    def __str__(self):
        raise RuntimeError("no")


def rude(u, v):
    raise Rude


def leaves(u, v):
    sys.exit("bye")


def recursive(u, v):
    return recursive(u, v)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (broken, "shapes"),
        (lambda u, v: None, "return"),
        (lambda u, v: Odd(), "Odd"),
        (rude, "Rude"),
        (leaves, "ends the program"),
        (recursive, "calls itself"),
        (lambda u, v: undefined_name, "not defined"),  # noqa: F821
        (lambda u: u, "2 arguments"),
        (torch.ones(3), "without brackets"),
        (lambda u, v: "text", "str"),
        (lambda u, v: dot(u, v)[:, None], "shape (1, 1)"),
        (lambda u, v: dot(u, v).long(), "floating-point"),
        (lambda u, v: dot(u, v) / 0, "infinite"),
        (lambda u, v: dot(u, v) * torch.nan, "NaN"),
        (lambda u, v: [[1, 2], [3]], "list"),
        (lambda u, v: np.array(["a"]), "ndarray"),
        (a_writer, "written into"),
        (lambda u, v: dot(u.detach(), v), "no gradient reaches `u`"),
        (lambda u, v: dot(u, v).detach() * 2 - dot(u, v), "its gradient for `u` is not"),
    ],
)
def test_whatever_an_answer_does_it_is_a_verdict_with_words_of_its_own(answer, words):
    verdict = judged(answer)
    assert not verdict
    assert words in repr(verdict)
    assert isinstance(verdict._repr_html_(), str)


def test_an_exception_is_told_in_a_line_with_its_place_in_the_function():
    verdict = judged(broken)
    assert verdict.got.startswith("It raised RuntimeError: ")
    assert "return u @ v + 1" in verdict.got
    assert f"line {broken.__code__.co_firstlineno + 1}" in verdict.got


NAN, ROWS = float("nan"), torch.ones(2, 3)


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (lambda: torch.multinomial(torch.tensor([NAN, 1.0]), 1), "not finite"),
        (lambda: torch.multinomial(torch.tensor([-1.0, 1.0]), 1), "negative"),
        (lambda: np.random.default_rng(0).choice(2, p=[NAN, 1]), "not finite"),
        (lambda: np.random.default_rng(0).choice(2, p=[-1, 2]), "negative"),
        (lambda: np.random.default_rng(0).choice(3, p=[0.5, 0.5]), "one share for each item"),
        (lambda: np.random.default_rng(0).choice(3, 5, replace=False), "with replacement"),
        (lambda: torch.multinomial(torch.ones(2), 3), "with replacement"),
        (lambda: torch.multinomial(torch.tensor([1, 2]), 1), ".float()"),
        (lambda: torch.tensor([1, 2]).mean(), ".float()"),
        (lambda: torch.tensor([1, 2]).add_(0.5), ".float()"),
        (lambda: torch.bincount(torch.tensor([0.5])), ".long()"),
        (lambda: torch.ones(2) & torch.ones(2).bool(), "booleans"),
        (lambda: ~torch.ones(2), "booleans"),
        (lambda: np.ones(2) & np.ones(2).astype(bool), "booleans"),
        (lambda: int(NAN), "NaN"),
        (lambda: int(float("inf")), "infinite"),
        (lambda: torch.ones(2).topk(5), "k"),
        (lambda: np.partition(np.arange(3), 7), "k"),
        (lambda: np.max([]), "empty"),
        (lambda: max([]), "empty"),
        (lambda: torch.ones(0).max(), "empty"),
        (lambda: torch.ones(0, 2).max(0), "empty"),
        (lambda: torch.stack([]), "empty"),
        (lambda: torch.cat([]), "empty"),
        (lambda: torch.stack([torch.ones(1), torch.ones(2)]), "shapes"),
        (lambda: torch.cat([torch.ones(1), ROWS]), "shapes"),
        (lambda: torch.einsum("pd,pd->p", ROWS, ROWS[0]), "shapes"),
        (lambda: np.arange(3).reshape(2, 2), "shapes"),
        (lambda: ROWS.sum(2), "axis"),
        (lambda: np.arange(3).sum(axis=1), "axis"),
        (lambda: ROWS[0, 0, 0], "brackets"),
        (lambda: np.arange(3)[0, 0], "brackets"),
        (lambda: ROWS[torch.ones(1)], "whole number"),
        (lambda: np.arange(3)[np.ones(1)], "whole number"),
        (lambda: [1, 2][ROWS[0, 0].item()], "whole number"),
        (lambda: ROWS[0.5], "whole number"),
        (lambda: float(np.arange(3)), "one number is due"),
        (lambda: float(ROWS), "one number is due"),
        (lambda: [1, 2] * [3], "make a tensor"),
        (lambda: [1, 2] - [3], "make a tensor"),
        (lambda: [1] + ROWS, "make a tensor"),
        (lambda: print() + 1, "None"),
        (lambda: list(3), "single number"),
        (lambda: list(torch.tensor(3)), "single number"),
        (lambda: ROWS.astype(float), "NumPy"),
        (lambda: np.ones(3).unsqueeze(0), "NumPy"),
        (lambda: torch.Generator().choice(3), "torch's"),
        (lambda: np.random.default_rng(torch.Generator()), "torch's"),
        (lambda: math.log(0), "logarithm"),
        (lambda: math.exp(1000), "exponential"),
    ],
)
def test_an_exception_that_learners_meet_has_a_hint_of_its_own(fails, words):
    with pytest.raises(Exception) as raised:  # noqa: PT011
        fails()
    assert words in advice(raised.value), raised.value


def test_what_torch_has_not_is_not_taken_for_an_unanswered_exercise():
    verdict = judged(lambda u, v: torch.bincount(u[:, 0]))
    assert not verdict.unanswered
    assert ".long()" in verdict.hint


def loops(u, v):
    while True:
        pass


def yields_for_ever(u, v):
    while True:
        time.sleep(0.001)
        yield 1


@pytest.mark.parametrize("answer", [loops, yields_for_ever])
def test_an_answer_that_loops_for_ever_is_stopped(answer):
    verdict = judged(answer, seconds=0.3)
    assert "stopped after 0.3 seconds" in verdict.hint
    time.sleep(0.5)  # nothing is thrown any more


def works():
    return sum(range(1000))


def gives_up():
    try:
        works()
    except:  # noqa: E722
        return None


def swallows(u, v):
    while True:
        try:  # noqa: SIM105
            works()
        except:  # noqa: E722
            pass


def swallows_twice(u, v):
    while True:
        try:
            try:  # noqa: SIM105
                gives_up()
            except:  # noqa: E722
                pass
        except BaseException:
            continue


def suppresses(u, v):
    while True:
        with contextlib.suppress(BaseException):
            works()


def keeps(u, v):
    errors = []
    while True:
        try:
            works()
        except BaseException as error:
            errors.append(error)


def swallows_sleeping(u, v):
    while True:
        try:
            time.sleep(0.01)
        finally:
            continue  # noqa: B012


def floods_and_swallows(u, v):
    while True:
        with contextlib.suppress(BaseException):
            print("all work and no play")


@pytest.mark.parametrize(
    "answer", [swallows, swallows_twice, suppresses, keeps, swallows_sleeping, floods_and_swallows]
)
def test_an_answer_that_swallows_whatever_is_thrown_is_stopped_all_the_same(answer):
    started, tracing = time.monotonic(), sys.gettrace()
    verdict = judged(answer, seconds=0.3)
    assert "stopped after 0.3 seconds" in verdict.hint
    assert time.monotonic() - started < 10
    assert sys.gettrace() is tracing
    time.sleep(0.3)  # nothing is thrown any more


def test_after_a_check_python_can_trace_as_before():
    """In Python 3.11 it could not, for ever, after an exception set on a thread was unset: a debugger would hang."""
    words = (
        "import faulthandler, sys; from mtsgns_lite.check.running import watched; "
        "faulthandler.dump_traceback_later(20, exit=True); "
        "print(watched(lambda: [None for _ in iter(int, 1)], 0.1, print).trouble[:14], watched(int, 5, int).value); "
        "seen = []; sys.settrace(lambda frame, *_: seen.append(frame)); (lambda: 0)(); sys.settrace(None); "
        "print(len(seen) > 0)"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["It", "was", "stopped", "0", "True"]


def test_an_answer_that_ends_just_as_it_is_stopped_leaves_the_caller_alone():
    ends = []

    def close_call(u, v):
        time.sleep(0.01)
        return dot(u, v)

    for _ in range(60):
        ends.append(judged(close_call, seconds=0.01).state)
    assert set(ends) <= {"passed", "not yet"}
    for _ in range(100):
        time.sleep(0.001)


def test_off_the_main_thread_it_stops_the_thread_it_runs_on():
    verdicts = []
    thread = threading.Thread(target=lambda: verdicts.append(judged(loops, seconds=0.2)))
    thread.start()
    thread.join(20)
    assert "stopped" in verdicts[0].hint


def test_an_interrupt_by_hand_gets_through():
    def by_hand(u, v):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(by_hand)


def test_an_answer_that_prints_too_much_is_stopped_and_nothing_gets_through():
    lines = []

    def floods(u, v):
        while True:
            lines.append(1)
            print("all work and no play")

    page, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(page), contextlib.redirect_stderr(errors):
        verdict = judged(floods)
    assert "printing 10,000 characters" in verdict.hint
    assert page.getvalue() == verdict.printed == ""
    assert len(lines) < CHARACTERS / len("all work and no play") + 1
    assert sys.stdout is not page


def test_what_an_answer_prints_on_the_input_that_is_shown_is_seen_and_no_more():
    def talks(u, v):
        print(f"here are {len(u)}")
        return dot(u, v) if len(u) == 1 else 0 * dot(u, v)

    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        wrong, right = judged(talks), judged(lambda u, v: print(f"here is {len(u)}") or dot(u, v))
    assert page.getvalue() == ""
    assert right.details() == {"printed": "here is 1"}
    assert wrong.details()["printed"] == "here are 4"
    assert "here are 4" in wrong._repr_html_()


def test_a_function_that_was_not_run_anew_is_told_so():
    def wrong(u, v):
        return dot(u, v) + 1

    first, again, other = judged(wrong), judged(wrong), judged(lambda u, v: dot(u, v) + 2)
    assert [bool(verdict.note) for verdict in (first, again, other)] == [False, True, False]
    assert "run its cell first" in repr(again)


def test_writing_into_an_input_changes_no_later_call():
    cases = [Case("one", pair(3, 1)), Case("many", pair(4, 6))]
    before = [part.clone() for case in cases for part in case.arguments]
    assert judged(a_writer, cases=lambda: cases, gradient=(), reference=None)
    assert all(torch.equal(a, b) for a, b in zip(before, [part for case in cases for part in case.arguments]))


def test_a_generator_is_given_as_it_was_to_every_call():
    seen = []

    def draw(g):
        seen.append(torch.rand(1, generator=g).item())
        return seen[-1]

    options = {"oracle": lambda g: torch.rand(1, generator=g).item(), "gradient": (), "drawn": lambda seed: []}
    assert judged(draw, cases=lambda: [Case("a seed", (generator(5),))] * 3, **options)
    assert len(set(seen)) == 1


def test_a_learned_by_heart_answer_fails_on_inputs_drawn_anew_and_each_time_on_others():
    table = {case.arguments[0].sum().item(): dot(*case.arguments) for case in exercise().cases()}
    seeds = []

    def by_heart(u, v):
        return table.get(u.sum().item(), torch.zeros(len(u)))

    def drawn(seed):
        seeds.append(seed)
        return [Case("drawn anew", pair(seed, 5))]

    for _ in range(2):
        verdict = judged(by_heart, drawn=drawn)
        assert verdict.case == "drawn anew"
        assert "inputs drawn anew" in verdict.hint
    assert seeds[0] != seeds[1]


def test_a_constant_is_told_from_other_wrong_answers():
    options = {"oracle": lambda u, v: dot(u, v).mean(), "reference": lambda u, v: dot(u, v).mean()}
    assert "same answer whatever" in judged(lambda u, v: 0.5, **options).hint


@pytest.mark.parametrize(("value", "words"), [(np.nan, "NaN"), (np.inf, "infinite"), (-np.inf, "infinite")])
def test_nan_whatever_is_given_is_no_constant(value, words):
    """The inputs may well reach what is returned, and be divided by 0 on the way."""
    verdict = judged(lambda u, v: abs(float(u.sum())) * value + value, oracle=lambda u, v: float((u * v).sum()))
    assert words in verdict.hint
    assert "same answer whatever" not in verdict.hint


def test_a_constant_is_told_from_two_mistakes_at_once_that_give_it_too_but_not_from_one():
    def hint(answer, found):
        forget()
        options = {"oracle": lambda u, v: dot(u, v).mean(), "reference": lambda u, v: dot(u, v).mean()}
        return judged(answer, mistakes=found, **options).hint

    both, one = Mistake(lambda u, v: 0.0, "This and that.", faults=2), Mistake(lambda u, v: 0.0, "Nothing is left.")
    assert hint(lambda u, v: 0.0, (both,)) == CONSTANT
    assert hint(lambda u, v: 0.0, (both, one)) == "Nothing is left."
    assert hint(lambda u, v: u.sum(), (Mistake(lambda u, v: u.sum(), "This and that.", faults=2),)) == "This and that."


def test_a_case_says_what_it_means_where_nothing_else_is_known():
    cases = [Case("small", pair(0, 1), "Small ones fail."), Case("large", pair(1, 4), "Large ones fail."),
             Case("larger", pair(2, 5))]  # fmt: skip

    def hint(answer):
        forget()
        return judged(answer, cases=lambda: cases).hint

    assert hint(lambda u, v: dot(u, v) * 3) == "Small ones fail."
    assert hint(lambda u, v: dot(u, v) * (1 + (len(u) > 1))) == "Large ones fail."
    assert hint(lambda u, v: (u + v).sum(1)) == "The rows are added."
    assert hint(lambda u, v: dot(u, v)[:, None]).startswith("The answer is of shape")
    assert hint(lambda u, v: {}["no"]) == "Small ones fail."


def test_a_case_says_what_it_means_where_it_fails_alone():
    cases = [Case("small", pair(0, 1)), Case("large", pair(1, 4), "Only large ones fail.")]
    verdict = judged(lambda u, v: dot(u, v) * (1 + (len(u) > 1)), cases=lambda: cases)
    assert verdict.hint == "Only large ones fail."
    assert "Only" not in judged(lambda u, v: dot(u, v) * 3, cases=lambda: cases).hint


def test_a_probe_has_the_last_word():
    found = judged(dot, extra=(lambda answer: Finding("A finding.") if len(answer(*pair(9, 2))) == 2 else None,))
    assert found.hint == "A finding."
    assert judged(dot, extra=(lambda answer: None,))

    def fails_on_seven(u, v):
        return dot(u, v) if len(u) != 7 else 1 / 0

    assert "ZeroDivisionError" in judged(fails_on_seven, extra=(lambda answer: answer(*pair(9, 7)),)).hint


def test_the_page_shows_an_answers_text_and_runs_none_of_it():
    def wrong(u, v):
        raise ValueError("<script>alert(1)</script>")

    page = judged(wrong)._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "four <pairs>" not in judged(lambda u, v: dot(u, v) if len(u) == 1 else 0 * dot(u, v))._repr_html_()


def test_mistakes_are_made_of_parts_with_the_fewest_faults_first():
    made = mistakes(lambda a, b: lambda: a + b, [(1, ""), (2, "two")], [(10, ""), (20, "twenty"), (30, "thirty")])
    assert [mistake.hint for mistake in made] == ["twenty", "thirty", "two", "two twenty", "two thirty"]
    assert [mistake.wrong() for mistake in made] == [21, 31, 12, 22, 32]
    assert [mistake.faults for mistake in made] == [1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("got", "expected", "same"),
    [
        (1.0, torch.tensor(1.0), True),
        (np.float32(1), 1.0, True),
        ([1.0, 2.0], torch.tensor([1.0, 2.0]), True),
        ([torch.tensor(1.0), torch.tensor(2.0)], torch.tensor([1.0, 2.0]), True),
        (torch.tensor([1.0, 2.1]), torch.tensor([1.0, 2.0]), False),
        (torch.zeros(0), torch.zeros(0), True),
    ],
)
def test_numbers_arrays_and_tensors_are_compared_alike(got, expected, same):
    assert close(got, expected) is same


def test_draws_are_judged_by_their_shares_and_an_item_without_one_is_never_drawn():
    expected = Draws(1000, np.array([0.5, 0.5, 0.0]))
    even = np.arange(1000) % 2
    assert likely(even, expected) is True
    assert likely(np.where(np.arange(1000) < 700, 0, 1), expected) is False
    assert likely(np.append(even[1:], 2), expected) is False
    assert "whole numbers" in likely(even.astype(float), expected)


def test_checks_come_with_the_library_and_cost_nothing_until_asked_for():
    words = (
        "import sys, mtsgns_lite as mt; early = 'mtsgns_lite.check' in sys.modules; "
        "print(early, mt.check.mf_loss(...).unanswered, 'plotly' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]
    assert "check" in dir(mt)
