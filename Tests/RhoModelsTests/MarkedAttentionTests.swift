import RhoCore
import RhoModels
import RhoTensor
import Testing

/// How much attention falls on marked positions.
@Suite struct MarkedAttentionTests {
    static let marked = [true, false, true, false, false, true]

    private func shares(
        _ family: ModelFamily, uniform: Bool, marked: [Bool] = marked, segmentStart: [Int32]? = nil
    ) throws -> [Float] {
        let config = try ModelConfig(
            family: family, vocab: 17, dim: 12, layers: 2, heads: 2, kvHeads: family.isLlamaLike ? 1 : nil, context: 8)
        let model = try ModelCatalog.make(config, seed: 3)
        if uniform {
            // Without queries every key gets the same score.
            for weight in model.weights where weight.name.contains("q_proj") {
                try weight.load([Float](repeating: 0, count: weight.count))
            }
        }
        let grid = try TokenGrid(batch: 1, tokens: 6, ids: [1, 5, 2, 16, 0, 7], segmentStart: segmentStart)
        return try model.attention(grid, toMarked: marked, layer: 1).toArray()
    }

    @Test func uniformAttentionIsAShareOfPositions() throws {
        for (share, wanted) in zip(
            try shares(.llama, uniform: true), [1, 1 / 2, 2 / 3, 2 / 4, 2 / 5, 3 / 6] as [Float])
        {
            #expect(abs(share - wanted) < 1e-5)
        }
        let documents = try shares(.llama, uniform: true, segmentStart: [0, 0, 0, 3, 3, 3])
        for (share, wanted) in zip(documents, [1, 1 / 2, 2 / 3, 0, 0, 1 / 3] as [Float]) {
            #expect(abs(share - wanted) < 1e-5)
        }
    }

    @Test(arguments: [ModelFamily.llama, .gpt2])
    func whatIsMarkedAndWhatIsNotMakeOne(_ family: ModelFamily) throws {
        let some = try shares(family, uniform: false)
        let rest = try shares(family, uniform: false, marked: Self.marked.map { !$0 })
        for (a, b) in zip(some, rest) { #expect(abs(a + b - 1) < 1e-5 && a >= 0 && b >= 0) }
        #expect(some[0] > 0.999 && some[1] > 0.001 && some[1] < 0.999)
    }

    @Test func marksAndLayersAreChecked() throws {
        let model = try ModelCatalog.make(
            ModelConfig(family: .llama, vocab: 17, dim: 12, layers: 2, heads: 2, context: 8), seed: 3)
        let grid = try TokenGrid(batch: 1, tokens: 2, ids: [1, 5])
        #expect(throws: RhoError.self) { try model.attention(grid, toMarked: [true], layer: 0) }
        #expect(throws: RhoError.self) { try model.attention(grid, toMarked: [true, false], layer: 2) }
    }
}
