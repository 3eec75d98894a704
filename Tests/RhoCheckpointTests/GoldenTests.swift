import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import Testing

/// Models against transformers: the same weights, batch and selection mask must give the same numbers.
@Suite struct GoldenTests {
    static let trained = ["llama_untied", "llama_tied", "gpt2", "gpt_neox"]
    static let families = trained + ["llama3_rope", "mistral", "qwen2", "qwen3", "gpt_neox_serial"]

    @Test(arguments: families)
    func lossesMatch(family: String) throws {
        let golden = try Golden(family)
        let model = try HFCheckpoint.loadModel(golden.directory)
        #expect(model.parameterCount == golden.parameters)
        #expect(model.config.parameterCount == golden.parameters)
        let losses = try model.loss(golden.grid, targets: golden.targets).toArray()
        #expect(relativeDistance(losses, golden.tokenLosses) < 1e-5)
        for (index, target) in golden.targets.enumerated() where target < 0 { #expect(losses[index] == 0) }
        let logits = try model.logits(golden.grid).toArray()
        let vocab = model.config.vocab, tokens = golden.grid.tokens
        var last: [Float] = []
        for row in 1...golden.grid.batch { last += logits[(row * tokens - 1) * vocab..<row * tokens * vocab] }
        #expect(relativeDistance(last, golden.lastLogits) < 1e-5)
    }

    @Test(arguments: families)
    func everyGradientMatches(family: String) throws {
        let golden = try Golden(family)
        let model = try HFCheckpoint.loadModel(golden.directory)
        try objective(model, golden).backward()
        for weight in model.weights {
            let expected = try golden.tensors.floats("grad.\(weight.name)", shape: weight.shape)
            let gradient = try #require(try weight.gradient())
            let keys = Self.keyBias(weight, model.config)
            #expect(relativeDistance(gradient, expected) { !keys.contains($0) } < 1e-5, "\(weight.name)")
            for index in keys { #expect(abs(gradient[index]) < 1e-6) }
        }
    }

    @Test(arguments: trained)
    func tenStepsMatch(family: String) throws {
        let golden = try Golden(family)
        let model = try HFCheckpoint.loadModel(golden.directory)
        let optimiser = try AdamW(model.parameters, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1)
        var rates = 0.0
        for step in golden.steps {
            let loss = try objective(model, golden)
            #expect(abs(Double(try loss.item()) - step.loss) < 1e-5 * step.loss)
            try loss.backward()
            let norm = try optimiser.step(lr: Float(step.rate), clip: 1)
            #expect(abs(norm - step.gradientNorm) < 1e-5 * step.gradientNorm)
            optimiser.zeroGrad()
            rates += step.rate
        }
        for weight in model.weights {
            let expected = try golden.tensors.floats("final.\(weight.name)", shape: weight.shape)
            let values = weight.values()
            let keys = Self.keyBias(weight, model.config)
            #expect(relativeDistance(values, expected) { !keys.contains($0) } < 1e-5, "\(weight.name)")
            // Adam divides rounding noise by its own size, so a weight without a gradient may wander by the rates.
            for index in keys { #expect(abs(values[index] - expected[index]) <= Float(2 * rates)) }
        }
    }

    @Test(arguments: families)
    func greedyContinuationsMatch(family: String) throws {
        let golden = try Golden(family)
        let model = try HFCheckpoint.loadModel(golden.directory)
        for penalty in [1.0, 1.3] {
            let cases = golden.greedy.filter { $0.penalty == penalty }
            let options = GenerationOptions(maxNewTokens: 12, repetitionPenalty: penalty)
            let results = try model.generate(cases.map(\.prompt), options)
            #expect(results.map(\.ids) == cases.map(\.continuation))
            #expect(results.allSatisfy { $0.end == .length })
        }
    }

    private func objective(_ model: any LanguageModel, _ golden: Golden) throws -> Tensor {
        let weights = try Tensor.from(golden.weights, [golden.grid.batch, golden.grid.tokens])
        return try model.loss(golden.grid, targets: golden.targets).mul(weights).sum()
    }

    /// Places of key biases that no rotation reaches: all of GPT-2's, and those of GPT-NeoX that stay in place. Such a bias
    /// shifts all scores of a query alike, so its gradient is zero but for rounding (with rotary positions it is not: the
    /// shift depends on the distance).
    private static func keyBias(_ weight: WeightView, _ config: ModelConfig) -> Set<Int> {
        if weight.name.hasSuffix("attn.c_attn.bias") { return Set(config.dim..<2 * config.dim) }
        guard weight.name.hasSuffix("query_key_value.bias") else { return [] }
        var places = Set<Int>()
        for head in 0..<config.heads {
            let keys = (3 * head + 1) * config.headWidth
            places.formUnion(keys + config.rotaryWidth..<keys + config.headWidth)
        }
        return places
    }
}
