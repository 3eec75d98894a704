"""The same Llama training step in PyTorch on the CPU, printed as one JSON object.

    python torch_step.py nano --mode slm --steps 8 --threads 2 [--compile]

CLM is the mean of the token losses. SLM is what a user would write by hand: losses without reduction, top 60 % of
loss minus a given reference loss over the batch, mean of those. FLOPs are 6 N D plus causal attention at half.
"""

import argparse
import json
import resource
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

SHAPES = {  # vocab, width, layers, heads, kv heads, feed-forward, tokens, rows
    "nano": (512, 128, 4, 4, 4, 344, 256, 16),
    "micro": (4096, 256, 6, 8, 8, 688, 256, 16),
    "mini": (8192, 512, 8, 8, 4, 1376, 256, 8),
    "smol": (49152, 576, 30, 9, 3, 1536, 256, 2),
}


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, 1e-5)


def rotate(x, cos, sin):
    left, right = x.chunk(2, -1)
    return x * cos + torch.cat((-right, left), -1) * sin


class Block(nn.Module):
    def __init__(self, width, heads, kv_heads, feed_forward):
        super().__init__()
        self.heads, self.kv_heads, self.head_width = heads, kv_heads, width // heads
        kv = kv_heads * self.head_width
        self.norm1, self.norm2 = Norm(width), Norm(width)
        self.query, self.key, self.value, self.out = (
            nn.Linear(width, size, bias=False) for size in (width, kv, kv, width)
        )
        self.gate, self.up = (nn.Linear(width, feed_forward, bias=False) for _ in range(2))
        self.down = nn.Linear(feed_forward, width, bias=False)

    def split(self, x, heads):
        rows, tokens, _ = x.shape
        return x.view(rows, tokens, heads, self.head_width).transpose(1, 2)

    def forward(self, x, cos, sin):
        h = self.norm1(x)
        q = rotate(self.split(self.query(h), self.heads), cos, sin)
        k = rotate(self.split(self.key(h), self.kv_heads), cos, sin)
        v = self.split(self.value(h), self.kv_heads)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=self.heads != self.kv_heads)
        x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self, vocab, width, layers, heads, kv_heads, feed_forward, tokens):
        super().__init__()
        self.embed = nn.Embedding(vocab, width)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(width, heads, kv_heads, feed_forward) for _ in range(layers))
        self.norm = Norm(width)
        half = width // heads
        angle = torch.outer(torch.arange(tokens).float(), 10000.0 ** (-torch.arange(0, half, 2).float() / half))
        self.register_buffer("cos", torch.cat((angle.cos(), angle.cos()), -1))
        self.register_buffer("sin", torch.cat((angle.sin(), angle.sin()), -1))

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        return F.linear(self.norm(x), self.embed.weight)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--mode", choices=("clm", "slm"), default="clm")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    vocab, width, layers, heads, kv_heads, feed_forward, tokens, rows = SHAPES[options.shape]
    model = Llama(vocab, width, layers, heads, kv_heads, feed_forward, tokens)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    forward = torch.compile(model) if options.compile else model
    ids = torch.randint(0, vocab, (rows, tokens + 1))
    reference = torch.rand(rows * tokens) * 5
    seconds = []
    for step in range(options.steps + 2):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        logits = forward(ids[:, :-1])
        losses = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        if options.mode == "slm":
            kept = (losses.detach() - reference).topk(int(0.6 * losses.numel())).indices
            loss = losses[kept].mean()
        else:
            loss = losses.mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step >= 2:
            seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    count = sum(p.numel() for p in model.parameters())
    flops = 6 * count * rows * tokens + 6 * layers * width * tokens * rows * tokens
    print(json.dumps({
        "shape": options.shape,
        "mode": options.mode + ("+compile" if options.compile else ""),
        "tokens_per_second": rows * tokens / median,
        "step_ms": median * 1e3,
        "gflops": flops / median / 1e9,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "versions": {"torch": torch.__version__},
    }))


main()
