"""WordNet through nltk, where the user has it: antonyms and synonyms with word class and inflection kept."""

from __future__ import annotations

import warnings
from functools import cache, lru_cache
from typing import Any, Literal, TypeAlias

from robustness.errors import UsageError

__all__ = ["WORDNET", "has_wordnet", "wordnet_antonyms", "wordnet_synonyms"]

Form: TypeAlias = Literal["", "s", "ed", "ing", "er", "est"]

WORDNET = "corpora/wordnet"
_GET = (
    "`python -m nltk.downloader wordnet`, or install Debian's packages wordnet-base and wordnet-sense-index "
    "and run `python tools/install_wordnet.py`"
)
_DOMINANT = 0.9
"""A word counts as of one class if this share of its uses in WordNet's tagged texts is of that class."""
_VOWELS = frozenset("aeiou")
_SUFFIXES: dict[str, tuple[Form, ...]] = {
    "n": ("s",),
    "v": ("s", "ed", "ing"),
    "a": ("er", "est"),
    "r": (),
}


def has_wordnet() -> bool:
    """Tell whether nltk finds WordNet."""
    return _found() is not None


def wordnet_antonyms(word: str) -> tuple[str, ...]:
    """Return the antonyms of a verb, adjective or adverb in its inflection, sorted; empty where none.

    Si et al. 2021: the first antonym of each lemma over all synsets.
    Raises `UsageError` where nltk does not find WordNet.
    """
    return _antonyms(word.lower(), _reader())


def wordnet_synonyms(word: str) -> tuple[str, ...]:
    """Return single-word synonyms from the first sense of a word whose class is beyond doubt, inflected
    alike, sorted; empty where there are none.

    Raises `UsageError` where nltk does not find WordNet.
    """
    return _synonyms(word.lower(), _reader())


@cache
def _found() -> str | None:
    import nltk

    for resource in (WORDNET, f"{WORDNET}.zip"):
        try:
            return str(nltk.data.find(resource))
        except LookupError:
            continue
    return None


@cache
def _reader() -> Any:
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    found = _found()
    if found is None:
        raise UsageError(f"wordnet: nltk finds no {WORDNET!r}, but this attack needs it; get it with {_GET}")
    root = nltk.data.find(f"{WORDNET}.zip/wordnet/") if found.endswith(".zip") else found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no multilingual data: English alone is read
        return WordNetCorpusReader(root, None)


@lru_cache(maxsize=1 << 16)
def _antonyms(word: str, reader: Any) -> tuple[str, ...]:
    found = set()
    for pos, lemma, form in _analyses(word, reader):
        if pos == "n":
            continue
        for synset in reader.synsets(lemma, pos):
            opposites = [opposite for name in synset.lemmas() for opposite in name.antonyms()[:1]]
            found |= {_inflected(o.name(), pos, form, reader) for o in opposites}
    return tuple(sorted(found - {"", word}))


@lru_cache(maxsize=1 << 16)
def _synonyms(word: str, reader: Any) -> tuple[str, ...]:
    analyses = _analyses(word, reader)
    uses = {pos: _uses(lemma, pos, reader) for pos, lemma, _ in analyses}
    if not uses or max(uses.values()) < _DOMINANT * sum(uses.values()):
        return ()
    pos, lemma, form = max(analyses, key=lambda analysis: uses[analysis[0]])
    found = set()
    for synset in reader.synsets(lemma, pos)[:1]:
        # A synonym that the tagged texts never use in this sense is mostly archaic or technical.
        found |= {
            _inflected(s.name(), pos, form, reader)
            for s in synset.lemmas()
            if _count(s, reader) and s.name() != lemma
        }
    return tuple(sorted(found - {"", word, lemma}))


def _uses(lemma: str, pos: str, reader: Any) -> int:
    """Return 1 + how often the word is tagged with this class: one stands for a sense never tagged."""
    return 1 + sum(_count(name, reader) for name in reader.lemmas(lemma, pos))


def _count(lemma: Any, reader: Any) -> int:
    return _counts(reader).get(lemma.key(), 0)


@cache
def _counts(reader: Any) -> dict[str, int]:
    """Return sense key -> how often it is tagged, read once: nltk searches the file for each lemma."""
    with reader.open("cntlist.rev") as lines:
        rows = (line.split() for line in lines)
        return {row[0]: int(row[-1]) for row in rows if len(row) > 1}


