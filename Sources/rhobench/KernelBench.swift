import RhoCore
import RhoKernels
import RhoModels

/// One kernel's time at a shape, with the work it does.
struct KernelRow {
    let name: String
    /// Times one step calls it.
    let calls: Int
    let seconds: Double
    let flops: Double
    let bytes: Double

    var gflops: Double { flops / seconds / 1e9 }

    func line(peak: Double) -> String {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        func two(_ value: Double) -> String { String((value * 100).rounded() / 100) }
        let rate = flops > 0 ? "\(two(gflops)) GFLOP/s, \(two(gflops / peak)) of peak" : ""
        return pad(name, 36) + pad("x\(calls)", 6) + pad("\(two(seconds * 1e3)) ms", 12)
            + pad("\(two(bytes / seconds / 1e9)) GB/s", 14) + rate
    }

    func json(peak: Double) -> JSONObject {
        [
            "kernel": .string(name), "calls": .integer(Int64(calls)), "ms": .number(seconds * 1e3),
            "gflops": .number(gflops), "share_of_peak": .number(gflops / peak),
            "gb_per_second": .number(bytes / seconds / 1e9),
        ]
    }
}

/// The kernels of one training step of a shape, each timed alone on buffers of its real size.
struct KernelBench {
    private let config: ModelConfig
    private let rows: Int
    private let tokens: Int

    init(shape: BenchShape) throws {
        config = try shape.config()
        tokens = shape.grid.tokens
        rows = shape.grid.rows * tokens
    }

    func rows(runs: Int) -> [KernelRow] {
        inputSide(runs: runs) + attention(calls: config.layers, runs: runs) + feedForward(runs: runs)
            + [finalNorm(runs: runs)] + loss(runs: runs) + [optimiser(runs: runs)]
    }

    private func time(
        _ name: String, calls: Int, runs: Int, flops: Double, floats: Int, _ body: () -> Void
    ) -> KernelRow {
        let timings = Timings(runs: runs, body)
        return KernelRow(name: name, calls: calls, seconds: timings.median, flops: flops, bytes: Double(floats) * 4)
    }

    private func flops(_ inputs: Int, _ outputs: Int) -> Double {
        2 * Double(rows) * Double(inputs) * Double(outputs)
    }

    /// The products around attention, as a step calls them: with the norm on their way in and out.
    private func inputSide(runs: Int) -> [KernelRow] {
        let (d, q, a, layers) = (config.dim, config.qkvWidth, config.attentionWidth, config.layers)
        let x = Scratch(rows * d), dx = Scratch(rows * d), qkv = Scratch(rows * q), mixed = Scratch(rows * a)
        let wq = Scratch(q * d), dwq = Scratch(q * d), wo = Scratch(d * a), dwo = Scratch(d * a)
        let norm = NormScratch(x, rows: rows, width: d)
        let big = x.count + wq.count + qkv.count, small = x.count + wo.count + mixed.count
        return [
            time("norm + qkv", calls: layers, runs: runs, flops: flops(d, q), floats: big) {
                linearForward(qkv.pointer, .norm(norm.rows), .f32(wq.pointer), rows: rows, inputs: d, outputs: q)
            },
            time("output + residual", calls: layers, runs: runs, flops: flops(a, d), floats: small + x.count) {
                linearForward(
                    dx.pointer, mixed.pointer, wo.pointer, residual: x.pointer, rows: rows, inputs: a, outputs: d)
            },
            time("qkv, input gradient + norm", calls: layers, runs: runs, flops: flops(d, q), floats: big + 2 * x.count)
            {
                linearBackwardRMSNorm(
                    dx.pointer, norm.gradient.pointer, qkv.pointer, wq.pointer, norm.rows, rows: rows, inputs: d,
                    outputs: q, accumulate: true)
            },
            time("qkv, weight gradient", calls: layers, runs: runs, flops: flops(d, q), floats: big) {
                linearBackwardWeight(
                    dwq.pointer, qkv.pointer, .norm(norm.rows), rows: rows, inputs: d, outputs: q, accumulate: false)
            },
            time("output, input gradient", calls: layers, runs: runs, flops: flops(a, d), floats: small) {
                linearBackwardInput(
                    mixed.pointer, dx.pointer, wo.pointer, rows: rows, inputs: a, outputs: d, accumulate: false)
            },
            time("output, weight gradient", calls: layers, runs: runs, flops: flops(a, d), floats: small) {
                linearBackwardWeight(
                    dwo.pointer, dx.pointer, .stored(mixed.pointer), rows: rows, inputs: a, outputs: d,
                    accumulate: false)
            },
        ]
    }

