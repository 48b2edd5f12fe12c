"""A completion server over a tiny causal model, of the standard library alone: `FOLDER [KEY]`.

It prints its port, then serves. The model's name in a request chooses how it misbehaves.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from typing import Any, ClassVar


def completion(network, words, prompt: str, *, first: str) -> dict[str, Any]:
    import torch

    ids = [1, *words(prompt, add_special_tokens=False)["input_ids"]]
    with torch.inference_mode():
        table = torch.log_softmax(network(torch.tensor([ids])).logits[0], dim=-1)
    values = [None, *(float(table[at - 1, ids[at]]) for at in range(1, len(ids)))]
    texts = [words.decode(ids[1 : at + 1]) for at in range(len(ids))]
    starts = [0, *(len(text) for text in texts[:-1])]
    tokens = [first, *(words.decode([token]) for token in ids[1:])]
    best = int(table[-1].argmax())
    return {
        "text": prompt + words.decode([best]),
        "logprobs": {
            "tokens": [*tokens, words.decode([best])],
            "text_offset": [*starts, len(prompt)],
            "token_logprobs": [*values, float(table[-1, best])],
        },
    }


def counted_start(choice: dict[str, Any]) -> None:
    """As servers that count the beginning-of-sequence token into the offsets."""
    offsets = choice["logprobs"]["text_offset"]
    choice["logprobs"]["text_offset"] = [0, *(start + 3 for start in offsets[1:])]


class Handler(BaseHTTPRequestHandler):
    network = words = None
    key = ""
    seen = count(1)
    failed: ClassVar[dict[str, int]] = {}

    def log_message(self, *_):
        pass

    def answer(self, status: int, body: object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        how = asked["model"]
        if self.key and self.headers.get("Authorization") != f"Bearer {self.key}":
            return self.answer(401, {"error": {"message": f"wrong key: {self.headers.get('Authorization')}"}})
        if not self.path.endswith("/v1/completions"):
            return self.answer(404, {"error": "no such path"})
        self.failed[how] = self.failed.get(how, 0) + 1
        if how == "busy" and self.failed[how] < 3:
            return self.answer(503, {"error": "busy"}, Retry_After="7")
        if how == "down":
            return self.answer(500, "<html>")
        if how == "moved":
            return self.answer(307, {}, Location="http://127.0.0.1:9/elsewhere")
        if how == "hangs":
            time.sleep(3)
        if how == "short" and any(len(prompt) > 120 for prompt in asked["prompt"]):
            return self.answer(
                400, {"error": {"message": "This model's maximum context length is 40 tokens"}}
            )
        return self.answer(200, self.completed(asked, how))

    def completed(self, asked, how: str) -> dict[str, object]:
        choices = []
        for at, prompt in enumerate(asked["prompt"]):
            text = prompt[5:] if how == "cuts" else prompt
            choice = completion(self.network, self.words, text, first="<s>" if how == "counts" else "")
            if how == "counts":
                counted_start(choice)
            if how == "silent":
                choice["logprobs"] = None
            if how == "unsteady":
                values = choice["logprobs"]["token_logprobs"]
                choice["logprobs"]["token_logprobs"] = [v and v - next(self.seen) for v in values]
            choices.append({"index": at, **choice})
        return {"choices": choices[::-1], "system_fingerprint": "fp_tiny"}


def main() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    Handler.network = AutoModelForCausalLM.from_pretrained(sys.argv[1]).eval()
    Handler.words = AutoTokenizer.from_pretrained(sys.argv[1])
    Handler.key = sys.argv[2] if len(sys.argv) > 2 else ""
    server = HTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
