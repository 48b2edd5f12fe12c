from __future__ import annotations

import torch

from robustness.demo.stories import stories
from robustness.domain import Example
from robustness.training.scratch import Shape, network, tokenizer

EXAMPLES = stories("train", passages=40)


def test_the_vocabulary_holds_every_word_of_the_stories_whole():
    coder = tokenizer(EXAMPLES, size=1000, max_length=256)
    for example in EXAMPLES[:20]:
        pieces = coder.tokenize(example.passage)
        assert not [piece for piece in pieces if piece.startswith("##") or piece == "[UNK]"]


def test_the_vocabulary_is_cut_at_its_rarest_words_and_words_fall_into_pieces():
    coder = tokenizer(EXAMPLES, size=110, max_length=256)
    assert len(coder) == 110
    assert coder.tokenize("the umbrella")[0] == "the"
    assert coder.decode(coder("umbrella", add_special_tokens=False)["input_ids"]) == "umbrella"
    assert len(coder.tokenize("umbrella")) == 8


def test_the_vocabulary_does_not_depend_on_the_order_of_the_examples():
    first = tokenizer(EXAMPLES, size=200, max_length=256).get_vocab()
    assert tokenizer(EXAMPLES[::-1], size=200, max_length=256).get_vocab() == first


def test_a_pair_gets_the_template_of_bert():
    coder = tokenizer([Example("a", "Tom ran.", "Who?", ("Tom", "Ann"), 0, "a")], size=99, max_length=64)
    coded = coder("Tom ran.", "Who? Tom")
    assert coder.convert_ids_to_tokens(coded["input_ids"]) == [
        "[CLS]", "tom", "ran", ".", "[SEP]", "who", "?", "tom", "[SEP]",
    ]  # fmt: skip
    assert coded["token_type_ids"] == [0, 0, 0, 0, 0, 1, 1, 1, 1]


def test_the_first_two_heads_start_out_looking_at_neighbours():
    made = network(Shape(), vocabulary=300, seed=0).eval()
    made.set_attn_implementation("eager")
    ids = torch.randint(5, 300, (1, 40), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        weights = made.bert(input_ids=ids, output_attentions=True).attentions[0][0]
    for head, nearest in ((0, -1), (1, 1)):
        by_offset = {d: torch.diagonal(weights[head], d).mean().item() for d in range(-6, 7)}
        assert max(by_offset, key=by_offset.__getitem__) == nearest


def test_the_other_heads_start_out_looking_at_the_same_word():
    made = network(Shape(), vocabulary=300, seed=0).eval()
    made.set_attn_implementation("eager")
    ids = torch.randint(5, 300, (1, 40), generator=torch.Generator().manual_seed(0))
    ids[0, 30] = ids[0, 10]
    with torch.inference_mode():
        weights = made.bert(input_ids=ids, output_attentions=True).attentions[0][0]
    for head in (2, 3):
        others = [at for at in range(40) if at not in (10, 30)]
        assert weights[head, 10, 30] > 3 * weights[head, 10, others].mean()


def test_the_same_seed_gives_the_same_weights():
    states = [network(Shape(), vocabulary=50, seed=seed).state_dict() for seed in (1, 1, 2)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(*(state["classifier.weight"] for state in states[1:]))


def test_the_network_is_under_four_megabytes():
    made = network(Shape(), vocabulary=1000, seed=0)
    assert sum(weight.numel() for weight in made.parameters()) * 4 < 4_000_000
