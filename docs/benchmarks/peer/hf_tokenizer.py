"""Byte-level BPE in Hugging Face tokenizers: training and encoding speed on one corpus, as one JSON object.

    RAYON_NUM_THREADS=1 python hf_tokenizer.py corpus.jsonl.gz --vocab 8192 --runs 3

The corpus is a file of JSON rows with a field "text", plain or gzip, or a text file that is cut at blank lines.
`encode` is Tokenizer.encode_batch, `encode_fast` Tokenizer.encode_batch_fast, which leaves the offsets out. Both give
objects whose ids are counted here and not turned into lists.
"""

import argparse
import gzip
import json
import os
import statistics
import time

import tokenizers
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+")

parser = argparse.ArgumentParser()
parser.add_argument("corpus")
parser.add_argument("--vocab", type=int, default=8192)
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--pattern", choices=["gpt2", "gpt4"], default="gpt2")
parser.add_argument("--save")
options = parser.parse_args()

opener = gzip.open if options.corpus.endswith(".gz") else open
with opener(options.corpus, "rt", encoding="utf-8", errors="replace") as file:
    if ".json" in options.corpus:
        documents = [json.loads(line)["text"] for line in file]
    else:
        documents = file.read().split("\n\n")
size = sum(len(document.encode()) for document in documents)


def fresh():
    tokenizer = Tokenizer(models.BPE())
    if options.pattern == "gpt2":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(GPT4), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return tokenizer


def train():
    tokenizer = fresh()
    tokenizer.train_from_iterator(documents, trainers.BpeTrainer(
        vocab_size=options.vocab, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def rates(body):
    """Median, lowest and highest MB/s of a few runs, and what the last run returned."""
    found = []
    for _ in range(options.runs):
        start = time.perf_counter()
        result = body()
        found.append(size / (time.perf_counter() - start) / 1e6)
    return {"mb_per_second": statistics.median(found), "min": min(found), "max": max(found)}, result


trained, tokenizer = rates(train)
encoded, tokens = rates(lambda: sum(len(e) for e in tokenizer.encode_batch(documents)))
fast, same = rates(lambda: sum(len(e) for e in tokenizer.encode_batch_fast(documents)))
assert tokens == same
if options.save:
    tokenizer.save(options.save)
print(json.dumps({
    "bytes": size, "documents": len(documents), "tokens": tokens,
    "threads": os.environ.get("RAYON_NUM_THREADS", "all"),
    "train": trained, "encode": encoded, "encode_fast": fast,
    "versions": {"tokenizers": tokenizers.__version__},
}))
