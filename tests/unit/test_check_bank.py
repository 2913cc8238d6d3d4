"""The checks' own test: answers that learners give. Right ones pass, wrong ones are told what is wrong with them."""

import importlib.util
from pathlib import Path

import pytest

from mtsgns_lite import check
from mtsgns_lite.check.judging import forget

BANK = sorted((Path(__file__).parent / "bank").glob("[a-z]*.py"))


def bank(path):
    spec = importlib.util.spec_from_file_location(f"bank_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BANKS = {path.stem: bank(path) for path in BANK}
RIGHT = [(name, place) for name, module in BANKS.items() for place in range(len(module.RIGHT))]
UNSAID = [
    (name, mistake, words) for name, module in BANKS.items() for mistake, words in getattr(module, "UNSAID", {}).items()
]
WRONG = [(name, *entry) for name, module in BANKS.items() for entry in module.WRONG]


@pytest.fixture(autouse=True)
def first_try():
    forget()


def test_every_exercise_has_a_bank_of_five_right_and_ten_wrong_answers():
    assert set(BANKS) == set(check.__all__)
    for module in BANKS.values():
        assert len(module.RIGHT) >= 5
        assert len({name for name, _, _ in module.WRONG}) == len(module.WRONG) >= 10


@pytest.mark.parametrize(("name", "place"), RIGHT)
def test_a_right_answer_passes(name, place):
    verdict = getattr(check, name)(BANKS[name].RIGHT[place])
    assert verdict, verdict


@pytest.mark.filterwarnings("ignore:Converting a tensor")  # which float() of one that needs a gradient says
@pytest.mark.parametrize(
    ("name", "mistake", "answer", "words"), WRONG, ids=[f"{name}-{mistake}" for name, mistake, _, _ in WRONG]
)
def test_a_wrong_answer_is_rejected_with_a_hint_that_names_its_mistake(name, mistake, answer, words):
    verdict = getattr(check, name)(answer)
    assert not verdict
    assert not verdict.unanswered
    assert words.lower() in verdict.hint.lower(), verdict


@pytest.mark.parametrize(("name", "mistake", "words"), UNSAID)
def test_a_hint_says_nothing_of_what_is_no_mistake_of_the_answer(name, mistake, words):
    answer = next(answer for known, answer, _ in BANKS[name].WRONG if known == mistake)
    verdict = getattr(check, name)(answer)
    assert verdict.hint
    assert words.lower() not in verdict.hint.lower(), verdict
