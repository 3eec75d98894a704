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
        return pad(name, 26) + pad("x\(calls)", 6) + pad("\(two(seconds * 1e3)) ms", 12)
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
        let (d, f, layers) = (config.dim, config.ffWidth, config.layers)
        return linear("qkv", d, config.qkvWidth, calls: layers, runs: runs)
            + linear("attention output", config.attentionWidth, d, calls: layers, runs: runs)
            + linear("gate and up", d, 2 * f, calls: layers, runs: runs)
            + linear("down", f, d, calls: layers, runs: runs)
            + attention(calls: layers, runs: runs) + pointwise(calls: layers, runs: runs) + loss(runs: runs)
            + [optimiser(runs: runs)]
    }

    private func time(
        _ name: String, calls: Int, runs: Int, flops: Double, floats: Int, _ body: () -> Void
    ) -> KernelRow {
        let timings = Timings(runs: runs, body)
        return KernelRow(name: name, calls: calls, seconds: timings.median, flops: flops, bytes: Double(floats) * 4)
    }

    private func linear(_ name: String, _ inputs: Int, _ outputs: Int, calls: Int, runs: Int) -> [KernelRow] {
        let x = Scratch(rows * inputs), w = Scratch(outputs * inputs), y = Scratch(rows * outputs)
        let flops = 2 * Double(rows) * Double(inputs) * Double(outputs)
        let floats = x.count + w.count + y.count
        return [
            time(name + " forward", calls: calls, runs: runs, flops: flops, floats: floats) {
                linearForward(
                    y.pointer, x.pointer, w.pointer, bias: nil, residual: nil, rows: rows, inputs: inputs,
                    outputs: outputs)
            },
            time(name + " input gradient", calls: calls, runs: runs, flops: flops, floats: floats) {
                linearBackwardInput(
                    x.pointer, y.pointer, w.pointer, rows: rows, inputs: inputs, outputs: outputs, accumulate: false)
            },
            time(name + " weight gradient", calls: calls, runs: runs, flops: flops, floats: floats) {
                linearBackwardWeight(
                    w.pointer, dbias: nil, y.pointer, .stored(x.pointer), rows: rows, inputs: inputs, outputs: outputs)
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

    private func pointwise(calls: Int, runs: Int) -> [KernelRow] {
        let d = config.dim
        let x = Scratch(rows * d), y = Scratch(rows * d), dx = Scratch(rows * d), w = Scratch(d), dw = Scratch(d)
        let rstd = Scratch(rows)
        return [
            time("norm forward", calls: 2 * calls + 1, runs: runs, flops: 0, floats: 2 * x.count) {
                rmsNormForward(y.pointer, rstd.pointer, x.pointer, w.pointer, rows: rows, width: d, eps: 1e-5)
            },
            time("norm backward", calls: 2 * calls + 1, runs: runs, flops: 0, floats: 3 * x.count) {
                rmsNormBackward(
                    dx.pointer, dw.pointer, y.pointer, x.pointer, w.pointer, rstd.pointer, rows: rows, width: d,
                    accumulate: false)
            },
        ]
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
                time("token loss forward", calls: 1, runs: runs, flops: flops, floats: hidden.count + head.count) {
                    tokenLossForward(
                        losses.pointer, lse.pointer, hidden.pointer, head.pointer, targets, rows: rows, width: d,
                        vocab: v, extras: nil)
                },
                time(
                    "token loss backward", calls: 1, runs: runs, flops: 2 * flops,
                    floats: 2 * (hidden.count + head.count)
                ) {
                    tokenLossBackward(
                        dHidden.pointer, dHead.pointer, hidden.pointer, head.pointer, targets, lse.pointer,
                        weight.pointer, rows: rows, width: d, vocab: v, accumulate: false)
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
