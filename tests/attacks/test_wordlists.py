from __future__ import annotations

from itertools import chain

import pytest

from robustness.attacks.wordlists import aligned, cased, word_list


def test_aligned_forms_answer_each_other_both_ways():
    found = aligned([("open opens", "close closes")])
    assert found == {"open": ("close",), "close": ("open",), "opens": ("closes",), "closes": ("opens",)}


def test_one_way_pairs_are_read_from_the_left_only():
    assert aligned([("movie", "film")], both_ways=False) == {"movie": ("film",)}


def test_pairs_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="zip"):
        aligned([("open opens", "close")])


@pytest.mark.parametrize(
    ("word", "like", "expected"),
    [
        ("new", "Old", "New"),
        ("new", "OLD", "NEW"),
        ("new", "old", "new"),
        ("i", "A", "I"),
        ("new", "", "new"),
    ],
)
def test_a_word_takes_the_case_of_the_one_it_replaces(word, like, expected):
    assert cased(word, like) == expected


def test_every_list_of_pairs_is_aligned():
    antonyms, synonyms = word_list("antonyms"), word_list("synonyms")
    pairs = chain.from_iterable(antonyms[kind] for kind in ("adjective", "adverb", "verb"))
    assert aligned(pairs)
    assert aligned(synonyms["both_ways"])
    assert aligned(synonyms["one_way"], both_ways=False)


def test_no_word_is_its_own_antonym_or_synonym():
    antonyms, synonyms = word_list("antonyms"), word_list("synonyms")
    for pairs in (antonyms["adjective"], antonyms["verb"], synonyms["both_ways"], synonyms["one_way"]):
        assert all(form not in others for form, others in aligned(pairs).items())


def test_the_stop_words_are_as_many_as_nltk_s():
    stop = word_list("closed-class")["stop"]
    assert len(stop) == len(set(stop)) == 179


def test_a_name_is_in_one_list_only():
    names = word_list("names")
    listed = [
        name for kind in ("she", "he", "surname", "city", "country", "day", "month") for name in names[kind]
    ]
    assert len(listed) == len(set(listed))


def test_a_language_without_a_list_has_none():
    assert word_list("synonyms", "zh") == {}
