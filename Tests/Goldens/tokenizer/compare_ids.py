"""Ids of at least 10 MB of mixed text against Hugging Face tokenizers, for every kind of tokenizer in this directory.

    python compare_ids.py --rhobench .build/release/rhobench [--megabytes 10] [--gguf FILE] [--text FILE ...]
        [--directory DIR] [--names NAME ...]

The text is code, prose of many scripts, emoji, combining marks, control bytes, white space and random scalars of every
plane, made here from a seed, and what --text names (JSON rows, plain or gzip, or text). Two comparisons:

- valid text: ids equal to Tokenizer.encode(text, add_special_tokens=False) with encode_special_tokens set, for each text;
- bytes that are not UTF-8 (byte-level vocabularies without normaliser and prefix): the ids of each stretch of valid text
  and, for each run of other bytes, what the model makes of it as one piece; and they decode to the same bytes, unless the
  vocabulary lacks some.

--directory names another folder with tokenizers of the same names, as make_tokenizer_goldens.py --text makes them.
With --gguf the tokenizer in that file's metadata is compared with one that is built here from the same metadata.
Exits with 1 where anything differs; the first differences are printed. Written for tokenizers 0.23 and gguf 0.19.
"""

import argparse
import gzip
import json
import random
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

HERE = Path(__file__).parent
NAMES = ["gpt2", "gpt2_prefix", "gpt4", "llama3", "qwen2", "smollm2", "custom_regex", "llama2", "mistral", "bpe_unknown",
         "unigram", "unigram_bytes"]
# Byte-level vocabularies that change no byte: here the ids of broken UTF-8 can be worked out.
BYTE_LEVEL = ["gpt2", "gpt4", "llama3", "smollm2", "gguf"]
# Vocabularies with an added token that takes white space along and one that consists of it.
STRIPPING = ["gpt2_prefix", "custom_regex", "mistral"]
BLOCKS = [(0x20, 0x7f), (0x20, 0x7f), (0x9, 0xe), (0x0, 0x20), (0x7f, 0xa0), (0xa0, 0x250), (0x2b0, 0x370),
          (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xa00), (0xe00, 0xe80), (0x1100, 0x1200),
          (0x1e00, 0x2000), (0x2000, 0x2070), (0x2070, 0x2200), (0x2460, 0x2500), (0x3000, 0x3100), (0x4e00, 0x9fff),
          (0xac00, 0xd7a0), (0xe000, 0xe010), (0xfb00, 0xfb50), (0xfe00, 0xfe10), (0xff00, 0xffef), (0x1d400, 0x1d800),
          (0x1f1e6, 0x1f200), (0x1f300, 0x1f700), (0x20000, 0x20020), (0x100, 0xd800), (0xe000, 0x110000)]
CODE = ["def f(x):\n    return x+1\n", "for (int i = 0; i < n; ++i) {\n\ta[i] += b[i] * 2;\n}\n", "SELECT * FROM t WHERE a>=10;\n",
        "<div class=\"a b\">&nbsp;</div>\n", "if err != nil {\n\t\treturn nil, err\n\t}\n", "x = {'k': [1, 2.5e-3, None]}  # it's\n",
        "\\frac{a}{b} \\leq \\sqrt{2}\n", "let y = match z { Some(v) => v, None => 0x7fFF };\r\n", "    " * 9 + "pass\n", "#" * 80 + "\n"]
PIECES = [" ", "  ", "\n", "\n\n\n", " \n ", "\t", "'s", "'LL", "'ve", "’s", "<tool>", "tool", "▁", "<0x41>", "Ġ", "👩‍👩‍👧‍👦", "🇩🇪",
          "👍🏽", "e\u0301", "ệ", "ﬁ", "½", "12345", "٣٤", "１２", "ſ", "İ", "ß", "\u00a0", "\u3000", "\u200b", "\ufeff", "\ufffd"]
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf5\x80", b"\xc0\xaf", b"\x80", b"\xf0\x9f\x91", b"\xfe\xff", b"\x80" * 9]


def random_text(rng, length):
    text = ""
    while len(text) < length:
        kind = rng.random()
        if kind < 0.35:
            low, high = rng.choice(BLOCKS)
            text += "".join(chr(c) for c in (rng.randrange(low, high) for _ in range(rng.randint(1, 8)))
                            if not 0xd800 <= c < 0xe000)
        elif kind < 0.6:
            text += rng.choice(CODE)
        elif kind < 0.8:
            text += rng.choice(PIECES) * rng.choice([1, 1, 1, 2, 5])
        else:
            text += rng.choice(["the", " hens", " and", " Zahl", " число", "数学", " مرحبا", " दुनिया", "안녕", "สวัส"])
    return text


def broken_bytes(rng, length):
    found = b""
    while len(found) < length:
        found += rng.choice(BROKEN) if rng.random() < 0.3 else random_text(rng, rng.randint(1, 40)).encode()
        if rng.random() < 0.1:
            found += rng.randbytes(rng.randint(1, 12))
    return found


def texts_of(path, budget):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as file:
        found = 0
        for line in file:
            values = json.loads(line).values() if ".json" in path else [line]
            text = "\n".join(v for v in values if isinstance(v, str))
            found += len(text.encode())
            yield text
            if found > budget:
                return


def byte_alphabet():
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + len(table) - len(printable))
    return table


