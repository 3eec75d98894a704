import RhoCore
import RhoKernels
import RhoTensor
import Testing

@Suite("Whole steps")
struct ModelStepTests {
    /// Token loss spelled out over full logits: an independent path to the same gradients.
    private func plainLoss(_ model: SmallLlama) throws -> Tensor {
        try Fused.linear(model.hidden(), model.embedding).logSoftmax().gather(model.targets).unary(.neg)
    }

    private func expectClose(_ a: [[Float]], _ b: [[Float]], tolerance: Float = 2e-5) {
        for (index, (left, right)) in zip(a, b).enumerated() {
            #expect(left.count == right.count)
            let scale = max(right.map(abs).max() ?? 0, 1e-3)
            let worst = zip(left, right).map { abs($0 - $1) }.max() ?? 0
            #expect(worst <= tolerance * scale, "parameter \(index) differs by \(worst) of \(scale)")
        }
    }

    @Test("skipping rows without loss gives the gradients of the plain path", arguments: [0, 1, 7, 23, 24])
    func rowSparse(_ kept: Int) throws {
        let model = try SmallLlama(.init())
        let order = Permutation(count: 24, seed: 5, name: "kept")
        var weights = [Float](repeating: 0, count: 24)
        for place in 0..<kept { weights[order[place]] = 0.1 + 0.05 * Float(place) }
        let dloss = try Tensor.from(weights, [24])
        let loss = try model.loss()
        try loss.backward(gradient: dloss)
        let fast = model.parameters.map { $0.tensor.grad?.toArray() ?? [Float](repeating: 0, count: $0.count) }
        model.zeroGrad()
        let plain = try plainLoss(model)
        #expect(zip(plain.toArray(), loss.toArray()).allSatisfy { abs($0 - $1) < 1e-5 })
        try plain.backward(gradient: dloss)
        expectClose(fast, model.gradients())
    }

    @Test("rows skipped through GELU, layer norm, biases, dropout and a residual sum")
    func rowSparseGPT() throws {
        var stream = RandomStream(seed: 2, name: "gpt")
        func leaf(_ dims: [Int]) throws -> Tensor {
            let tensor = try Tensor.normal(dims, deviation: 0.4, stream: &stream)
            tensor.requiresGrad = true
            return tensor
        }
        let x = try leaf([10, 6])
        let all = try [x, leaf([6]), leaf([6]), leaf([14, 6]), leaf([14]), leaf([6, 14]), leaf([6]), leaf([9, 6])]
        let norm = NormWeights(weight: all[1], bias: all[2], epsilon: 1e-5)
        let hidden = { () throws(RhoError) -> Tensor in
            let up = try Fused.normLinear(x, norm: norm, all[3], bias: all[4])
            let down = try Fused.geluLinear(up, all[5], bias: all[6], residual: x)
            let more = try Fused.dropout(
                Fused.linear(
                    down,
                    all[5].transpose().matmul(all[5]).slice(start: 0, count: 6)
                        .slice(1, start: 0, count: 6)), p: 0.25, seed: 4, stream: 1)
            return try Fused.norm(down.add(more), norm)
        }
        let targets: [Int32] = [1, 2, 3, 4, 5, 6, 7, 8, 0, 1]
        let dloss = try Tensor.from([0, 1, 0, 0.5, 0, 0, 0.25, 0, 0, 0], [10])
        try Fused.tokenLoss(hidden(), head: all[7], targets: targets).backward(gradient: dloss)
        let fast = all.map { $0.grad?.toArray() ?? [] }
        for tensor in all { tensor.grad = nil }
        try Fused.linear(hidden(), all[7]).logSoftmax().gather(targets).unary(.neg).backward(gradient: dloss)
        expectClose(fast, all.map { $0.grad?.toArray() ?? [] })
    }

