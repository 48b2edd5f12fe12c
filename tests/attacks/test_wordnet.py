"""A WordNet of a dozen synsets, in the format of the real one (wndb(5WN)), written for these tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import nltk
import pytest

from robustness.attacks import wordnet
from robustness.attacks.recipes import apply, recipe
from robustness.attacks.wordnet import has_wordnet, wordnet_antonyms, wordnet_synonyms
from robustness.domain import Example, Variant
from robustness.errors import UsageError

# (class, lexicographer file, words with their count in tagged texts, {place of a word: antonym})
SYNSETS = [
    ("a", 0, {"big": 9, "large": 5, "grown_up": 1}, {1: "little"}),
    ("a", 0, {"little": 4}, {1: "big"}),
    ("v", 40, {"buy": 8, "purchase": 3, "emptor": 0}, {1: "sell"}),
    ("v", 40, {"sell": 6}, {1: "buy"}),
    ("v", 30, {"begin": 7, "start": 6}, {}),
    ("v", 30, {"stop": 5, "halt": 2}, {}),
    ("n", 6, {"movie": 6, "film": 5}, {}),
    ("n", 6, {"story": 3, "tale": 2}, {}),
    ("n", 4, {"play": 3, "drama": 2}, {}),
    ("v", 33, {"play": 3, "act": 2}, {}),
    ("r", 2, {"quickly": 5, "rapidly": 3}, {1: "slowly"}),
    ("r", 2, {"slowly": 2}, {1: "quickly"}),
]
FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
EXCEPTIONS = "began begin\nbeginning begin\nbegun begin\nbought buy\nsold sell\nstopped stop\n"
NUMBER = {"n": 1, "v": 2, "a": 3, "r": 4}


def line(synset, offset: int, offsets: list[int]) -> str:
    pos, file, names, opposites = synset
    listed = " ".join(f"{name} 0" for name in names)
    pointers = []
    for source, antonym in opposites.items():
        target = next(i for i, other in enumerate(SYNSETS) if antonym in other[2] and other[0] == pos)
        pointers.append(f"! {offsets[target]:08d} {pos} {source:02x}01")
    frames = " 01 + 08 00" if pos == "v" else ""
    counted = " ".join([f"{len(pointers):03d}", *pointers])
    return f"{offset:08d} {file:02d} {pos} {len(names):02x} {listed} {counted}{frames} | a gloss\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    folder = tmp_path / "corpora" / "wordnet"
    folder.mkdir(parents=True)
    header = "  a header line\n"
    offsets: list[int] = []
    ends = dict.fromkeys(FILES, len(header))
    for synset in SYNSETS:
        offsets.append(ends[synset[0]])
        ends[synset[0]] += len(line(synset, 0, [0] * len(SYNSETS)))
    for pos, name in FILES.items():
        rows = [line(s, offsets[i], offsets) for i, s in enumerate(SYNSETS) if s[0] == pos]
        (folder / f"data.{name}").write_text(header + "".join(rows))
        words = sorted({w: offsets[i] for i, s in enumerate(SYNSETS) if s[0] == pos for w in s[2]}.items())
        index = [f"{word} {pos} 1 0 1 1 {offset:08d}\n" for word, offset in words]
        (folder / f"index.{name}").write_text(header + "".join(index))
        (folder / f"{name}.exc").write_text(EXCEPTIONS * (pos == "v"))
    keys = sorted(
        f"{word}%{NUMBER[pos]}:{file:02d}:00:: 1 {count}\n"
        for pos, file, names, _ in SYNSETS
        for word, count in names.items()
        if count
    )
    (folder / "cntlist.rev").write_text("".join(keys))
    (folder / "index.sense").write_text("")
    (folder / "lexnames").write_text("".join(f"{i:02d}\tfile{i}\t1\n" for i in range(45)))
    yield from _with_path(monkeypatch, [str(tmp_path)])


@pytest.fixture
def absent(monkeypatch):
    yield from _with_path(monkeypatch, [])


def _with_path(monkeypatch: pytest.MonkeyPatch, path: list[str]) -> Iterator[None]:
    def clear() -> None:
        wordnet._found.cache_clear()
        wordnet._reader.cache_clear()

    monkeypatch.setattr(nltk.data, "path", path)
    clear()
    yield
    clear()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("word", "synonyms"),
    [
        ("big", ("large",)),
        ("bigger", ("larger",)),
        ("Biggest", ("largest",)),
        ("movies", ("films",)),
        ("stories", ("tales",)),
        ("began", ("started",)),
        ("beginning", ("starting",)),
        ("begins", ("starts",)),
        ("stopped", ("halted",)),
        ("halting", ("stopping",)),
        ("buys", ("purchases",)),
        ("bought", ("purchased",)),
        ("quickly", ("rapidly",)),
        ("started", ()),
        ("play", ()),
        ("lamp", ()),
    ],
)
def test_synonyms_keep_class_and_inflection(word, synonyms):
    # "started" could only be "began" or "begun": irregular, so it is left; "play" is noun and verb alike.
    assert wordnet_synonyms(word) == synonyms


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("word", "antonyms"),
    [("big", ("little",)), ("quickly", ("slowly",)), ("buying", ("selling",)), ("bought", ()), ("movie", ())],
)
def test_antonyms_keep_the_inflection(word, antonyms):
    assert wordnet_antonyms(word) == antonyms


@pytest.mark.usefixtures("installed")
def test_the_recipes_on_wordnet_use_it():
    item = Example("m1", "Leo saw a big movie.", "Which big tent did it?", ("A lamp.", "A boat."), 0, "p1")
    made = recipe("synonym-swap-wordnet")
    (variant,) = apply(made, made.attack(3), item, severity=3, seed=0)
    assert isinstance(variant, Variant)
    assert variant.example.passage == "Leo saw a large film."
    made = recipe("addsent-wordnet")
    (variant,) = apply(made, made.attack(), item, severity=1, seed=0)
    assert isinstance(variant, Variant)
    assert variant.notes["lexicon"] == "wordnet"
    assert "Which little tent did it? A boat." in variant.example.passage


@pytest.mark.usefixtures("absent")
def test_without_wordnet_the_error_names_it_and_says_how_to_get_it():
    assert not has_wordnet()
    with pytest.raises(UsageError, match=r"'corpora/wordnet'.*nltk\.downloader wordnet.*wordnet-base"):
        wordnet_synonyms("big")
    made = recipe("synonym-swap-wordnet")
    with pytest.raises(UsageError, match="wordnet"):
        list(
            apply(made, made.attack(), Example("m1", "A tent.", "Q?", ("a", "b"), 0, "p"), severity=1, seed=0)
        )


@pytest.mark.usefixtures("absent")
def test_without_wordnet_the_antonyms_come_from_the_list():
    item = Example("m1", "It rained.", "Which old tent?", ("A lamp.", "A boat."), 0, "p1")
    made, plain = recipe("addsent-wordnet"), recipe("addsent")
    (variant,) = apply(made, made.attack(), item, severity=1, seed=0)
    assert isinstance(variant, Variant)
    assert variant.notes["lexicon"] == "words"
    listed = apply(made, replace(plain.attack(), name=made.name), item, severity=1, seed=0)  # type: ignore[type-var]
    assert next(listed).example.passage == variant.example.passage  # type: ignore[union-attr]
