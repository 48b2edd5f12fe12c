from __future__ import annotations

import json


def test_an_item_of_the_user_s_data_is_shown_before_and_after(command, tmp_path, write_jsonl):
    data = write_jsonl(tmp_path, 3)
    said = command("attacks", "swap-letters", "--data", data, "--item", "s001#2", "--severity", "3")
    assert said.code == 0
    assert "item s001#2" in said.out
    assert "severity 3 of 3" in said.out
    assert "[-" in said.out
    assert "{+" in said.out


def test_an_item_is_shown_as_json(command, tmp_path, write_jsonl):
    said = command("attacks", "no-passage", "--data", write_jsonl(tmp_path, 3), "--json")
    told = json.loads(said.out)
    assert told["item"] == "s000#1"
    assert told["variants"][0]["after"]["passage"] == ""


def test_an_item_without_an_attack_or_data_is_refused(command, tmp_path, write_jsonl):
    for words in (["--data", write_jsonl(tmp_path, 3)], ["swap-letters", "--item", "s001#2"]):
        said = command("attacks", *words)
        assert said.code == 2
        assert "NAME and --data together" in said.err


def test_data_of_the_environment_does_not_turn_an_explanation_into_a_preview(command):
    said = command("attacks", "swap-letters", env={"ROBUSTNESS_DATA": "jsonl:gone.jsonl"})
    assert said.code == 0
    assert "claim" not in said.err


def test_an_unknown_item_ends_with_3(command, tmp_path, write_jsonl):
    said = command("attacks", "swap-letters", "--data", write_jsonl(tmp_path, 3), "--item", "s009#9")
    assert said.code == 3
    assert "ids are such as" in said.err


def test_the_list_tells_needs_and_source(command):
    said = command("attacks")
    assert "(needs evidence)" in said.out
    assert "Pruthi et al. 2019" in said.out
    rows = {row["name"]: row for row in json.loads(command("attacks", "--json").out)}
    assert rows["foreign-sentence"]["needs"] == ["other-items"]
    assert rows["swap-letters"]["needs"] == []
