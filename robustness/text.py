"""Words, sentences and sameness of texts, in English and Chinese; taken apart and joined without loss."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

__all__ = [
    "Words",
    "content_words",
    "fold",
    "is_cjk",
    "join",
    "movable",
    "refers_to_options",
    "sentences",
    "words",
]

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CJK_CHARACTER = re.compile(f"[{_CJK}]")
_OTHER_WORD = re.compile(rf"[^\W\d_{_CJK}]+")
# Characters that Chinese sets without spaces around them: ideographs and full-width punctuation.
_WIDE = re.compile(f"[{_CJK}\u3000-\u303f\uff00-\uffef\u2018-\u201f\u2026\u2014·]")

_ABBREVIATIONS = (
    "Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|Mt|Gen|Col|Sgt|Capt|Lt|Rev|Hon|Inc|Ltd|Co|Corp|approx|dept|est"
)


def _tokens(letter: str) -> re.Pattern[str]:
    """Return the pattern of (white space, word); `letter` is the class of characters that make a word."""
    return re.compile(
        rf"""
        (\s*)(
          [{_CJK}]                                  # one ideograph
        | (?:[A-Za-z]\.){{2,}}                        # U.S., a.m.
        | \b(?:{_ABBREVIATIONS})\.(?!\w)
        | \d+(?:[.,]\d+)*(?![^\W_])                  # 26.5 and 1,000 whole; 9:00 in three
        | (?={letter}++['’]){letter}+?(?=(?i:n['’]t)(?!\w))         # do|n't, DO|N'T
        | (?i:n['’]t)(?!\w)
        | ['’](?i:s|m|d|ll|re|ve)(?!\w)
        | {letter}+(?:-{letter}+)*
        | _+ | \.{{2,}} | …+ | -{{2,}} | —+
        | \S
        )
        """,
        re.VERBOSE,
    )


_TOKEN = _tokens(rf"[^\W_{_CJK}]")
# The same words in a third of the time, for texts of ASCII alone.
_ASCII_TOKEN = _tokens("[A-Za-z0-9]")
_CLITIC = re.compile(r"(?:n['’]t|['’](?:s|m|d|ll|re|ve))\Z", re.IGNORECASE)
_CLOSERS = frozenset(".,;:!?%)]}”’»…") | {"..", "..."}
_OPENERS = frozenset("([{“‘«$£€#")


@dataclass(frozen=True, slots=True)
class Words:
    """A text taken apart: `gaps[0] + words[0] + gaps[1] + ... + words[-1] + gaps[-1]` is the text."""

    words: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text as it was."""
        return self.gaps[0] + "".join(map(str.__add__, self.words, self.gaps[1:]))


@lru_cache(maxsize=2048)
def words(text: str) -> Words:
    """Return the words of a text with the white space between them.

    English: punctuation detached, clitics split (`do|n't`, `it|'s`), as in the printed examples of
    Si et al. 2019 (figure 2). Chinese: one word per character, Latin runs kept whole.

    >>> words("He didn't go at 9:00.").words
    ('He', 'did', "n't", 'go', 'at', '9', ':', '00', '.')
    >>> words("我有iPhone。").words
    ('我', '有', 'iPhone', '。')
    """
    tail = text[len(text.rstrip()) :]
    if text.isascii():
        pairs = _ASCII_TOKEN.findall(text)
        gaps, tokens = zip(*pairs, strict=True) if pairs else ((), ())
        return Words(tokens, (*gaps, tail))
    found, before = list[str](), list[str]()
    for gap, token in _TOKEN.findall(text):
        if found and not gap and _combines(found[-1], token):
            found[-1] += token
        else:
            before.append(gap)
            found.append(token)
    return Words(tuple(found), (*before, tail))


def _combines(before: str, token: str) -> bool:
    """Tell whether a token goes on with the word before it: a combining mark belongs to its letter,
    and the letters behind the mark to the same word (decomposed accents, Indic vowel signs)."""
    if unicodedata.category(token[0]).startswith("M"):
        return True
    after_mark = unicodedata.category(before[-1]).startswith("M") and before[0].isalnum()
    return after_mark and token[0].isalnum() and not _CJK_CHARACTER.match(token)


def movable(taken: Words) -> tuple[tuple[int, int], ...]:
    """Return the index ranges `(start, end)` of the units that a shuffle can move without leaving
    detached punctuation behind: each word with the clitics that hang on it.

    >>> taken = words("He didn't go.")
    >>> [taken.words[a:b] for a, b in movable(taken)]
    [('He',), ('did', "n't"), ('go',)]
    """
    units: list[tuple[int, int]] = []
    for i, token in enumerate(taken.words):
        if units and units[-1][1] == i and not taken.gaps[i] and _CLITIC.match(token):
            units[-1] = (units[-1][0], i + 1)
        elif any(character.isalnum() for character in token):
            units.append((i, i + 1))
    return tuple(units)


def join(tokens: Sequence[str], *, spacing: str = "spaced") -> str:
    """Return words as one text.

    `spaced` sets single spaces between all words (the published form: it leaves detached
    punctuation behind, which gives changed options away, see the sentinels). `natural` attaches
    punctuation and clitics again. Neither sets a space between two Chinese characters.

    >>> join(["go", "did", "n't", "he", "?"])
    "go did n't he ?"
    >>> join(["go", "did", "n't", "he", "?"], spacing="natural")
    "go didn't he?"
    """
    if not tokens:
        return ""
    attach = _attach_naturally if spacing == "natural" else _both_wide
    parts = [tokens[0]]
    for left, right in pairwise(tokens):
        parts.append(right if attach(left, right) else " " + right)
    return "".join(parts)


def _both_wide(left: str, right: str) -> bool:
    if not (_WIDE.match(left[-1]) and _WIDE.match(right[0])):
        return False
    # Two ideographs are two words by themselves; full-width letters, dashes and the like may fuse.
    both = _CJK_CHARACTER.fullmatch(left) and _CJK_CHARACTER.fullmatch(right)
    return bool(both) or words(left + right).words == (left, right)


@lru_cache(maxsize=1 << 16)
def _attach_naturally(left: str, right: str) -> bool:
    if _both_wide(left, right):
        return True
    wanted = right in _CLOSERS or left in _OPENERS or _CLITIC.match(right) is not None
    # Never glue two words into another one: "." behind "U" next to "S" must stay three words.
    return wanted and words(left + right).words == (left, right)


def is_cjk(text: str) -> bool:
    """Tell whether a text is Chinese: more ideographs than words of other scripts.

    >>> is_cjk("他说OK。"), is_cjk("He said 好.")
    (True, False)
    """
    return not text.isascii() and len(_CJK_CHARACTER.findall(text)) > len(_OTHER_WORD.findall(text))


_STOP = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s|\Z)|[。！？]+[”’」』）\"]*|\n+")
_NO_STOP = re.compile(rf"(?:\b(?:{_ABBREVIATIONS})|\b[A-Z]|(?:\b[A-Za-z]\.)+[A-Za-z])\.\Z")
# A colon between digits is a time of day, not the end of a speaker's name.
_SPEAKER = re.compile(r"\s*[^\W\d_][\w .'’-]{0,30}\s?(?:[:：](?!\d)|(?<!\d)[:：])")
_TERMINATED = re.compile(r"[.!?。！？…][\"'”’)\]」』）]*\s*\Z")


@lru_cache(maxsize=2048)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    r"""Return the character spans `(start, end)` of the sentences, without outer white space.

    A line feed ends a sentence where the line ends in a stop, a blank line follows or the next line
    opens with a speaker (`M: ...`), so a dialogue turn never shares a sentence with another and
    keeps its speaker on its first sentence. Full-width stops end sentences without a space.

    >>> text = "M: Is Dr. Lee in?\nW: No. He left."
    >>> [text[a:b] for a, b in sentences(text)]
    ['M: Is Dr. Lee in?', 'W: No.', 'He left.']
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for end in (*_stops(text), len(text)):
        stripped = text[start:end].strip()
        if stripped:
            first = text.index(stripped, start)
            spans.append((first, first + len(stripped)))
        start = end
    return tuple(spans)


def _stops(text: str) -> Iterator[int]:
    for match in _STOP.finditer(text):
        if match.group().startswith("\n"):
            if _line_ends(text, match):
                yield match.end()
        elif not _inside_sentence(text, match):
            yield match.end()


def _line_ends(text: str, match: re.Match[str]) -> bool:
    before, after = text[max(0, match.start() - 8) : match.start()], text[match.end() :][:40]
    return len(match.group()) > 1 or bool(_TERMINATED.search(before) or _SPEAKER.match(after))


def _inside_sentence(text: str, match: re.Match[str]) -> bool:
    after = text[match.end() :][:8].lstrip(" ")
    if after[:1].islower():
        return True
    before = text[max(0, match.start() - 12) : match.end()]
    return match.group() == "." and after != "" and _NO_STOP.search(before) is not None


# Function words alone: small on purpose, so that keyword matchers keep what carries a topic.
_STOP_WORDS = frozenset(
    "a an the and or but of to in on at for with from by as is are was were be been am do does did "
    "has have had not n't 's 'm 'd 'll 're 've it its he she they we i you his her their our my your "
    "him them us me this that these those there what which who whom when where why how will would can "
    "could should may might must if so than then".split()
)


def content_words(text: str) -> tuple[str, ...]:
    """Return the lower-cased words that are neither punctuation nor function words, in order.

    >>> content_words("The boys didn't buy it at 9:00.")
    ('boys', 'buy', '9', '00')
    """
    lowered = (word.lower().replace("’", "'") for word in words(text).words)
    return tuple(w for w in lowered if w not in _STOP_WORDS and any(c.isalnum() for c in w))


def fold(text: str) -> str:
    """Return the text with case, white space and punctuation dropped: equal means the same option.

    Kept, because they carry meaning: signs between digits, currency and other symbols, `%` and a
    minus before a number.

    >>> fold("Both, of course!") == fold("both of course")
    True
    >>> fold("$ 26.5.") == fold("$ 2.65.")
    False
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c for i, c in enumerate(plain) if c.isalnum() or _carries_meaning(plain, i))
    return kept or plain.strip()