def runs(data):
    """Cuts bytes into stretches of valid UTF-8 and of single invalid bytes."""
    found, at, broken = [], 0, b""
    while at < len(data):
        length = next((n for n in (1, 2, 3, 4) if is_scalar(data[at:at + n])), 0)
        if length == 0:
            broken += data[at:at + 1]
            at += 1
            continue
        if broken:
            found.append((False, broken))
            broken = b""
        if found and found[-1][0]:
            found[-1] = (True, found[-1][1] + data[at:at + length])
        else:
            found.append((True, data[at:at + length]))
        at += length
    return found + ([(False, broken)] if broken else [])


def is_scalar(data):
    try:
        return len(data.decode()) == 1
    except UnicodeDecodeError:
        return False


def from_gguf(path):
    import gguf
    fields = gguf.GGUFReader(path).fields

    def strings(name):
        return [bytes(fields[name].parts[i]).decode() for i in fields[name].data]

    tokens, merges = strings("tokenizer.ggml.tokens"), strings("tokenizer.ggml.merges")
    assert strings("tokenizer.ggml.pre") == ["smollm"] and strings("tokenizer.ggml.model") == ["gpt2"]
    kinds = [int(fields["tokenizer.ggml.token_type"].parts[i][0]) for i in fields["tokenizer.ggml.token_type"].data]
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, [tuple(m.split(" ")) for m in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    # Control tokens are special: text does not give them, as with encode_special_tokens.
    tokenizer.add_special_tokens([t for t, kind in zip(tokens, kinds) if kind == 3])
    return tokenizer


def our_ids(rhobench, tokenizer, texts, exact=False):
    with tempfile.TemporaryDirectory() as directory:
        source, target = Path(directory) / "texts", Path(directory) / "ids"
        with open(source, "wb") as file:
            for text in texts:
                file.write(struct.pack("<I", len(text)) + text)
        subprocess.run([rhobench, "ids", tokenizer, str(source), str(target)] + (["--exact"] if exact else []), check=True)
        data, at, found = target.read_bytes(), 0, []
        while at < len(data):
            count, = struct.unpack_from("<I", data, at)
            found.append(list(struct.unpack_from(f"<{count}i", data, at + 4)))
            at += 4 + 4 * count
        return found


def report(name, what, texts, ours, theirs, skipped=0):
    wrong = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
    size = sum(len(t) for t in texts)
    print(f"{name:14} {what:8} {size / 1e6:6.2f} MB {len(texts):6} texts {sum(map(len, theirs)):9} tokens: "
          f"{len(wrong)} differ" + (f", {skipped} left out" if skipped else ""), flush=True)
    for i in wrong[:3]:
        at = next((k for k, (a, b) in enumerate(zip(ours[i], theirs[i])) if a != b), min(len(ours[i]), len(theirs[i])))
        print(f"    text {i}, token {at}: here {ours[i][max(0, at - 2):at + 6]}, there {theirs[i][max(0, at - 2):at + 6]}")
        print(f"    {texts[i][:200]!r}")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", nargs="*")
    parser.add_argument("--directory", type=Path, default=HERE)
    parser.add_argument("--rhobench", required=True)
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--text", nargs="*", default=[])
    parser.add_argument("--gguf")
    options = parser.parse_args()
    rng = random.Random(20240707)
    made = []
    budget = options.megabytes * 1e6
    while budget > 0:
        made.append(random_text(rng, rng.choice([5, 40, 300, 2000])))
        budget -= len(made[-1].encode())
    for path in options.text:
        made += texts_of(path, 1e6)
    raw = [text.encode() for text in made]
    broken = [broken_bytes(rng, rng.choice([5, 40, 300, 2000])) for _ in range(int(150 * options.megabytes))]
    alphabet = byte_alphabet()
    failed = 0
    for name in (NAMES if options.names is None else options.names) + (["gguf"] if options.gguf else []):
        path = options.gguf if name == "gguf" else str(options.directory / f"{name}.json")
        tokenizer = from_gguf(path) if name == "gguf" else Tokenizer.from_file(path)
        tokenizer.encode_special_tokens = True
        theirs = [e.ids for e in tokenizer.encode_batch_fast(made, add_special_tokens=False)]
        ours = our_ids(options.rhobench, path, raw)
        keep = range(len(made))
        if name in STRIPPING:
            # The package gives white space that an added token takes along a second time where it is itself a token.
            keep = [i for i in keep if not re.search(r"<tool>\s*\n\n\n", made[i])]
        if name.startswith("unigram"):
            # The package reads a special token in a text as a piece of the vocabulary.
            keep = [i for i in keep if not any(s in made[i] for s in ("<s>", "</s>", "<unk>"))]
        failed += report(name, "valid", [raw[i] for i in keep], [ours[i] for i in keep], [theirs[i] for i in keep],
                         len(made) - len(keep))
        if name in BYTE_LEVEL:
            expected = [[i for valid, part in runs(text) for i in (
                tokenizer.encode(part.decode(), add_special_tokens=False).ids if valid else
                [t.id for t in tokenizer.model.tokenize("".join(alphabet[b] for b in part))])] for text in broken]
            # A vocabulary that lacks bytes loses them.
            whole = all(tokenizer.token_to_id(character) is not None for character in alphabet.values())
            failed += report(name, "broken", broken, our_ids(options.rhobench, path, broken, exact=whole), expected)
    sys.exit(1 if failed else 0)


main()