def _analyses(word: str, reader: Any) -> list[tuple[str, str, Form]]:
    """Return (class, lemma, form) for every class that WordNet has the word in."""
    found: list[tuple[str, str, Form]] = []
    for pos in ("v", "a", "r", "n"):
        lemma = _graded(word, reader) if pos == "a" else ""
        lemma = lemma or reader.morphy(word, pos)
        form = _form(word, lemma, pos) if lemma else None
        # "men" is a word of its own there, and mostly the plural of another.
        twofold = word == lemma and word in _exceptions(pos, reader)
        if lemma and form is not None and not twofold:
            found.append((pos, lemma, form))
    return found


def _graded(word: str, reader: Any) -> str:
    """Return the adjective of a regular comparative or superlative: WordNet has some, such as "bigger",
    as words of their own."""
    for end in ("er", "est"):
        stem = word.removesuffix(end)
        for lemma in (stem, stem[:-1], stem + "e") if stem != word else ():
            if _suffixed(lemma, end) == word and reader.morphy(lemma, "a") == lemma:
                return lemma
    return ""


def _form(word: str, lemma: str, pos: str) -> Form | None:
    """Return the inflection of a word; `None` where it cannot be told."""
    if word == lemma:
        return ""
    ends: tuple[Form, ...] = ("ing", "est", "er", "ed", "s")
    for end in ends:
        if end in _SUFFIXES[pos] and word.endswith(end):
            return end
    # An irregular past is answered by a regular one: that serves as past and as participle.
    return "ed" if pos == "v" else None


def _inflected(name: str, pos: str, form: Form, reader: Any) -> str:
    """Return the synonym in this form; empty where it is several words or its form is irregular."""
    if not name.isalpha() or not name.islower():
        return ""
    if not form:
        return name
    if (name, form) in _irregular(pos, reader):
        return ""
    if form in ("er", "est") and len(name) > 6:
        return ""
    return _suffixed(name, form)


def _suffixed(name: str, form: str) -> str:
    if form == "s":
        if name.endswith(("s", "x", "z", "ch", "sh")):
            return name + "es"
        return name[:-1] + "ies" if _consonant_y(name) else name + "s"
    if _consonant_y(name) and form != "ing":
        return name[:-1] + "i" + form
    if name.endswith("e") and not name.endswith(("ee", "oe", "ye")):
        return name[:-1] + form
    return (name + name[-1] if _doubles(name) else name) + form


def _consonant_y(name: str) -> bool:
    return len(name) > 1 and name.endswith("y") and name[-2] not in _VOWELS


def _doubles(name: str) -> bool:
    """Tell whether the last letter doubles: one short syllable (stop, big), not two (visit)."""
    if len(name) < 3 or name[-1] in "aeiouwxy" or name[-2] not in _VOWELS or name[-3] in _VOWELS:
        return False
    return sum(c in _VOWELS for c in name) == 1


@cache
def _exceptions(pos: str, reader: Any) -> dict[str, tuple[str, ...]]:
    """Return irregular form -> lemmas."""
    file = {"n": "noun.exc", "v": "verb.exc", "a": "adj.exc", "r": "adv.exc"}[pos]
    with reader.open(file) as lines:
        return {word: tuple(lemmas) for word, *lemmas in map(str.split, lines)}


@cache
def _irregular(pos: str, reader: Any) -> frozenset[tuple[str, Form]]:
    """Return (lemma, form) of all words that WordNet lists because the rules of spelling do not make them."""
    rows = _exceptions(pos, reader).items()
    listed = [(lemma, word, _listed_form(word, pos)) for word, lemmas in rows for lemma in lemmas]
    return frozenset((lemma, form) for lemma, word, form in listed if form and _suffixed(lemma, form) != word)


def _listed_form(word: str, pos: str) -> Form:
    """Return which form an irregular word is: by its end, else the only one that has no end of its own."""
    if pos == "n":
        return "s"
    if pos == "a":
        return "est" if word.endswith("st") else "er"
    if pos == "r":
        return ""
    return "ing" if word.endswith("ing") else "s" if word.endswith("s") else "ed"