    @Test(
        "loss, gradients and weights after three steps have the same bits on 1, 2 and 3 threads", arguments: [1.0, 0.6])
    func threads(_ keep: Double) throws {
        let before = Parallel.threadCount
        defer { Parallel.threadCount = before }
        var seen: [[[UInt32]]] = []
        for threads in [1, 2, 3] {
            Parallel.threadCount = threads
            let model = try SmallLlama(
                .init(
                    vocabulary: 300, width: 48, layers: 2, heads: 4, kvHeads: 2, feedForward: 80, batch: 3, tokens: 70))
            let optimiser = try AdamW(model.parameters)
            var bits: [[UInt32]] = []
            for step in 0..<3 {
                let loss = try model.loss()
                var stream = RandomStream(seed: 1, name: "keep", step: UInt64(step))
                let weights = (0..<loss.count).map { _ in stream.uniform() < keep ? Float(0.01) : 0 }
                try loss.backward(gradient: Tensor.from(weights, [loss.count]))
                bits.append(loss.toArray().map(\.bitPattern))
                bits += model.gradients().map { $0.map(\.bitPattern) }
                try optimiser.step(lr: 1e-2, clip: 1)
                optimiser.zeroGrad()
            }
            bits += model.parameters.map { $0.tensor.toArray().map(\.bitPattern) }
            seen.append(bits)
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0] == seen[2])
    }

    @Test(
        "what is expected of the gradient to come does not show in it", arguments: [[0.5, 0.5], [0.5, 0.25], [0, 1]])
    func evenly(_ weights: [Float]) throws {
        func bits(evenly: Bool) throws -> [[UInt32]] {
            let model = try SmallLlama(.init())
            var losses: [[UInt32]] = []
            // The second pass adds to the gradients of the first.
            for _ in 0..<2 {
                let loss = try Fused.tokenLoss(
                    model.hidden(), head: model.embedding, targets: model.targets, evenly: evenly)
                losses.append(loss.toArray().map(\.bitPattern))
                let dloss = (0..<loss.count).map { weights[$0 % weights.count] }
                try loss.backward(gradient: Tensor.from(dloss, [loss.count]))
            }
            return losses + model.gradients().map { $0.map(\.bitPattern) }
        }
        #expect(try bits(evenly: true) == bits(evenly: false))
    }

    @Test("attention rotates what it reads and leaves the rows as they are")
    func ropeLeavesRows() throws {
        let table = try RoPETable(tokens: 4, headWidth: 4, theta: 10)
        var stream = RandomStream(seed: 8, name: "qkv")
        let qkv = try Tensor.normal([8, 16], stream: &stream)
        let before = qkv.toArray()
        let turned = try Fused.attention(
            qkv, heads: 2, kvHeads: 1, headWidth: 4, batch: 2, tokens: 4, rope: table)
        #expect(qkv.toArray() == before)
        let plain = try Fused.attention(qkv, heads: 2, kvHeads: 1, headWidth: 4, batch: 2, tokens: 4)
        #expect(turned.toArray() != plain.toArray())
        #expect(throws: RhoError(.shape, "attention: 8 positions, the rope table covers 4")) {
            try Fused.attention(qkv, heads: 2, kvHeads: 1, headWidth: 4, batch: 1, tokens: 8, rope: table)
        }
    }

    @Test("token loss extras are the entropy and margin of the logits")
    func extras() throws {
        let model = try SmallLlama(.init())
        let hidden = try model.hidden()
        let result = try Fused.tokenLoss(
            hidden, head: model.embedding, targets: model.targets, extras: [.entropy, .margin])
        let logits = try Fused.linear(hidden, model.embedding)
        let logs = try logits.logSoftmax()
        let entropy = try logs.unary(.exp).mul(logs).sum(1).unary(.neg).toArray()
        for (a, b) in zip(try #require(result.entropy).toArray(), entropy) { #expect(abs(a - b) < 1e-4) }
        let rows = logits.toArray()
        let v = model.sizes.vocabulary
        for (row, margin) in try #require(result.margin).toArray().enumerated() {
            let target = Int(model.targets[row])
            let other = (0..<v).filter { $0 != target }.map { rows[row * v + $0] }.max() ?? 0
            #expect(abs(margin - (rows[row * v + target] - other)) < 1e-4)
        }
        #expect(
            try Fused.tokenLoss(hidden, head: model.embedding, targets: model.targets).toArray()
                == result.loss.toArray())
    }
}
