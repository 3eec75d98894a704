"""Makes the tokenizer goldens with Hugging Face's Python package `tokenizers` (0.23.3 made the ones here).

    python make_tokenizer_goldens.py [directory] [--vocabulary N --text FILE ...]

With --text the vocabularies, of N tokens, are trained on the first megabytes of those files (JSON rows, plain or gzip, or
text) instead: tokenizers of a real size for compare_ids.py, not for the tests. Writes, next to this file or into the directory:
  samples.json     the texts that are encoded
  corpus.txt       the text that the vocabularies are trained on, documents separated by lines with a single %
  NAME.json        a tokenizer.json as the package writes it
  NAME.ids.json    its ids of every sample: `plain` with special tokens read as text, `parsed` with them as tokens and
                   null where that changes nothing, `around` with the post-processor's tokens, and `decoded`, the
                   text of `plain`, null where it is the sample
  normal_forms.json  SHA-256 of each normal form of every scalar, alone and between letters and marks
The texts are fixed and the random ones seeded, so a second run gives the same files, but for the unigram ones: their
training in the package depends on the order of its threads.
"""

import argparse
import gzip
import hashlib
import json
import random
from pathlib import Path

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

parser = argparse.ArgumentParser()
parser.add_argument("directory", nargs="?", default=Path(__file__).parent)
parser.add_argument("--vocabulary", type=int)
parser.add_argument("--text", nargs="*", default=[])
OPTIONS = parser.parse_args()
HERE = Path(OPTIONS.directory)
GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+")
QWEN2 = GPT4.replace("{1,3}", "")

PROSE = """The farm has 35 hens and 12 pigs, so it totals 47 animals. They're kept by Anna's uncle, who'd rather have 3.5
goats; I'LL ask whether we've enough hay. What's the sum of 1/2, 2/3 and 12,345,678?
Let x be a whole number with 2x + 3 = 17. Then x = 7, because 2 * 7 + 3 = 17.

    def total(animals: list[int]) -> int:
        \"\"\"Adds them up.\"\"\"
        result = 0
        for index, count in enumerate(animals):
            if count < 0:  # never
                raise ValueError(f"bad count {count!r}")
            result += count
        return result

Les élèves français mangent une crêpe à Noël; naïve Ångström straße ŒUVRE ﬁn.
Привет, мир! Сколько будет 2 + 2? Ответ: 4.
数学の問題です。次の計算をしなさい：１２＋３４＝？ 答えは四十六。日本語のテキスト、カタカナ、ｶﾀｶﾅ。
请计算三加五等于几？答案是八。中文分词测试，（括号）“引号”。
안녕하세요. 삼 더하기 오는 팔입니다. 한국어 문장입니다.
مرحبا بالعالم، ٣ + ٥ = ٨. السَّلامُ عَلَيْكُم
नमस्ते दुनिया, १२३ + ४५६। สวัสดีชาวโลก ๑๒๓
Emoji: 👩‍👩‍👧‍👦 🇩🇪 👍🏽 ☕️ ♥ ⅷ ½ x² H₂O
"""

SAMPLES = [
    "", " ", "  ", "\n", "a", "Hello", " Hello", "Hello world", "  Hello   world  ", "\n\n\n", "a\n", "a \n b\r\n\r\nc\t\td",
    "don't DON'T we'll WE'LL I'd he's 's 'S ' s 've'VE'Re 'x'lL'", "it'ſ a long s", "x'y''z'''s", "'", "''", "'ll",
    "1", "12", "123", "1234", "1234567890", " 42 + 7=49", "3.14159e-10", "１２３ ٣٤٥ ⅷ½²³", "a1b2c3", "v2.0.1-rc3",
    "foo_bar(baz[0], **kw) != {}; // c++ &amp; <tag attr=\"1\">\n\treturn -1;\n}", "x=1;;;\n\n\n  y", "...\n...", "!!!\r\n\r\n!!!",
    "\u00a0nbsp\u00a0 \u3000ideographic\u3000\u2003em", "tab\there\x0bvt\x0cff\x1c\x1d\x1e\x1f", "\x00\x01\x02\x7f\x80\x85\x9f",
    "zero\u200bwidth\u200djoin\u2060er \ufeffbom", "e\u0301 \u00e9 \u212b \u00c5 A\u030a q\u0307\u0323 q\u0323\u0307",
    "\uac00\u1100\u1161\u11a8 \u1112\u1161\u11ab", "ﬁ ﬀ ½ ① ㎏ ｶﾞ Ⅷ ™ \u1e9b\u0323", "\u0301leading mark", "İ I ı ß ẞ Σ ς ǅ",
    "👩‍👩‍👧‍👦👍🏽🇩🇪🇫🇷", "\U0001f600\U0001f601 \U00020000\U0002a6df \ue000\uf8ff \U000f0000", "\u0378\u0530 unassigned \U000e0100",
    "日本語テキスト、カタカナ。ｶﾀｶﾅ１２", "中文（括号）“引号”……——", "안녕하세요 세계", "السَّلامُ عَلَيْكُم، ٣+٥=٨", "नमस्ते दुनिया १२३", "สวัสดีชาวโลก",
    "<|endoftext|>", "a<|endoftext|>b <|endoftext|> c", "<s>text</s> <unk> <|end", "[INST] hi [/INST]<tool>x</tool>",
    "  <tool>  spaced", "mytool tool tool1 (tool) Tool", "▁already▁ ▁▁marked", "<0x41><0x0A>", "Ġword Ċ Ã©",
    "a" * 300, " " * 70 + "x", "ab" * 60, "\n" * 40, "=" * 100, "é" * 90, "hello" + " " * 5 + "\n" + " " * 5 + "world",
]


