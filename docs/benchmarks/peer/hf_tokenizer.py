"""Byte-level BPE in Hugging Face tokenizers: training and encoding speed on one text file, as one JSON object.

    RAYON_NUM_THREADS=1 python hf_tokenizer.py corpus.txt --vocab 8192 --save tokenizer.json

The file is cut into documents at blank lines.
"""

import argparse
import json
import os
import time

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

parser = argparse.ArgumentParser()
parser.add_argument("text")
parser.add_argument("--vocab", type=int, default=8192)
parser.add_argument("--save")
options = parser.parse_args()

with open(options.text, encoding="utf-8", errors="replace") as file:
    documents = file.read().split("\n\n")
size = sum(len(d.encode()) for d in documents)

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
trainer = trainers.BpeTrainer(
    vocab_size=options.vocab, special_tokens=["<|endoftext|>"], show_progress=False,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
)
start = time.perf_counter()
tokenizer.train_from_iterator(documents, trainer)
trained = time.perf_counter()
tokens = sum(len(e.ids) for e in tokenizer.encode_batch(documents))
encoded = time.perf_counter()
if options.save:
    tokenizer.save(options.save)
print(json.dumps({
    "bytes": size,
    "tokens": tokens,
    "threads": os.environ.get("RAYON_NUM_THREADS", "all"),
    "train_mb_per_second": size / (trained - start) / 1e6,
    "encode_mb_per_second": size / (encoded - trained) / 1e6,
    "versions": {"tokenizers": tokenizers.__version__},
}))
