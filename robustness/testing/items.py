"""Items that an attack is tried on: prose and dialogue, English and Chinese, options of many kinds."""

from __future__ import annotations

from typing import Final

from robustness.attacks.corpus import Corpus
from robustness.domain import Example

__all__ = ["SAMPLE_CORPUS", "SAMPLE_ITEMS"]

_CAMP: Final = (
    "Nora packed the blue tent on Friday. Her brother Leo left the lamp at home, so they cooked in the dark. "
    "They didn't reach the lake before nine."
)
_TRIP: Final = (
    "M: Did you take 3 coats, Ann?\nW: No. Dr. Lee's car was full, so I took two.\nM: It's 9:30 now."
)
_PARK: Final = "昨天小明和他的妹妹去了公园。他们买了三本书，没有去商店。天气很好，孩子们很高兴。"
_LEFT: Final = _CAMP.index("Her brother")
_DARK: Final = _CAMP.index(" They didn't")

SAMPLE_ITEMS: Final[tuple[Example, ...]] = (
    Example(
        "camp#1",
        _CAMP,
        "What did Leo leave at home?",
        ("The old lamp.", "The blue tent.", "A warm coat.", "The small boat."),
        0,
        "camp",
        {"evidence": f"{_LEFT}:{_DARK}", "distractor_span": f"0:{_LEFT - 1}"},
    ),
    Example("camp#2", _CAMP, "When did they reach the lake?", ("At six.", "After nine."), 1, "camp"),
    Example("trip#1", _TRIP, "How many coats did Ann take?", ("Two.", "3", "None of the above."), 0, "trip"),
    Example(
        "trip#2", _TRIP, "Whose car is ___ ?", ("Lee", "Ann's", "Both A and B", "It's new", "a"), 0, "trip"
    ),
    Example("park#1", _PARK, "他们昨天去了哪里？", ("商店", "公园", "小明的家", "学校"), 1, "park"),
    Example("park#2", _PARK, "孩子们怎么样？", ("很高兴", "不高兴", "以上都不对"), 0, "park"),
    Example("bare#1", "", "Which is hot?", ("Ice", "Fire"), 1, "bare"),
    Example("word#1", "Ran.", "Who?", ("I", "you"), 0, "word"),
)

SAMPLE_CORPUS: Final = Corpus(
    tuple(
        sorted(
            (
                ("c1", "The baker opened his shop at six. Fresh rolls were gone by eight."),
                ("c2", "Two hikers lost the path near the lake. They didn't find their old tent."),
                ("c3", "他们昨天去了公园。天气很好，孩子们很高兴。"),
                ("c4", "商店九点开门。她买了一本旧书。"),
            )
        )
    ),
    (
        ("c1", "Where was the lamp?", ("At home.", "In the old tent.", "The U.S.", "a lamp")),
        ("c2", "Who left?", ("At home.", "Dr. Ann went home to the tent.", "Lee", "blue tent")),
        ("c3", "他们去了哪里？", ("公园", "去了商店。", "很高兴", "昨天没有去")),
        ("c4", "谁买了书？", ("公园", "她们", "孩子们很高兴。")),
        (
            "camp",
            "What did Bob see?",
            ("A well-known café.", "Bob's blue lamp", "It didn't go.", "left home"),
        ),
        ("park", "他买了什么？", ("一本书", "公园的书店", "昨天", "没有去商店。")),
    ),
)
