from __future__ import annotations

import pytest

from robustness.attacks.altered_zh import altered_chinese
from robustness.rng import derive


@pytest.mark.parametrize(
    ("question", "expected", "rule"),
    [
        ("男的为什么高兴？", "女的为什么高兴？", "opposite"),
        ("他们昨天去哪儿了？", "他们明天去哪儿了？", "opposite"),
        ("这是什么？", "这不是什么？", "negation"),
        ("哪个不是真的？", "哪个是真的？", "negation"),
        ("可以知道什么？", "不可以知道什么？", "negation"),
        ("没有提到什么？", "有提到什么？", "negation"),
        ("她的女儿叫什么？", "她的女儿叫什么？", ""),
    ],
)
def test_one_opposite_or_else_a_negation(question, expected, rule):
    made = altered_chinese(question, derive(0, "x"))
    assert (made.text, " ".join(made.applied)) == (expected, rule)


def test_a_number_grows_and_a_time_of_day_stays():
    for seed in range(50):
        made = altered_chinese("他几岁？7岁，9:30？", derive(seed, "x"))
        number = int(made.text.removeprefix("他几岁？").split("岁")[0])
        assert 17 <= number <= 107
        assert "9:30" in made.text