def random_samples():
    rng = random.Random(20240229)
    blocks = [(0x20, 0x7f), (0x20, 0x7f), (0x9, 0xe), (0xa0, 0x250), (0x2b0, 0x370), (0x370, 0x530), (0x590, 0x700),
              (0x900, 0xa00), (0xe00, 0xe80), (0x1100, 0x1200), (0x1e00, 0x2000), (0x2000, 0x2070), (0x2070, 0x2200),
              (0x2460, 0x2500), (0x3000, 0x3100), (0x4e00, 0x4f00), (0xac00, 0xad00), (0xfb00, 0xfb50), (0xff00, 0xffef),
              (0x1d400, 0x1d800), (0x1f300, 0x1f700), (0x20000, 0x20020)]
    for _ in range(60):
        text = ""
        while len(text) < 48:
            low, high = rng.choice(blocks)
            for _ in range(rng.randint(1, 6)):
                text += chr(rng.randrange(low, high))
            if rng.random() < 0.3:
                text += rng.choice([" ", "  ", "\n", " \n ", "'s", "'LL", "<tool>", "\t"])
        yield text


def given_text(megabytes=3):
    for path in OPTIONS.text:
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
            text = file.read(int(megabytes * 1e6)).split("\n")[:-1]
        for line in text:
            values = json.loads(line).values() if ".json" in path else [line]
            yield "\n".join(value for value in values if isinstance(value, str))


def corpus():
    if OPTIONS.text:
        return [PROSE, *given_text()]
    rng = random.Random(7)
    documents = [part for part in PROSE.split("\n\n")] + [PROSE]
    words = PROSE.split()
    for _ in range(60):
        documents.append(" ".join(rng.choice(words) for _ in range(40)) + rng.choice(["\n", ".", "\r\n", "!!!\n\n", ""]))
    documents += ["aaaa" * 9, "abababab" * 5, "aabcaabc bcabc abcabc abc aab", "  " * 20, "no-op no-op"]
    return documents


def byte_level(prefix=False, regex=True):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)


def trained(model, trainer, normalizer=None, pre=None, decoder=None):
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre:
        tokenizer.pre_tokenizer = pre
    if decoder:
        tokenizer.decoder = decoder
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def bpe_trainer(specials=("<|endoftext|>",), size=480, alphabet=True):
    return trainers.BpeTrainer(
        vocab_size=OPTIONS.vocabulary or size, special_tokens=list(specials), show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet else [])


def with_added(tokenizer):
    tokenizer.add_tokens([
        AddedToken("<tool>", special=False, normalized=False, lstrip=True, rstrip=True),
        AddedToken("tool", special=False, normalized=True, single_word=True),
        AddedToken("\n\n\n", special=False, normalized=False),
    ])
    return tokenizer


def gpt2():
    return trained(models.BPE(), bpe_trainer(), pre=byte_level(), decoder=decoders.ByteLevel())


def gpt2_prefix():
    return with_added(trained(models.BPE(), bpe_trainer(), pre=byte_level(prefix=True), decoder=decoders.ByteLevel()))


def gpt4():
    split = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(GPT4), "isolated"), byte_level(regex=False)])
    return trained(models.BPE(), bpe_trainer(), pre=split, decoder=decoders.ByteLevel())


def llama3():
    split = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(GPT4), "isolated"), byte_level(regex=False)])
    tokenizer = trained(models.BPE(ignore_merges=True), bpe_trainer(specials=[]), pre=split, decoder=decoders.ByteLevel())
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>", "<|endoftext|>"])
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|> $B",
            special_tokens=[("<|begin_of_text|>", begin)])])
    return tokenizer


def qwen2():
    split = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN2), "isolated"), byte_level(regex=False)])
    tokenizer = trained(models.BPE(), bpe_trainer(specials=[]), normalizer=normalizers.NFC(), pre=split,
                        decoder=decoders.ByteLevel())
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    return tokenizer


def smollm2():
    split = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()])
    return trained(models.BPE(), bpe_trainer(), pre=split, decoder=decoders.ByteLevel())


def custom_regex():
    pattern = r"[^\s\p{L}\p{N}]|\p{Lu}?[\p{Ll}\p{M}]+|\p{N}{1,2}|\s+$|\s"
    split = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.Split("an", "merged_with_previous"),
        byte_level(regex=False)])
    return with_added(trained(models.BPE(), bpe_trainer(), normalizer=normalizers.NFD(), pre=split,
                              decoder=decoders.ByteLevel()))


