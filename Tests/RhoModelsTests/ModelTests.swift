import RhoCore
import RhoKernels
import RhoModels
import RhoTensor
import Testing

@Suite struct ModelTests {
    static func config(_ family: ModelFamily, layers: Int = 2, tied: Bool = true) throws -> ModelConfig {
        var config = try ModelConfig(
            family: family, vocab: 37, dim: 16, layers: layers, heads: 4, kvHeads: family.isLlamaLike ? 2 : nil,
            context: 24, tied: tied)
        config.initStd = 0.3
        return config
    }

    static var families: [ModelFamily] { ModelCatalog.all.map(\.family) }

    @Test(arguments: families, [true, false])
    func parametersAreCountedAndListedInOrder(family: ModelFamily, tied: Bool) throws {
        let config = try Self.config(family, tied: tied)
        let model = try ModelCatalog.make(config, seed: 1)
        #expect(model.parameterCount == config.parameterCount)
        #expect(model.weights.reduce(0) { $0 + $1.count } == config.parameterCount)
        let names = model.weights.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(try ModelCatalog.make(config, seed: 2).parameters.map(\.name) == model.parameters.map(\.name))
        for parameter in model.parameters { #expect(parameter.decays == (parameter.tensor.shape.rank == 2)) }
    }

    @Test(arguments: families)
    func sameSeedGivesSameWeightsWhateverElseChanges(family: ModelFamily) throws {
        let small = try ModelCatalog.make(Self.config(family, layers: 2), seed: 5)
        let deep = try ModelCatalog.make(Self.config(family, layers: 4, tied: false), seed: 5)
        let other = try ModelCatalog.make(Self.config(family, layers: 2), seed: 6)
        for weight in small.weights where !weight.name.hasSuffix("bias") && weight.shape.count == 2 {
            let twin = try #require(deep.weights.first { $0.name == weight.name })
            let stranger = try #require(other.weights.first { $0.name == weight.name })
            // Residual projections are scaled by the depth; everything else is the same numbers.
            let scale = deepScale(weight.name)
            for (a, b) in zip(weight.values(), twin.values()) { #expect(abs(a - b * scale) <= 1e-6 * abs(a)) }
            #expect(weight.values() != stranger.values())
        }
    }

    private func deepScale(_ name: String) -> Float {
        let isResidual = [
            "o_proj.weight", "down_proj.weight", "attn.c_proj.weight", "mlp.c_proj.weight", "attention.dense.weight",
            "dense_4h_to_h.weight",
        ]
        .contains { name.hasSuffix($0) }
        return isResidual ? Float(2).squareRoot() : 1
    }

    @Test func initialMatricesAreNormal() throws {
        var config = try ModelConfig(family: .llama, vocab: 500, dim: 200, layers: 1, heads: 4, context: 8)
        config.initStd = 0.02
        let table = try #require(try ModelCatalog.make(config, seed: 3).weights.first).values()
        let count = Double(table.count)
        let mean = table.reduce(0.0) { $0 + Double($1) } / count
        let variance = table.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        let fourth =
            table.reduce(0.0) { $0 + ($1 == 0 ? 0 : pow4((Double($1) - mean) / variance.squareRoot())) } / count
        #expect(abs(mean) < 5 * 0.02 / count.squareRoot())
        #expect(abs(variance.squareRoot() - 0.02) < 2e-4)
        #expect(abs(fourth - 3) < 0.1)
    }

    private func pow4(_ x: Double) -> Double { x * x * x * x }

    @Test(arguments: families)
    func clonesShareNothing(family: ModelFamily) throws {
        let model = try ModelCatalog.make(Self.config(family), seed: 1)
        let copy = try model.clone()
        for (a, b) in zip(model.weights, copy.weights) { #expect(a.values() == b.values()) }
        let first = try #require(copy.weights.first)
        try first.load([Float](repeating: 0, count: first.count))
        #expect(model.weights.first?.values() != first.values())
        let stranger = try ModelCatalog.make(Self.config(family, layers: 1), seed: 1)
        #expect(throws: RhoError.self) { try stranger.copyWeights(from: model) }
    }

    @Test(arguments: families)
    func padsAndOrderOfRowsDoNotMatter(family: ModelFamily) throws {
        let model = try ModelCatalog.make(Self.config(family), seed: 1)
        let a: [Int32] = [1, 2, 3, 4, 5], b: [Int32] = [9, 8, 7, 6, 5]
        let both = try model.loss(TokenGrid(batch: 2, tokens: 5, ids: a + b), targets: b + a).toArray()
        let single = try model.loss(TokenGrid(batch: 1, tokens: 5, ids: b), targets: a).toArray()
        for (x, y) in zip(both[5...], single) { #expect(abs(x - y) < 1e-5) }
        // A later token changes nothing before it.
        let changed = try model.loss(TokenGrid(batch: 1, tokens: 5, ids: [9, 8, 7, 6, 30]), targets: a).toArray()
        for index in 0..<4 { #expect(abs(changed[index] - single[index]) < 1e-6) }
    }

    @Test func documentsDoNotSeeEachOther() throws {
        let model = try ModelCatalog.make(Self.config(.llama), seed: 1)
        let ids: [Int32] = [1, 2, 3, 4, 5, 6], targets: [Int32] = [2, 3, 4, 5, 6, 7]
        let joined = try model.loss(
            TokenGrid(batch: 1, tokens: 6, ids: ids, segmentStart: [0, 0, 0, 3, 3, 3]), targets: targets
        ).toArray()
        let alone = try model.loss(TokenGrid(batch: 1, tokens: 3, ids: [4, 5, 6]), targets: [5, 6, 7]).toArray()
        // Rotary positions are relative, so the second document reads as if it stood alone.
        for (x, y) in zip(joined[3...], alone) { #expect(abs(x - y) < 1e-5) }
    }

    @Test(arguments: families)
    func dropoutFollowsItsKey(family: ModelFamily) throws {
        var config = try Self.config(family)
        config.dropout = 0.3
        let model = try ModelCatalog.make(config, seed: 1)
        let grid = try TokenGrid(batch: 1, tokens: 4, ids: [1, 2, 3, 4])
        func loss(_ key: DropoutKey?) throws -> [Float] {
            try model.loss(grid, targets: [2, 3, 4, 5], dropout: key).toArray()
        }
        let first = try loss(DropoutKey(seed: 1, step: 0))
        #expect(try loss(DropoutKey(seed: 1, step: 0)) == first)
        #expect(try loss(DropoutKey(seed: 1, step: 1)) != first)
        #expect(try loss(nil) != first)
        #expect(try loss(nil) == loss(nil))
    }

    @Test(arguments: families)
    func recomputingGivesTheSameGradients(family: ModelFamily) throws {
        var config = try Self.config(family)
        config.dropout = 0.2
        let model = try ModelCatalog.make(config, seed: 1)
        let grid = try TokenGrid(batch: 2, tokens: 4, ids: [1, 2, 3, 4, 5, 6, 7, 8])
        func gradients() throws -> [[Float]?] {
            let loss = try model.loss(grid, targets: [2, 3, 4, -1, 6, 7, 8, 9], dropout: DropoutKey(seed: 3, step: 2))
            try loss.sum().backward()
            defer { for parameter in model.parameters { parameter.tensor.grad = nil } }
            return try model.weights.map { try $0.gradient() }
        }
        let kept = try gradients()
        model.recompute = true
        #expect(try gradients() == kept)
    }

    @Test(arguments: families)
    func threadsChangeNoBit(family: ModelFamily) throws {
        let config = try ModelConfig(
            family: family, vocab: 203, dim: 48, layers: 2, heads: 4, kvHeads: family.isLlamaLike ? 2 : nil, context: 80
        )
        let ids = (0..<3 * 77).map { Int32($0 * 31 % 203) }
        let grid = try TokenGrid(batch: 3, tokens: 77, ids: ids)
        let before = Parallel.threadCount
        defer { Parallel.threadCount = before }
        var results: [[[Float]]] = []
        for threads in 1...3 {
            Parallel.threadCount = threads
            let model = try ModelCatalog.make(config, seed: 1)
            let optimiser = try AdamW(model.parameters)
            for _ in 0..<2 {
                try model.loss(grid, targets: Array(ids[1...]) + [-1]).mean().backward()
                try optimiser.step(lr: 1e-2, clip: 1)
                optimiser.zeroGrad()
            }
            let continuation = try model.generate([[1, 2, 3]], GenerationOptions(maxNewTokens: 8))[0].ids
            results.append(model.weights.map { $0.values() } + [continuation.map { Float($0) }])
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test func refusesBadGrids() throws {
        let model = try ModelCatalog.make(Self.config(.llama), seed: 1)
        func sentence(_ ids: [Int32], _ targets: [Int32]) -> String {
            do {
                _ = try model.loss(TokenGrid(batch: 1, tokens: ids.count, ids: ids), targets: targets)
                return "accepted"
            } catch { return error.message }
        }
        #expect(sentence([37], [0]) == "token id 37 is outside the model's vocabulary of 37")
        #expect(sentence([-1], [0]) == "token id -1 is outside the model's vocabulary of 37")
        #expect(sentence([1], [0, 1]) == "loss: 1 positions need as many targets, got 2")
        #expect(
            sentence([Int32](repeating: 1, count: 25), [Int32](repeating: 1, count: 25))
                == "a row of 25 tokens does not fit the model's context of 24")
    }
}