    /// The feed-forward block. Gates and ups are overwritten with their gradients, as in a step.
    private func feedForward(runs: Int) -> [KernelRow] {
        let (d, f, layers) = (config.dim, config.ffWidth, config.layers)
        let x = Scratch(rows * d), y = Scratch(rows * d), gu = Scratch(rows * 2 * f), product = Scratch(rows * f)
        let wgu = Scratch(2 * f * d), dwgu = Scratch(2 * f * d), wd = Scratch(d * f), dwd = Scratch(d * f)
        let norm = NormScratch(x, rows: rows, width: d)
        let up = x.count + wgu.count + gu.count, down = y.count + wd.count + product.count
        return [
            time("norm + gate and up", calls: layers, runs: runs, flops: flops(d, 2 * f), floats: up) {
                linearForward(gu.pointer, .norm(norm.rows), .f32(wgu.pointer), rows: rows, inputs: d, outputs: 2 * f)
            },
            time(
                "SwiGLU + down + residual", calls: layers, runs: runs, flops: flops(f, d),
                floats: gu.count + wd.count + 2 * x.count
            ) {
                linearForward(
                    y.pointer, .swiglu(gu.pointer), .f32(wd.pointer), residual: x.pointer, rows: rows, inputs: f,
                    outputs: d)
            },
            time(
                "down, input gradient + SwiGLU", calls: layers, runs: runs, flops: flops(f, d),
                floats: down + 2 * gu.count
            ) {
                linearBackwardSwiGLU(
                    gu.pointer, product.pointer, y.pointer, wd.pointer, gu.pointer, rows: rows, inputs: f, outputs: d)
            },
            time("down, weight gradient", calls: layers, runs: runs, flops: flops(f, d), floats: down) {
                linearBackwardWeight(
                    dwd.pointer, y.pointer, .stored(product.pointer), rows: rows, inputs: f, outputs: d,
                    accumulate: false)
            },
            time(
                "gate and up, input gradient + norm", calls: layers, runs: runs, flops: flops(d, 2 * f),
                floats: up + 2 * x.count
            ) {
                linearBackwardRMSNorm(
                    y.pointer, norm.gradient.pointer, gu.pointer, wgu.pointer, norm.rows, rows: rows, inputs: d,
                    outputs: 2 * f, accumulate: true)
            },
            time("gate and up, weight gradient", calls: layers, runs: runs, flops: flops(d, 2 * f), floats: up) {
                linearBackwardWeight(
                    dwgu.pointer, gu.pointer, .norm(norm.rows), rows: rows, inputs: d, outputs: 2 * f,
                    accumulate: false)
            },
        ]
    }

    private func attention(calls: Int, runs: Int) -> [KernelRow] {
        let (heads, kv, e) = (config.heads, config.kvHeads, config.headWidth)
        let qkv = Scratch(rows * config.qkvWidth), dqkv = Scratch(rows * config.qkvWidth)
        let out = Scratch(rows * heads * e), dout = Scratch(rows * heads * e), lse = Scratch(rows * heads)
        let flops = 2 * Double(rows) * Double(tokens) * Double(heads * e)
        let batch = rows / tokens
        return [
            time("attention forward", calls: calls, runs: runs, flops: flops, floats: qkv.count + out.count) {
                attentionForward(
                    out.pointer, lse.pointer, qkv.pointer, batch: batch, tokens: tokens, heads: heads, kvHeads: kv,
                    headWidth: e)
            },
            time("attention backward", calls: calls, runs: runs, flops: flops * 2, floats: 2 * (qkv.count + out.count))
            {
                attentionBackward(
                    dqkv.pointer, dout.pointer, out.pointer, lse.pointer, qkv.pointer, batch: batch, tokens: tokens,
                    heads: heads, kvHeads: kv, headWidth: e)
            },
        ]
    }

