#!/usr/bin/env python3
"""Writes the reference numbers that RhoModelsTests and RhoCheckpointTests compare with.

    python make_goldens.py [FAMILY ...]        needs torch, transformers, safetensors

Each family gets a folder that transformers itself wrote (config.json, model.safetensors) plus
  golden.json          the batch, the per-token losses, losses and gradient norms of each step, greedy continuations
  golden.safetensors   "grad.NAME" = gradients of the first step, "final.NAME" = weights after the last step

The objective is the selective one: sum over tokens of weight * cross entropy, where weight is 1 / (number selected)
on the selected tokens and 0 elsewhere; padded targets are -1 and never selected.
The optimiser is torch.optim.AdamW with decay on matrices only and the gradient norm clipped.
Everything runs in float32 on one CPU thread.
"""
import json
import math
import os
import sys

import safetensors
import safetensors.torch
import torch
import transformers

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS, PEAK_RATE, WARMUP = 10, 4e-3, 3
BETAS, EPSILON, DECAY, CLIP = (0.9, 0.95), 1e-8, 0.1, 1.0


def llama(**changes):
    values = dict(
        vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=32, rms_norm_eps=1e-5, tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=0, attention_dropout=0.0)
    values.update(changes)
    return values


def small(**changes):
    return llama(vocab_size=29, hidden_size=16, intermediate_size=24, num_attention_heads=4, **changes)


LLAMA3_ROPE = dict(
    rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=16)

# name: (configuration, trains). Families that do not train carry losses, first gradients and continuations only.
FAMILIES = {
    "llama_untied": (lambda: transformers.LlamaConfig(**llama()), True),
    "llama_tied": (lambda: transformers.LlamaConfig(**llama(tie_word_embeddings=True, vocab_size=47)), True),
    "gpt2": (lambda: transformers.GPT2Config(
        vocab_size=61, n_embd=32, n_layer=2, n_head=4, n_positions=32, resid_pdrop=0.0, embd_pdrop=0.0,
        attn_pdrop=0.0, bos_token_id=0, eos_token_id=0), True),
    "llama3_rope": (lambda: transformers.LlamaConfig(
        **small(max_position_embeddings=64, rope_parameters=LLAMA3_ROPE)), False),
    "mistral": (lambda: transformers.MistralConfig(**small(sliding_window=5, head_dim=6)), False),
    "qwen2": (lambda: transformers.Qwen2Config(**small(use_sliding_window=False)), False),
    "gpt_neox": (lambda: transformers.GPTNeoXConfig(
        vocab_size=53, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=72,
        max_position_embeddings=32, hidden_act="gelu", rope_parameters=dict(
            rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.25), hidden_dropout=0.0,
        attention_dropout=0.0, use_parallel_residual=True, tie_word_embeddings=False, bos_token_id=0, eos_token_id=0),
        True),
    "gpt_neox_serial": (lambda: transformers.GPTNeoXConfig(
        vocab_size=29, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=32, hidden_act="gelu_fast", rope_parameters=dict(
            rope_type="default", rope_theta=500.0, partial_rotary_factor=0.5), hidden_dropout=0.0,
        attention_dropout=0.0, use_parallel_residual=False, tie_word_embeddings=True, bos_token_id=0, eos_token_id=0),
        False),
    "qwen3": (lambda: transformers.Qwen3Config(**small(head_dim=8, use_sliding_window=False)), False),
}


def rate(step):
    """Linear warm-up over WARMUP steps, then a half cosine down to a tenth of the peak. Steps count from 0."""
    if step < WARMUP:
        return PEAK_RATE * (step + 1) / WARMUP
    progress = (step - WARMUP) / (STEPS - WARMUP)
    return PEAK_RATE * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * progress)))


