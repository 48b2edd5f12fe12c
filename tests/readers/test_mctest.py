from __future__ import annotations

import pytest

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.mctest import origin, read
from robustness.readers.rows import InvalidRow

STORY = [
    "mc1.dev.0",
    "Author: x;Work Time(s): 9",
    "Sam had a hen.\\newlineIt\\tabran.",
    *["one: Who had a hen?", "Sam", "Pam", "Tim", "Jim"],
    *["multiple: What ran?", "a dog", "the hen", "Sam", "Pam"],
    *["one: What colon: this?", "a", "b", "c", "d"],
    *["one: Last?", "a", "b", "c", "d"],
]


@pytest.fixture
def write(tmp_path):
    def make(*stories, answers="A\tB\tC\tD\n"):
        path = tmp_path / "mc1.dev.tsv"
        path.write_text("".join("\t".join(story) + "\r\n" for story in stories), newline="")
        path.with_suffix(".ans").write_text(answers)
        return str(path)

    return make


def test_a_story_is_four_questions_with_its_escapes_undone(write):
    examples = [e for e in read(write(STORY)) if isinstance(e, Example)]
    assert [e.id for e in examples] == [f"mc1.dev.0#q{n}" for n in (1, 2, 3, 4)]
    assert [e.answer for e in examples] == [0, 1, 2, 3]
    assert {e.passage for e in examples} == {"Sam had a hen.\nIt\tran."}
    assert {e.group for e in examples} == {"mc1.dev.0"}
    assert [e.question for e in examples][:3] == ["Who had a hen?", "What ran?", "What colon: this?"]
    assert [e.meta["sentences"] for e in examples] == ["one", "multiple", "one", "one"]


def test_stories_and_answers_both_count_as_read(write):
    assert [name for name, _ in origin(write(STORY)).files] == ["mc1.dev.tsv", "mc1.dev.ans"]


def test_a_missing_answer_file_says_where_it_belongs(write, tmp_path):
    path = write(STORY)
    (tmp_path / "mc1.dev.ans").unlink()
    with pytest.raises(DataError, match=r"no mc1\.dev\.ans lies beside it"):
        origin(path)


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"end in \.tsv"):
        origin(str(tmp_path / "mc1.ans"))


def test_as_many_answers_as_stories_are_needed(write):
    with pytest.raises(DataError, match=r"1 stories came, but the \.ans beside it has 2 lines"):
        list(read(write(STORY, answers="A\tB\tC\tD\n" * 2)))


@pytest.mark.parametrize(
    ("story", "answers", "reason"),
    [
        (STORY[:-1], "A\tB\tC\tD\n", "22 columns and 4 answers"),
        (STORY, "A\tB\tC\n", "23 columns and 3 answers"),
        (STORY, "0\tB\tC\tD\n", "question 1: answer is '0'"),
        ([*STORY[:3], "Who?", *STORY[4:]], "A\tB\tC\tD\n", "must start with 'one:' or 'multiple:'"),
    ],
)
def test_a_bad_story_is_named_by_its_line(write, story, answers, reason):
    path = write(STORY, story, answers="A\tB\tC\tD\n" + answers)
    bad = [row for row in read(path) if isinstance(row, InvalidRow)]
    assert [row.where for row in bad] == [f"{path}:2"]
    assert reason in bad[0].reason
