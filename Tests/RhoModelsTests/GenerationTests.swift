import RhoCore
import RhoModels
import RhoTensor
import Testing

@Suite struct GenerationTests {
    /// The slow way: run the whole row again for every token and take the best.
    private func greedy(_ model: any LanguageModel, _ prompt: [Int32], _ count: Int) throws -> [Int32] {
        var row = prompt
        for _ in 0..<count {
            let logits = try model.logits(TokenGrid(batch: 1, tokens: row.count, ids: row)).toArray()
            let last = logits[(row.count - 1) * model.config.vocab..<row.count * model.config.vocab]
            var best = last.startIndex
            for index in last.indices where last[index] > last[best] { best = index }
            row.append(Int32(best - last.startIndex))
        }
        return Array(row[prompt.count...])
    }

    @Test(arguments: ModelTests.families)
    func cacheChangesNothing(family: ModelFamily) throws {
        let model = try ModelCatalog.make(ModelTests.config(family), seed: 4)
        let prompts: [[Int32]] = [[3], [1, 2, 3, 4, 5, 6, 7], [9, 9], [30, 20, 10, 0]]
        let results = try model.generate(prompts, GenerationOptions(maxNewTokens: 10))
        for (prompt, result) in zip(prompts, results) { #expect(result.ids == (try greedy(model, prompt, 10))) }
    }

    @Test func slidingWindowHoldsWhileContinuing() throws {
        var config = try ModelTests.config(.mistral)
        config.window = 4
        let model = try ModelCatalog.make(config, seed: 4)
        let result = try model.generate([[1, 2, 3, 4, 5, 6]], GenerationOptions(maxNewTokens: 12))
        #expect(result[0].ids == (try greedy(model, [1, 2, 3, 4, 5, 6], 12)))
    }

    @Test func stopsWhereItShould() throws {
        let model = try ModelCatalog.make(ModelTests.config(.llama), seed: 4)
        let free = try model.generate([[1, 2, 3]], GenerationOptions(maxNewTokens: 8))[0].ids
        let stop = free[3]
        let stopped = try model.generate([[1, 2, 3]], GenerationOptions(maxNewTokens: 8, stopIDs: [stop]))[0]
        #expect(stopped.end == .stop)
        #expect(stopped.ids == Array(free.prefix { $0 != stop }))
        let full = try model.generate([[Int32](repeating: 2, count: 22)], GenerationOptions(maxNewTokens: 50))[0]
        #expect(full.end == .context)
        #expect(full.ids.count == 3)
        var seen: [Int32] = []
        let cut = try model.generate([[1, 2, 3]], GenerationOptions(maxNewTokens: 8)) { _, id in
            seen.append(id)
            return seen.count < 2
        }
        #expect(cut[0].ids == Array(free.prefix(2)) && seen == cut[0].ids)
        #expect(try model.generate([[1]], GenerationOptions(maxNewTokens: 0))[0].ids.isEmpty)
        #expect(try model.generate([]).isEmpty)
    }

    @Test func samplingIsAFunctionOfSeedPromptAndPosition() throws {
        let model = try ModelCatalog.make(ModelTests.config(.llama), seed: 4)
        let options = GenerationOptions(maxNewTokens: 12, temperature: 1, seed: 9)
        let first = try model.generate([[1, 2], [1, 2]], options)
        #expect(try model.generate([[1, 2], [1, 2]], options) == first)
        #expect(try model.generate([[1, 2]], options)[0] == first[0])
        #expect(first[0] != first[1])
        var other = options
        other.seed = 10
        #expect(try model.generate([[1, 2], [1, 2]], other) != first)
        let one = GenerationOptions(maxNewTokens: 12, temperature: 1, topK: 1)
        #expect(try model.generate([[1, 2]], one) == model.generate([[1, 2]], GenerationOptions(maxNewTokens: 12)))
        let narrow = GenerationOptions(maxNewTokens: 12, temperature: 1, topP: 1e-6)
        #expect(try model.generate([[1, 2]], narrow) == model.generate([[1, 2]], GenerationOptions(maxNewTokens: 12)))
    }

    @Test func refusesBadOptions() throws {
        let model = try ModelCatalog.make(ModelTests.config(.llama), seed: 4)
        func sentence(_ prompts: [[Int32]], _ options: GenerationOptions) -> String {
            do {
                _ = try model.generate(prompts, options)
                return "accepted"
            } catch { return error.message }
        }
        #expect(sentence([[1]], GenerationOptions(temperature: -1)) == "temperature must be at least 0, got -1.0")
        #expect(sentence([[1]], GenerationOptions(topK: 0)) == "top_k must be at least 1, got 0")
        #expect(sentence([[1]], GenerationOptions(topP: 0)) == "top_p must be in (0, 1], got 0.0")
        #expect(
            sentence([[1]], GenerationOptions(repetitionPenalty: 0)) == "repetition_penalty must be positive, got 0.0")
        #expect(sentence([[1], []], GenerationOptions()) == "generate: prompt 2 is empty")
        #expect(
            sentence([[99]], GenerationOptions())
                == "generate: prompt 1: token id 99 is outside the model's vocabulary of 37")
        #expect(
            sentence([[Int32](repeating: 1, count: 30)], GenerationOptions())
                == "generate: prompt 1 has 30 tokens, the model's context is 24")
    }
}
