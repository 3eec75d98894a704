import RhoCore
import RhoModels
import RhoTensor
import Testing

/// Adapters: they change nothing at first, train alone, and merge into the same function.
@Suite struct LoRATests {
    private static let targetSets = [["q_proj", "v_proj"], ["k_proj", "o_proj", "up_proj"], LoRASettings.supported]
    private let targets: [Int32] = [2, 3, 4, 5, 6, -1, 8, 9, 10, 11, 12, 13]

    private func grid() throws -> TokenGrid {
        try TokenGrid(batch: 2, tokens: 6, ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    }

    /// A model with adapters whose second factors are not zero, as after training.
    private func trained(_ family: ModelFamily, _ targets: [String]) throws -> any LanguageModel {
        let base = try ModelCatalog.make(ModelTests.config(family), seed: 3)
        let model = try base.adapted(LoRASettings(rank: 3, alpha: 6, targets: targets), seed: 8)
        for weight in model.weights where weight.name.hasSuffix("lora_B.weight") {
            var stream = RandomStream(seed: 5, name: weight.name)
            try weight.load((0..<weight.count).map { _ in Float(stream.normal() * 0.1) })
        }
        return model
    }

    @Test(arguments: [ModelFamily.llama, .qwen2, .qwen3])
    func freshAdaptersChangeNothing(family: ModelFamily) throws {
        let base = try ModelCatalog.make(ModelTests.config(family), seed: 3)
        let model = try base.adapted(LoRASettings(rank: 2, alpha: 4, targets: LoRASettings.supported), seed: 8)
        #expect(model.parameterCount == model.config.adapterParameterCount)
        #expect(model.config.parameterCount == base.parameterCount)
        let (a, b) = (
            try base.loss(grid(), targets: targets).toArray(), try model.loss(grid(), targets: targets).toArray()
        )
        for (x, y) in zip(a, b) { #expect(abs(x - y) < 1e-5) }
    }

    @Test(arguments: targetSets)
    func mergingKeepsTheFunction(targets names: [String]) throws {
        let model = try trained(.llama, names)
        let merged = try model.merged()
        #expect(merged.config.lora == nil && merged.parameterCount == model.config.parameterCount)
        let (a, b) = (
            try model.loss(grid(), targets: targets).toArray(), try merged.loss(grid(), targets: targets).toArray()
        )
        for (x, y) in zip(a, b) { #expect(abs(x - y) < 2e-5) }
        let base = try ModelCatalog.make(ModelTests.config(.llama), seed: 3)
        #expect(try base.loss(grid(), targets: targets).toArray() != a)
    }

    @Test(arguments: targetSets, [false, true])
    func gradientsMatchDifferences(targets names: [String], recompute: Bool) throws {
        let model = try trained(.llama, names)
        model.recompute = recompute
        func objective() throws -> Tensor { try model.loss(grid(), targets: targets).sum() }
        try objective().backward()
        for weight in model.weights where !weight.name.contains("lora_") { #expect(try weight.gradient() == nil) }
        // The derivative along a random direction of each factor.
        for parameter in model.parameters {
            var stream = RandomStream(seed: 2, name: parameter.name)
            let length = Float(parameter.count).squareRoot()
            let direction = (0..<parameter.count).map { _ in Float(stream.normal()) / length }
            let gradient = try #require(parameter.tensor.grad).toArray()
            let slope = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let values = parameter.tensor.toArray()
            func loss(at step: Float) throws -> Double {
                try parameter.tensor.write(0..<parameter.count, zip(values, direction).map { $0 + step * $1 })
                return try objective().toArray().reduce(0.0) { $0 + Double($1) }
            }
            // A five-point stencil: its error of order h⁴ allows a step that rounding does not drown.
            let h: Float = 0.03
            let near = try loss(at: h) - loss(at: -h), far = try loss(at: 2 * h) - loss(at: -2 * h)
            let difference = (8 * near - far) / Double(12 * h)
            try parameter.tensor.write(0..<parameter.count, values)
            #expect(abs(difference - slope) < 1e-2 * max(1, abs(slope)), "\(parameter.name)")
        }
    }

    @Test func trainingMovesTheAdaptersAlone() throws {
        let base = try ModelCatalog.make(ModelTests.config(.llama), seed: 3)
        let model = try base.adapted(
            LoRASettings(rank: 4, alpha: 8, targets: ["q_proj", "v_proj", "down_proj"]), seed: 8)
        let optimiser = try AdamW(model.parameters)
        var losses: [Float] = []
        for _ in 0..<30 {
            let loss = try model.loss(grid(), targets: targets).mean()
            losses.append(try loss.item())
            try loss.backward()
            _ = try optimiser.step(lr: 2e-2, clip: 1)
            optimiser.zeroGrad()
        }
        #expect(losses[29] < 0.8 * losses[0])
        let clone = try model.clone()
        for (weight, twin) in zip(model.weights, clone.weights) { #expect(weight.values() == twin.values()) }
        for weight in base.weights {
            let now = try #require(model.weights.first { $0.name == weight.name })
            #expect(now.values() == weight.values())
        }
    }

    @Test func settingsTravelWithTheConfig() throws {
        var config = try ModelTests.config(.llama)
        config.lora = LoRASettings(rank: 4, alpha: 8, targets: ["q_proj", "down_proj"])
        #expect(try ModelConfig.fromHF(JSON.parse(config.toHF().serialized())) == config)
        let memory = config.trainingMemory(tokens: 64)
        #expect(memory.gradients == 4 * config.adapterParameterCount && memory.optimiser == 2 * memory.gradients)
        #expect(config.trainingFLOPsPerToken(context: 24) < 6 * Double(config.parameterCount))
    }

    @Test func explainsWhatDoesNotFit() throws {
        func sentence(_ family: ModelFamily, _ rank: Int, _ alpha: Double, _ targets: [String]) -> String {
            do {
                let base = try ModelCatalog.make(ModelTests.config(family), seed: 3)
                let model = try base.adapted(LoRASettings(rank: rank, alpha: alpha, targets: targets), seed: 1)
                _ = try model.adapted(LoRASettings(rank: rank, alpha: alpha, targets: targets), seed: 1)
                return "accepted"
            } catch { return (error as? RhoError)?.message ?? "\(error)" }
        }
        #expect(sentence(.llama, 0, 1, ["q_proj"]) == "rank must be in [1, 16], got 0")
        #expect(sentence(.llama, 2, 0, ["q_proj"]) == "alpha must be positive, got 0.0")
        #expect(sentence(.llama, 2, 1, []) == "targets must name at least one matrix")
        #expect(
            sentence(.llama, 2, 1, ["q_porj"])
                == "target 'q_porj' is no matrix of a layer (did you mean 'q_proj'?); "
                + "there are q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj")
        #expect(
            sentence(.gpt2, 2, 1, ["q_proj"])
                == "LoRA is built for the Llama line, not for models of family 'gpt2'")
        #expect(sentence(.llama, 2, 1, ["q_proj"]) == "the model has LoRA adapters already")
    }
}
