import RhoCore
import RhoModels
import RhoTensor
import Testing

/// Models whose matrices are kept in 16 bits: they compute what the rounded weights in f32 compute.
@Suite struct StorageTests {
    private let ids: [Int32] = (0..<72).map { Int32($0 % 37) }

    /// A model that is large enough for every way of multiplying, and its twin with rounded weights in f32.
    private func pair(_ family: ModelFamily, _ format: StorageFormat) throws -> (any LanguageModel, any LanguageModel) {
        var config = try ModelConfig(
            family: family, vocab: 37, dim: 40, layers: 2, heads: 4, kvHeads: family.isLlamaLike ? 2 : nil, context: 48,
            tied: family != .qwen2)
        config.initStd = 0.2
        let full = try ModelCatalog.make(config, seed: 3)
        let kept = try full.kept(as: format)
        return (kept, try kept.kept(as: .f32))
    }

    @Test(arguments: ModelTests.families, [StorageFormat.bf16, .f16])
    func computesWithTheRoundedWeights(family: ModelFamily, format: StorageFormat) throws {
        let (kept, twin) = try pair(family, format)
        #expect(kept.parameters.isEmpty && twin.parameters.count > 0)
        for (a, b) in zip(kept.weights, twin.weights) { #expect(a.values() == b.values()) }
        // Few rows and many take different kernels.
        for (rows, tokens) in [(1, 3), (2, 36)] {
            let grid = try TokenGrid(batch: rows, tokens: tokens, ids: Array(ids.prefix(rows * tokens)))
            let targets = Array(ids.dropFirst(1).prefix(rows * tokens - 1)) + [5]
            let (a, b) = (
                try kept.loss(grid, targets: targets, extras: [.entropy, .margin]),
                try twin.loss(grid, targets: targets, extras: [.entropy, .margin])
            )
            for (x, y) in zip(a.loss.toArray(), b.loss.toArray()) { #expect(abs(x - y) < 1e-4) }
            for (x, y) in zip(a.entropy?.toArray() ?? [], b.entropy?.toArray() ?? []) { #expect(abs(x - y) < 1e-4) }
        }
        let options = GenerationOptions(maxNewTokens: 12)
        #expect(try kept.generate([[1, 2, 3], [9]], options) == twin.generate([[1, 2, 3], [9]], options))
        let clone = try kept.clone()
        #expect(clone.config.storage == format)
        for (a, b) in zip(kept.weights, clone.weights) { #expect(a.values() == b.values()) }
    }

    @Test func takesHalfTheMemory() throws {
        let config = try ModelConfig(family: .llama, vocab: 500, dim: 128, layers: 2, heads: 4, context: 16)
        let full = try ModelCatalog.make(config, seed: 1)
        let half = try full.kept(as: .bf16)
        func bytes(_ model: any LanguageModel) -> Int {
            var sizes: [ObjectIdentifier: Int] = [:]
            for weight in model.weights {
                let storage = weight.parameter.tensor.buffer.storage
                sizes[ObjectIdentifier(storage)] = storage.byteCount
            }
            return sizes.values.reduce(0, +)
        }
        #expect(bytes(full) == 4 * config.parameterCount)
        #expect(Double(bytes(half)) < 0.51 * Double(bytes(full)))
        #expect(half.config.trainingMemory(tokens: 0).weights == 2 * config.parameterCount)
    }

    @Test func refusesWhatItCannotKeep() throws {
        func sentence(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "accepted"
            } catch { return (error as? RhoError)?.message ?? "\(error)" }
        }
        let model = try ModelCatalog.make(ModelTests.config(.llama), seed: 1)
        let first = try #require(model.weights.first)
        try first.load([1e6] + [Float](repeating: 0, count: first.count - 1))
        #expect(
            sentence { _ = try model.kept(as: .f16) }
                == "weight 'model.embed_tokens.weight' holds 1000000.0, which f16 cannot keep")
        let half = try model.kept(as: .bf16)
        #expect(
            sentence { _ = try half.adapted(LoRASettings(rank: 2, alpha: 4, targets: ["q_proj"]), seed: 1) }
                == "adapters need a model whose matrices are kept as f32, not bf16")
        #expect(
            sentence {
                _ = try half.loss(TokenGrid(batch: 1, tokens: 2, ids: [1, 2]), targets: [2, 3]).mean().backward()
            }
                == "backward: nothing this tensor was computed from requires a gradient")
    }
}
