#!/usr/bin/env python3
"""Writes GGUF files and what the gguf package makes of them, for RhoCheckpointTests.

    python make_gguf_goldens.py        needs gguf, numpy, safetensors; run make_goldens.py first

gguf/quants.gguf          one tensor of shape (2, 256) per number format
gguf/quants.safetensors   the same tensors dequantised by gguf's reference code
gguf/llama.gguf           the model of llama_tied/, with rows of q and k permuted as llama.cpp's converter does
"""
import os

import gguf
import numpy as np
from gguf import quants
from safetensors.numpy import load_file, save_file

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]
# Byte offsets of the half-precision scales inside a block whose quantiser the gguf package does not have.
SCALES = {"Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}


def encoded(name, kind, values, generator):
    """Quantised bytes of `values`; K-quants get random codes under small random scales, as gguf only decodes them."""
    if name not in SCALES:
        return quants.quantize(values, kind)
    block, size = gguf.GGML_QUANT_SIZES[kind]
    data = generator.integers(0, 256, (values.shape[0], values.shape[1] // block * size), dtype=np.uint8)
    for row in data:
        for offset in SCALES[name]:
            row[offset:offset + 2] = np.frombuffer(np.float16(generator.uniform(0.01, 0.1)).tobytes(), np.uint8)
    return data


def write_quants():
    generator = np.random.default_rng(5)
    writer = gguf.GGUFWriter(os.path.join(HERE, "gguf", "quants.gguf"), "llama")
    expected = {}
    for name in TYPES:
        kind = gguf.GGMLQuantizationType[name]
        values = generator.normal(size=(2, 256)).astype(np.float32)
        data = encoded(name, kind, values, generator)
        writer.add_tensor(name, data, raw_dtype=kind)
        expected[name] = quants.dequantize(data, kind).astype(np.float32).reshape(2, 256)
    finish(writer)
    save_file(expected, os.path.join(HERE, "gguf", "quants.safetensors"))


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def permuted(weight, heads):
    """llama.cpp rotates neighbouring pairs, Hugging Face the two halves of a head."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_llama():
    weights = load_file(os.path.join(HERE, "llama_tied", "model.safetensors"))
    heads, kv_heads, layers = 4, 2, 2
    writer = gguf.GGUFWriter(os.path.join(HERE, "gguf", "llama.gguf"), "llama")
    writer.add_context_length(32)
    writer.add_embedding_length(32)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(48)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(8)
    writer.add_vocab_size(47)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_tensor("token_embd.weight", weights["model.embed_tokens.weight"])
    writer.add_tensor("output_norm.weight", weights["model.norm.weight"])
    for layer in range(layers):
        source, target = f"model.layers.{layer}.", f"blk.{layer}."
        writer.add_tensor(target + "attn_q.weight", permuted(weights[source + "self_attn.q_proj.weight"], heads))
        writer.add_tensor(target + "attn_k.weight", permuted(weights[source + "self_attn.k_proj.weight"], kv_heads))
        for ours, theirs in (
            ("attn_v", "self_attn.v_proj"), ("attn_output", "self_attn.o_proj"), ("attn_norm", "input_layernorm"),
            ("ffn_norm", "post_attention_layernorm"), ("ffn_gate", "mlp.gate_proj"), ("ffn_up", "mlp.up_proj"),
            ("ffn_down", "mlp.down_proj"),
        ):
            writer.add_tensor(target + ours + ".weight", weights[source + theirs + ".weight"])
    finish(writer)


os.makedirs(os.path.join(HERE, "gguf"), exist_ok=True)
write_quants()
write_llama()
