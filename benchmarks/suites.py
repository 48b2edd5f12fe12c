"""Tokens that a suite of clean + 15 conditions really costs, beside scoring every row of every suite."""

from __future__ import annotations

from dataclasses import replace

from measure import DEMO, arguments, dream, goals, medians, real_data, real_model, tell, timed

EDITS = (
    "addsent2pas-shuffle", "foreign-sentence", "passage-word-shuffle", "sentence-order-shuffle",
    "within-sentence-shuffle", "question-word-shuffle", "no-passage", "no-question",
)  # fmt: skip
OPTIONS = (
    "addsent2opt-shuffle", "addsent2opt", "sent2opt-shuffle", "addans2opt-shuffle", "addans2opt",
    "ans2opt-shuffle",
)  # fmt: skip
PERMUTED = "options in another order"


def conditions(items) -> dict[str, list]:
    """Return the examples of each suite by name: clean, the recipes, and the options turned round."""
    from robustness.suites.build import build
    from robustness.suites.plan import Plan

    checks = [{"attack": name} for name in (*EDITS, *OPTIONS)]
    plan = Plan.model_validate({"name": "bench", "description": "clean + 14 recipes", "check": checks})
    suites: dict[str, list] = {"clean": list(items)}
    for variant in build(items, plan).variants:
        suites.setdefault(variant.attack, []).append(variant.example)
    suites[PERMUTED] = [replace(e, id=f"{e.id}~turned.1", options=e.options[::-1]) for e in items]
    return suites


def tokens(rows) -> int:
    return sum(len(row.ids) for row in rows)


def shared(model, suites, names) -> tuple[int, int]:
    """Return tokens of all rows, and of the distinct ones, of some suites."""
    rows = [row for name in names for item in model.encode(suites[name]) for row in item.rows]
    return tokens(rows), tokens(dict.fromkeys(rows))


def counted(model, examples) -> dict[str, int]:
    """Score, and return what that added to the counters."""
    before = dict(model.counts)
    for at in range(0, len(examples), 256):
        model.score(examples[at : at + 256])
    return {name: model.counts[name] - before.get(name, 0) for name in ("forward_calls", "rows_forwarded")}


def repeated(folder, suites, load, options) -> dict[str, object]:
    """Cold, permuted, warm in a new model, and one attack edited; counters of real scoring."""
    model, warm = load(str(folder), options=options), load(str(folder), options=options)
    every = [example for examples in suites.values() for example in examples]
    cold = counted(model, [e for name in suites if name != PERMUTED for e in suites[name]])
    permuted = counted(model, suites[PERMUTED])
    warm.ledger = model.ledger
    again = counted(warm, every)
    edited = [
        replace(e, options=(f"{e.options[0]} again", *e.options[1:])) for e in suites["foreign-sentence"]
    ]
    changed = {
        new
        for old, item in zip(model.encode(suites["foreign-sentence"]), warm.encode(edited), strict=True)
        for was, new in zip(old.rows, item.rows, strict=True)
        if was != new
    }
    seconds = medians(timed({"warm": lambda: counted(warm, every)}, repeats=3))
    edit = counted(warm, edited)
    return {
        "cold": cold, "permuted": permuted, "warm": again, "edited": edit,
        "rows_changed_by_the_edit": len(changed), "warm_cpu_seconds": seconds["warm"],
    }  # fmt: skip


def main() -> None:
    asked = arguments(questions=150)
    from robustness.models.huggingface import load
    from robustness.models.options import ModelOptions
    from robustness.readers.load import load as read

    options = ModelOptions(device="cpu", threads=1)
    folder, data = real_model(asked.shared), real_data(asked.shared)
    stories = read("stories:test?passages=6").examples
    items = dream(data, questions=asked.questions) if folder and data else stories
    suites = conditions(items)
    model = load(str(folder if folder and data else DEMO), options=options)
    naive, distinct = shared(model, suites, suites)
    own = ("clean", *OPTIONS, PERMUTED)
    own_naive, own_distinct = shared(model, suites, own)
    found = repeated(DEMO, conditions(stories), load, options)
    tell(
        "suites",
        data=f"DREAM test, {len(items)} questions" if folder and data else f"stories, {len(items)} questions",
        suites=len(suites), tokens_naive=naive, tokens=distinct, saved=naive / distinct,
        option_suites_saved=own_naive / own_distinct, demo_model_on_stories=found,
        **goals(
            all_1_25=naive / distinct >= 1.25,
            options_1_5=own_naive / own_distinct >= 1.5,
            permutation_0_rows=found["permuted"]["rows_forwarded"] == 0,
            warm_0_calls=found["warm"]["forward_calls"] == 0,
            edit_own_rows=found["edited"]["rows_forwarded"] == found["rows_changed_by_the_edit"],
        ),
    )  # fmt: skip


if __name__ == "__main__":
    main()
