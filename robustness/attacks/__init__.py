"""Generators by family, and the recipes that configure them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["GENERATORS"]

GENERATORS: Mapping[str, str] = MappingProxyType(
    {
        "word-order": "robustness.attacks.order:WordOrder",
        "sentence-order": "robustness.attacks.order:SentenceOrder",
        "add-sent-to-passage": "robustness.attacks.unreadable:AddSentToPassage",
        "change-distractors": "robustness.attacks.unreadable:ChangeDistractors",
        "foreign-sentence": "robustness.attacks.insertion:ForeignSentence",
        "fields-removed": "robustness.attacks.unanswerable:FieldsRemoved",
        "gold-removed": "robustness.attacks.unanswerable:GoldRemoved",
        "none-of-the-above": "robustness.attacks.unanswerable:NoneOfTheAbove",
        "foreign-passage": "robustness.attacks.unanswerable:ForeignPassage",
        "evidence-deleted": "robustness.attacks.unanswerable:EvidenceDeleted",
        "add-sent": "robustness.attacks.addsent:AddSent",
        "character-noise": "robustness.attacks.noise:CharacterNoise",
        "char-swap": "robustness.attacks.charswap:CharSwap",
        "surface-noise": "robustness.attacks.surface:SurfaceNoise",
        "synonym-swap": "robustness.attacks.synonyms:SynonymSwap",
        "rename-names": "robustness.attacks.entities:RenameNames",
        "rename-from-data": "robustness.attacks.entities:RenameFromData",
        "numbers-shifted": "robustness.attacks.numbers:NumbersShifted",
        "number-form": "robustness.attacks.numbers:NumberForm",
        "contractions": "robustness.attacks.contractions:Contractions",
        "pronouns-resolved": "robustness.attacks.pronouns:PronounsResolved",
        "mask-words": "robustness.attacks.sugawara:MaskWords",
        "numerals-changed": "robustness.attacks.sugawara:NumeralsChanged",
        "option-order": "robustness.attacks.permutation:OptionOrder",
        "replace-distractors": "robustness.attacks.distractors:ReplaceDistractors",
        "add-distractor": "robustness.attacks.distractors:AddDistractor",
        "remove-distractor": "robustness.attacks.distractors:RemoveDistractor",
        "exchange-answers": "robustness.attacks.contrast:ExchangeAnswers",
        "exchange-numbers": "robustness.attacks.contrast:ExchangeNumbers",
        "negate-question": "robustness.attacks.negation:NegateQuestion",
        "words-replaced": "robustness.attacks.foreign_words:WordsReplaced",
        "words-planted": "robustness.attacks.foreign_words:WordsPlanted",
        "marked-span": "robustness.attacks.starc:MarkedSpan",
        "composition": "robustness.attacks.composition:Composition",
    }
)
"""Generator name -> where it is defined. Resolved lazily; importing registers nothing."""
