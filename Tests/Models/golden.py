#!/usr/bin/env python3
"""What transformers makes of a Llama GGUF file's weights, dequantised by the gguf package.

    python golden.py MODEL.gguf OUT.lua        needs torch, transformers, gguf
"""
import sys

import gguf
import numpy as np
import tokenizers
import torch
import transformers

TEXTS = [
    "The farm has 35 hens and 12 pigs. How many legs are there in all?",
    "def add(a, b):\n    return a + b\n",
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May.",
    "Grüße aus Köln: 你好, 12,345.67 € — naïve café \U0001f600",
]
PROMPT = "The capital of France is"
NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}


def field(reader, key, default=None):
    found = reader.get_field(key)
    return default if found is None else found.contents()


def halves(values, heads):
    """Undoes the reordering of q and k rows that llama.cpp's converter makes."""
    rows, columns = values.shape
    return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def load(path):
    reader = gguf.GGUFReader(path)
    heads = field(reader, "llama.attention.head_count")
    kv_heads = field(reader, "llama.attention.head_count_kv", heads)
    state = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        parts = tensor.name.split(".")
        if tensor.name == "token_embd.weight":
            name = "model.embed_tokens.weight"
        elif tensor.name == "output_norm.weight":
            name = "model.norm.weight"
        elif tensor.name == "output.weight":
            name = "lm_head.weight"
        elif parts[0] == "blk":
            name = f"model.layers.{parts[1]}.{NAMES[parts[2]]}.{parts[3]}"
            if parts[2] == "attn_q":
                values = halves(values, heads)
            if parts[2] == "attn_k":
                values = halves(values, kv_heads)
        else:
            raise SystemExit(f"no place for {tensor.name}")
        state[name] = torch.from_numpy(np.ascontiguousarray(values))
    tied = "lm_head.weight" not in state
    config = transformers.LlamaConfig(
        vocab_size=state["model.embed_tokens.weight"].shape[0], hidden_size=field(reader, "llama.embedding_length"),
        intermediate_size=field(reader, "llama.feed_forward_length"),
        num_hidden_layers=field(reader, "llama.block_count"), num_attention_heads=heads,
        num_key_value_heads=kv_heads, max_position_embeddings=field(reader, "llama.context_length"),
        rms_norm_eps=field(reader, "llama.attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": field(reader, "llama.rope.freq_base", 10000.0)},
        tie_word_embeddings=tied, bos_token_id=field(reader, "tokenizer.ggml.bos_token_id"),
        eos_token_id=field(reader, "tokenizer.ggml.eos_token_id"))
    model = transformers.LlamaForCausalLM(config).float().eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model, reader


def tokenizer(reader):
    """The byte-level BPE of the metadata, cut as SmolLM cuts: single digits, then GPT-2's pattern."""
    assert field(reader, "tokenizer.ggml.model") == "gpt2" and field(reader, "tokenizer.ggml.pre") == "smollm"
    tokens = field(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in field(reader, "tokenizer.ggml.merges")]
    built = tokenizers.Tokenizer(tokenizers.models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    built.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
        tokenizers.pre_tokenizers.Digits(individual_digits=True),
        tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return built


def lua(value):
    """A Lua table constructor."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{lua(str(k))}] = {lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    if isinstance(value, str):
        return '"' + "".join(f"\\{byte:03d}" for byte in value.encode()) + '"'
    return repr(value)


def main():
    transformers.utils.logging.set_verbosity_error()
    model, reader = load(sys.argv[1])
    encode = tokenizer(reader)
    cases = []
    with torch.no_grad():
        for text in TEXTS:
            ids = [0] + encode.encode(text).ids
            logits = model(torch.tensor([ids])).logits[0].float()
            losses = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none")
            top = logits[-1].topk(5)
            cases.append({
                "text": text, "ids": ids, "losses": losses.tolist(), "last": logits[-1, ::97].tolist(),
                "middle": logits[len(ids) // 2, ::97].tolist(), "top_ids": top.indices.tolist(),
                "top_logits": top.values.tolist()})
        prompt = torch.tensor([[0] + encode.encode(PROMPT).ids])
        out = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=16, do_sample=False, eos_token_id=None,
            pad_token_id=0)
    golden = {
        "made_with": {"torch": torch.__version__, "transformers": transformers.__version__},
        "parameters": sum(p.numel() for p in model.parameters()), "cases": cases,
        "prompt_text": PROMPT, "continuation": out[0, prompt.shape[1]:].tolist(),
    }
    with open(sys.argv[2], "w") as file:
        file.write("return " + lua(golden) + "\n")
    print(f"golden: {len(cases)} texts")


if __name__ == "__main__":
    main()
