#!/usr/bin/env python3
"""GSM8K text loss, ARC-Easy and LAMBADA with transformers, on the items that `rhoscript loss` and evaluate.lua take.

    python evaluate.py MODEL.gguf DATA LIMIT        needs torch, transformers, gguf
"""
import gzip
import itertools
import json
import math
import sys
import time

import torch

import golden


def rows(path, limit):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as file:
        return [json.loads(line) for line in itertools.islice(file, limit)]


class Scorer:
    def __init__(self, path):
        self.model, reader = golden.load(path)
        self.tokenizer = golden.tokenizer(reader)

    def ids(self, text):
        return [0] + self.tokenizer.encode(text).ids

    def losses(self, ids):
        """Loss of each token but the first, and whether it is the most probable one."""
        with torch.no_grad():
            logits = self.model(torch.tensor([ids])).logits[0, :-1].float()
        targets = torch.tensor(ids[1:])
        return (torch.nn.functional.cross_entropy(logits, targets, reduction="none").double(),
                logits.argmax(-1) == targets)

    def continuation(self, context, text):
        before, whole = self.ids(context), self.ids(context + text)
        losses, greedy = self.losses(whole)
        start = min(len(before), len(whole)) - 1
        return -losses[start:].sum().item(), len(whole) - 1 - start, bool(greedy[start:].all())


def main():
    path, data, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(2)
    scorer = Scorer(path)
    started = time.time()
    total, tokens, size = 0.0, 0, 0
    for row in rows(f"{data}/gsm8k/test.jsonl", limit):
        text = row["question"] + "\n" + row["solution"]
        losses, _ = scorer.losses(scorer.ids(text))
        total, tokens, size = total + losses.sum().item(), tokens + len(losses), size + len(text.encode())
    print(json.dumps({"gsm8k": {
        "loss": total / tokens, "tokens": tokens, "bytes": size, "bits_per_byte": total / math.log(2) / size}}))
    right = {"accuracy": 0, "per_token": 0, "per_byte": 0}
    items = rows(f"{data}/eval/arc_easy.jsonl", limit)
    for row in items:
        scores = [(*scorer.continuation(f"Question: {row['question']}\nAnswer:", " " + choice)[:2], len((" " + choice).encode()))
                  for choice in row["choices"]]
        for key, value in (("accuracy", lambda s: s[0]), ("per_token", lambda s: s[0] / s[1]), ("per_byte", lambda s: s[0] / s[2])):
            best = max(range(len(scores)), key=lambda i: value(scores[i]))
            right[key] += best == row["answer"]
    print(json.dumps({"arc_easy": {"n": len(items), **{k: v / len(items) for k, v in right.items()}}}))
    items = rows(f"{data}/lambada/test.jsonl.gz", limit)
    scores = [scorer.continuation(row["question"], " " + row["answer"]) for row in items]
    print(json.dumps({"lambada": {
        "n": len(items), "accuracy": sum(s[2] for s in scores) / len(items),
        "perplexity": math.exp(-sum(s[0] for s in scores) / len(items))}}))
    print(f"{time.time() - started:.0f} s")


main()