def with_byte_tokens(tokenizer, **model):
    """Puts the 256 byte tokens after the special tokens, as SentencePiece vocabularies have them."""
    document = json.loads(tokenizer.to_str())
    vocabulary = sorted(document["model"]["vocab"].items(), key=lambda pair: pair[1])
    tokens = [token for token, _ in vocabulary]
    tokens = tokens[:3] + [f"<0x{byte:02X}>" for byte in range(256)] + tokens[3:]
    document["model"]["vocab"] = {token: index for index, token in enumerate(tokens)}
    document["model"].update(byte_fallback=True, fuse_unk=True, unk_token="<unk>", **model)
    return Tokenizer.from_str(json.dumps(document))


def spaced_decoder(*more):
    return decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *more])


def llama2():
    normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    # Trained with words apart, used without a pre-tokenizer, like the original.
    tokenizer = trained(models.BPE(), bpe_trainer(["<unk>", "<s>", "</s>"], 700, alphabet=False),
                        pre=pre_tokenizers.Metaspace())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([])
    document = json.loads(tokenizer.to_str())
    document["pre_tokenizer"] = None
    tokenizer = with_byte_tokens(Tokenizer.from_str(json.dumps(document)))
    tokenizer.normalizer = normalizer
    tokenizer.decoder = spaced_decoder(decoders.Strip(" ", 1, 0))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def mistral():
    tokenizer = trained(models.BPE(), bpe_trainer(["<unk>", "<s>", "</s>"], 700, alphabet=False),
                        pre=pre_tokenizers.Metaspace())
    tokenizer = with_byte_tokens(tokenizer)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = spaced_decoder(decoders.Strip(" ", 1, 0))
    tokenizer.add_special_tokens(["[INST]", "[/INST]"])
    return with_added(tokenizer)


def bpe_unknown():
    trainer = bpe_trainer(["[UNK]"], 300, alphabet=False)
    normalizer = normalizers.Sequence([
        normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip(),
        normalizers.Replace(Regex(r"\d+"), "#")])
    pre = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    return trained(models.BPE(unk_token="[UNK]"), trainer, normalizer, pre)


def unigram():
    trainer = trainers.UnigramTrainer(vocab_size=OPTIONS.vocabulary or 420, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>",
                                      show_progress=False)
    tokenizer = trained(models.Unigram(), trainer, normalizers.NFKC(), pre_tokenizers.Metaspace(), decoders.Metaspace())
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>",
                                                             special_tokens=[("</s>", 2)])
    return tokenizer


def unigram_bytes():
    document = json.loads(unigram().to_str())
    vocabulary = document["model"]["vocab"]
    low = min(score for _, score in vocabulary) - 1
    vocabulary[3:3] = [[f"<0x{byte:02X}>", low] for byte in range(256)]
    document["model"]["byte_fallback"] = True
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    tokenizer.decoder = spaced_decoder()
    return tokenizer


def ids(tokenizer, samples):
    result = {}
    tokenizer.encode_special_tokens = True
    result["plain"] = [tokenizer.encode(text, add_special_tokens=False).ids for text in samples]
    result["around"] = tokenizer.encode("x", add_special_tokens=True).ids
    tokenizer.encode_special_tokens = False
    parsed = [tokenizer.encode(text, add_special_tokens=False).ids for text in samples]
    result["parsed"] = [row if row != plain else None for row, plain in zip(parsed, result["plain"])]
    decoded = [tokenizer.decode(row, skip_special_tokens=False) for row in result["plain"]]
    result["decoded"] = [back if back != text else None for back, text in zip(decoded, samples)]
    return result


def normal_form_digest(form):
    digest = hashlib.sha256()
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            text = f"{chr(code)}\ne{chr(code)}\u0301\u0334\uac00{chr(code)}\n"
            digest.update(form.normalize_str(text).encode())
    return digest.hexdigest()


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    (HERE / name).write_text(text.replace('],[', '],\n[') + "\n", encoding="utf-8")


def main():
    samples = SAMPLES + list(random_samples())
    write("samples.json", samples)
    write("normal_forms.json", {
        "NFC": normal_form_digest(normalizers.NFC()), "NFD": normal_form_digest(normalizers.NFD()),
        "NFKC": normal_form_digest(normalizers.NFKC()), "NFKD": normal_form_digest(normalizers.NFKD())})
    (HERE / "corpus.txt").write_bytes("\n%\n".join(corpus()).encode())
    for make in [gpt2, gpt2_prefix, gpt4, llama3, qwen2, smollm2, custom_regex, llama2, mistral, bpe_unknown, unigram,
                 unigram_bytes]:
        tokenizer = make()
        (HERE / f"{make.__name__}.json").write_text(tokenizer.to_str(), encoding="utf-8")
        write(f"{make.__name__}.ids.json", ids(tokenizer, samples))


main()
