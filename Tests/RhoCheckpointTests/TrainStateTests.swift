import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import RhoTestSupport
import Testing

@Suite struct TrainStateTests {
    private func fresh(dim: Int = 16) throws -> (any LanguageModel, AdamW) {
        let config = try ModelConfig(family: .llama, vocab: 31, dim: dim, layers: 1, heads: 4, context: 12)
        let model = try ModelCatalog.make(config, seed: 2)
        return (model, try AdamW(model.parameters))
    }

    private func train(_ model: any LanguageModel, _ optimiser: AdamW, steps: Range<Int>) throws {
        for step in steps {
            let ids = (0..<8).map { Int32(($0 * 5 + step * 3) % 31) }
            let grid = try TokenGrid(batch: 1, tokens: 8, ids: ids)
            try model.loss(grid, targets: Array(ids[1...]) + [0]).mean().backward()
            try optimiser.step(lr: 1e-2, clip: 1)
            optimiser.zeroGrad()
        }
    }

    private func bits(_ model: any LanguageModel) -> [[Float]] { model.weights.map { $0.values() } }

    @Test func resumeEqualsUninterrupted() throws {
        let directory = try TemporaryDirectory()
        let root = directory.file("run/checkpoints")
        let (straight, straightOptimiser) = try fresh()
        try train(straight, straightOptimiser, steps: 0..<6)

        let (first, firstOptimiser) = try fresh()
        try train(first, firstOptimiser, steps: 0..<3)
        let path = try TrainState(step: 3, values: ["tokens": 24, "seen": [1, 2.5]]).save(
            root: root, model: first, optimiser: firstOptimiser, tokenizer: nil)
        #expect(path == "\(root)/step-000003")
        #expect(try Files.readText("\(root)/latest") == "step-000003\n")

        let (second, secondOptimiser) = try fresh()
        let restored = try #require(
            try TrainState.restoreLatest(root: root, model: second, optimiser: secondOptimiser))
        #expect(restored.state == TrainState(step: 3, values: ["tokens": 24, "seen": [1, 2.5]]))
        #expect(restored.warnings.isEmpty && secondOptimiser.stepCount == 3)
        try train(second, secondOptimiser, steps: 3..<6)
        #expect(bits(second) == bits(straight))
    }

    @Test func damagedCheckpointsArePassedOver() throws {
        let directory = try TemporaryDirectory()
        let root = directory.file("c")
        let (model, optimiser) = try fresh()
        for step in 1...3 {
            try train(model, optimiser, steps: step..<step + 1)
            try TrainState(step: step).save(root: root, model: model, optimiser: optimiser, tokenizer: nil)
        }
        let broken = "\(root)/step-000003/optimizer.safetensors"
        try Files.writeAtomically(broken, Array(try Files.read(broken).dropLast(100)))
        try Files.writeAtomically("\(root)/step-000002/trainer_state.json", "{\"version\": 1")
        let (other, otherOptimiser) = try fresh()
        let before = bits(other)
        let restored = try #require(try TrainState.restoreLatest(root: root, model: other, optimiser: otherOptimiser))
        #expect(restored.state.step == 1 && otherOptimiser.stepCount == 1)
        #expect(restored.warnings.count == 2)
        #expect(
            restored.warnings[0].hasPrefix(
                "checkpoint \(root)/step-000003 cannot be used and is passed over: \(broken): truncated: tensor "))
        #expect(restored.warnings[1].hasPrefix("checkpoint \(root)/step-000002 cannot be used and is passed over: "))
        #expect(bits(other) != before)

        try Files.remove(tree: "\(root)/step-000001/model.safetensors")
        let (third, thirdOptimiser) = try fresh()
        let untouched = bits(third)
        do {
            _ = try TrainState.restoreLatest(root: root, model: third, optimiser: thirdOptimiser)
            Issue.record("restored from damaged checkpoints")
        } catch {
            #expect(error.code == .checkpoint)
            #expect(error.message.hasPrefix("no checkpoint under \(root) can be used; "))
        }
        #expect(bits(third) == untouched && thirdOptimiser.stepCount == 0)
    }

    @Test func anotherModelIsAMismatch() throws {
        let directory = try TemporaryDirectory()
        let (model, optimiser) = try fresh()
        try TrainState(step: 1).save(root: directory.path, model: model, optimiser: optimiser, tokenizer: nil)
        let (other, otherOptimiser) = try fresh(dim: 32)
        do {
            _ = try TrainState.restoreLatest(root: directory.path, model: other, optimiser: otherOptimiser)
            Issue.record("restored another model")
        } catch { #expect(error.code == .mismatch) }
    }

    @Test func nothingThereIsNil() throws {
        let directory = try TemporaryDirectory()
        let (model, optimiser) = try fresh()
        #expect(try TrainState.restoreLatest(root: directory.file("none"), model: model, optimiser: optimiser) == nil)
        try Files.makeDirectory(directory.file("step-000009.tmp"))
        #expect(try TrainState.restoreLatest(root: directory.path, model: model, optimiser: optimiser) == nil)
    }

    @Test func onlyTheNewestAreKept() throws {
        let directory = try TemporaryDirectory()
        let (model, _) = try fresh()
        for step in [5, 10, 1_000_000] {
            try TrainState(step: step).save(
                root: directory.path, model: model, optimiser: nil, tokenizer: nil, keeping: 2)
        }
        #expect(try TrainState.checkpoints(in: directory.path) == ["step-1000000", "step-000010"])
    }
}