    private func finalNorm(runs: Int) -> KernelRow {
        let x = Scratch(rows * config.dim), y = Scratch(rows * config.dim)
        let norm = NormScratch(x, rows: rows, width: config.dim)
        return time("final norm", calls: 1, runs: runs, flops: 0, floats: 2 * x.count) {
            rmsNormForward(
                y.pointer, norm.rstd.pointer, x.pointer, norm.weight.pointer, rows: rows, width: config.dim, eps: 1e-5)
        }
    }

    private func loss(runs: Int) -> [KernelRow] {
        let (d, v) = (config.dim, config.vocab)
        let hidden = Scratch(rows * d), dHidden = Scratch(rows * d), head = Scratch(v * d), dHead = Scratch(v * d)
        let losses = Scratch(rows), lse = Scratch(rows), weight = Scratch(rows)
        for row in 0..<rows { weight.pointer[row] = 1 / Float(rows) }
        let targets = (0..<rows).map { Int32($0 % v) }
        let flops = 2 * Double(rows) * Double(d) * Double(v)
        return targets.withUnsafeBufferPointer { targets in
            guard let targets = targets.baseAddress else { return [] }
            return [
                time("loss", calls: 1, runs: runs, flops: flops, floats: hidden.count + head.count) {
                    tokenLossForward(
                        losses.pointer, lse.pointer, hidden.pointer, head.pointer, targets, rows: rows, width: d,
                        vocab: v, extras: nil)
                },
                time(
                    "loss with its gradients", calls: 1, runs: runs, flops: 3 * flops,
                    floats: 2 * (hidden.count + head.count)
                ) {
                    tokenLossGradients(
                        losses.pointer, lse.pointer, dHidden.pointer, dHead.pointer, hidden.pointer, head.pointer,
                        targets, rows: rows, width: d, vocab: v)
                },
                time(
                    "loss, backward alone", calls: 1, runs: runs, flops: 2 * flops,
                    floats: 2 * (hidden.count + head.count)
                ) {
                    tokenLossBackward(
                        dHidden.pointer, dHead.pointer, hidden.pointer, head.pointer, targets, lse.pointer,
                        weight.pointer, rows: rows, width: d, vocab: v, accumulate: false,
                        accumulateHead: false)
                },
            ]
        }
    }

    private func optimiser(runs: Int) -> KernelRow {
        let count = config.parameterCount
        let p = Scratch(count), m = Scratch(count), v = Scratch(count), g = Scratch(count)
        return time("AdamW", calls: 1, runs: runs, flops: 0, floats: 7 * count) {
            adamWStep(
                p.pointer, m.pointer, v.pointer, g.pointer, count: count, lr: 1e-3, beta1: 0.9, beta2: 0.95, eps: 1e-8,
                decay: 0.1, step: 10, gradScale: 1)
        }
    }
}

/// A norm over rows of `x`.
private final class NormScratch {
    let weight: Scratch
    let rstd: Scratch
    let gradient: Scratch
    let rows: NormRows

    init(_ x: Scratch, rows count: Int, width: Int) {
        weight = Scratch(width)
        rstd = Scratch(count)
        gradient = Scratch(width)
        rows = NormRows(x.pointer, weight: weight.pointer, rstd: rstd.pointer, eps: 1e-5)
    }
}

/// A buffer of small positive numbers, released with the object.
private final class Scratch {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int

    init(_ count: Int) {
        self.count = count
        pointer = .allocate(capacity: count)
        for index in 0..<count { pointer[index] = Float(index % 13) * 0.01 + 0.01 }
    }

    deinit { pointer.deallocate() }
}