def initialise(model, seed):
    """Weights large enough that every gradient is well above rounding; norms and biases away from 1 and 0."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if weight.ndim >= 2:
                weight.copy_(noise * 0.15)
            elif name.endswith("bias"):
                weight.copy_(noise * 0.1)
            else:
                weight.copy_(1 + noise * 0.1)


def batch(vocabulary, rows, tokens, seed):
    generator = torch.Generator().manual_seed(seed)
    stream = torch.randint(0, vocabulary, (rows, tokens + 1), generator=generator)
    ids, targets = stream[:, :-1].contiguous(), stream[:, 1:].contiguous()
    targets[0, -3:] = -1
    targets[-1, 5] = -1
    selected = (torch.rand((rows, tokens), generator=generator) < 0.6) & (targets >= 0)
    return ids, targets, selected


def token_losses(model, ids, targets):
    logits = model(input_ids=ids).logits.float()
    losses = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="none").view(targets.shape)
    return logits, losses


def continuations(model, vocabulary):
    """Greedy continuations of three prompts of different lengths, one at a time, plain and with a penalty."""
    generator = torch.Generator().manual_seed(99)
    result = []
    for length, penalty in ((1, 1.0), (4, 1.0), (7, 1.0), (4, 1.3)):
        prompt = torch.randint(1, vocabulary, (1, length), generator=generator)
        out = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=12, do_sample=False, eos_token_id=None,
            pad_token_id=0, repetition_penalty=penalty)
        result.append({"prompt": prompt[0].tolist(), "repetition_penalty": penalty,
                       "continuation": out[0, length:].tolist()})
    return result


def stored(name, key):
    """The name of a weight in the file that save_pretrained writes, which for GPT-NeoX's head is the older one."""
    return "embed_out.weight" if name.startswith("gpt_neox") and key == "lm_head.weight" else key


def make(name):
    configuration, trains = FAMILIES[name]
    torch.manual_seed(0)
    config = configuration()
    config._attn_implementation = "eager"
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float()
    initialise(model, seed=7)
    model.eval()
    directory = os.path.join(HERE, name)
    model.save_pretrained(directory)
    generation = os.path.join(directory, "generation_config.json")
    if os.path.exists(generation):
        os.remove(generation)
    greedy = continuations(model, config.vocab_size)

    ids, targets, selected = batch(config.vocab_size, rows=3, tokens=20, seed=11)
    weights = selected.float() / selected.sum()
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
        lr=PEAK_RATE, betas=BETAS, eps=EPSILON, foreach=False)

    tensors, steps, first = {}, [], None
    for step in range(STEPS if trains else 1):
        optimiser.zero_grad(set_to_none=True)
        logits, losses = token_losses(model, ids, targets)
        objective = (losses * weights).sum()
        objective.backward()
        if step == 0:
            first = (losses.detach(), logits.detach())
            for key, weight in model.named_parameters():
                tensors["grad." + stored(name, key)] = weight.grad.detach().clone().contiguous()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        for group in optimiser.param_groups:
            group["lr"] = rate(step)
        if trains:
            optimiser.step()
        steps.append({"loss": objective.item(), "gradient_norm": norm.item(), "learning_rate": rate(step)})
    if trains:
        for key, weight in model.named_parameters():
            tensors["final." + stored(name, key)] = weight.detach().clone().contiguous()

    golden = {
        "made_with": {"torch": torch.__version__, "transformers": transformers.__version__,
                      "safetensors": safetensors.__version__},
        "optimiser": {"beta1": BETAS[0], "beta2": BETAS[1], "epsilon": EPSILON, "decay": DECAY, "clip": CLIP},
        "parameters": sum(p.numel() for p in model.parameters()),
        "rows": ids.shape[0], "tokens": ids.shape[1],
        "ids": ids.flatten().tolist(), "targets": targets.flatten().tolist(),
        "selected": selected.flatten().int().tolist(),
        "token_losses": first[0].flatten().tolist(),
        "last_logits": first[1][:, -1].flatten().tolist(),
        "steps": steps, "greedy": greedy,
    }
    with open(os.path.join(directory, "golden.json"), "w") as file:
        json.dump(golden, file, separators=(",", ":"), sort_keys=True)
        file.write("\n")
    safetensors.torch.save_file(tensors, os.path.join(directory, "golden.safetensors"))
    print(name, golden["parameters"], steps[0], steps[-1])


def main():
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    for name in sys.argv[1:] or FAMILIES:
        make(name)


main()