def _carries_meaning(text: str, i: int) -> bool:
    category = unicodedata.category(text[i])
    if category.startswith(("S", "M")) or text[i] == "%":
        return True
    after_digit = text[i + 1 : i + 2].isdigit()
    if not category.startswith("P") or not after_digit:
        return False
    before = text[i - 1 : i] if i else ""
    return before.isdigit() or (text[i] == "-" and not before.isalnum())


_REFERS = re.compile(
    r"""
      \b(?:all|any|both|either|neither|none)\s+(?:two\s+)?of\s+(?:the\s+)?(?:above|options|choices)\b
    | \A\W*(?:all|none)\s+(?:the\s+)?above\W*\Z
    | \b(?:the\s+)?above\s+(?:choices|options|answers)\b
    | \A\s*(?:none|all|any|both|neither)\s+of\s+these\s*\.?\s*\Z
    | \A\W*(?:both|either|neither|only)?\s*\(?(?-i:[A-F])\)?(?:\s*,\s*\(?(?-i:[A-F])\)?)*
      \s*(?:,|,?\s*and|or|nor|&)\s*\(?(?-i:[A-F])\W*
      (?:\b(?:is|are)\s+(?:both\s+|all\s+)?(?:correct|right|true|incorrect|wrong|false)\W*)?\Z
    | \A以上(?:[都均皆全各]|的|所|选项|答案|[几两三四]) | 上述(?:[都均皆全]|选项)
    | \A\W*[A-F]\s*[、和与及或跟]\s*[A-F](?:[、和与及]\s*[A-F])*(?:都\w{0,3})?\W*\Z
    | \A\W*(?:[A-F]{2,4})?都不?(?:对|是|正确)\W*\Z
    """,
    re.VERBOSE | re.IGNORECASE,
)


def refers_to_options(option: str) -> bool:
    """Tell whether an option's meaning depends on the other options or on their order.

    >>> refers_to_options("Both A and B."), refers_to_options("以上都是")
    (True, True)
    >>> refers_to_options("Both Ann and Bob.")
    False
    """
    return _REFERS.search(option) is not None
