#!/usr/bin/env python3
"""Loads what check.lua saved with the tools that others use, and holds it to what check.lua printed.

    python back.py DIRECTORY        needs torch, transformers, gguf; peft for the adapter
"""
import json
import pathlib
import re
import sys

import gguf
import numpy as np
import torch
import transformers


def printed(place):
    """What our engine says of each saved model: token ids of one text, and every 97th logit after it."""
    found = {}
    for line in (place / "check.log").read_text().splitlines():
        match = re.match(r"(saved|adapted) (\{.*\})$", line)
        if match:
            found[match[1]] = json.loads(match[2])
    return found


def logits(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0, -1, ::97].float().numpy()


def hold(name, ours, theirs, tolerance):
    worst = float(np.abs(np.array(ours) - theirs).max())
    assert worst <= tolerance, f"{name}: off by {worst}, allowed {tolerance}"
    print(f"  {name}: off by {worst:.2g} at most")


def main():
    place = pathlib.Path(sys.argv[1])
    expected = printed(place)
    transformers.utils.logging.set_verbosity_error()
    saved = expected["saved"]

    tokenizer = transformers.AutoTokenizer.from_pretrained(place / "saved")
    text = "Grüße aus Köln: 你好, 12,345.67 € — naïve café \U0001f600"
    assert tokenizer(text).input_ids == saved["ids"], (tokenizer(text).input_ids, saved["ids"])
    assert tokenizer.chat_template and "<|im_start|>" in tokenizer.chat_template, "the chat template is gone"
    model = transformers.AutoModelForCausalLM.from_pretrained(place / "saved").float().eval()
    hold("AutoModelForCausalLM, f32", saved["logits"], logits(model, saved["ids"]), 1e-4 * max(map(abs, saved["logits"])))
    half = transformers.AutoModelForCausalLM.from_pretrained(place / "saved-bf16", torch_dtype=torch.float32).eval()
    assert len(list((place / "saved-bf16").glob("model-*.safetensors"))) > 1, "expected shards"
    hold("AutoModelForCausalLM, bf16 in shards", saved["logits"], logits(half, saved["ids"]), 1.0)

    state = model.state_dict()
    for kind, tolerance in (("f32", 0.0), ("f16", 2e-3), ("q8_0", 0.02)):
        reader = gguf.GGUFReader(place / f"saved-{kind}.gguf")
        tensor = next(t for t in reader.tensors if t.name == "blk.3.ffn_down.weight")
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        weight = state["model.layers.3.mlp.down_proj.weight"].numpy()
        hold(f"gguf {kind}", values, weight, tolerance * float(np.abs(weight).max()))
        assert reader.get_field("tokenizer.chat_template") is not None
    try:
        import peft
    except ImportError:
        print("  peft is not installed: the adapter was not checked")
        return
    base = transformers.AutoModelForCausalLM.from_pretrained(place / "base").float()
    adapted = peft.PeftModel.from_pretrained(base, place / "adapter").eval()
    ours = expected["adapted"]
    hold("peft", ours["logits"], logits(adapted, ours["ids"]), 1e-4 * max(map(abs, ours["logits"])))


main()
