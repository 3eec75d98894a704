import RhoCore
import RhoModels
import RhoText
import RhoTraining
import Testing

@Suite struct TextGenerationTests {
    static func model(_ seed: UInt64 = 4) throws -> any LanguageModel {
        var config = try ModelConfig(
            family: .llama, vocab: ByteTokenizer().vocabularySize, dim: 16, layers: 1, heads: 2, context: 64)
        config.initStd = 0.5
        return try ModelCatalog.make(config, seed: seed)
    }

    private func options(_ count: Int = 24) -> GenerationOptions {
        GenerationOptions(maxNewTokens: count, temperature: 1, seed: 3)
    }

    @Test func whatIsShownIsWhatIsReturned() throws {
        let model = try Self.model()
        let free = try TextGeneration(model: model, tokenizer: ByteTokenizer(), options: options()).run([
            Array("ab".utf8)
        ])
        let text = free[0].text
        #expect(text.count > 8)
        // Stop texts taken from the continuation itself: one of one byte, one that spans pieces, and one that never ends.
        let stops: [[UInt8]] = [[text[5]], Array(text[3..<6]), Array(text[4..<6]) + [0, 0, 0, 0]]
        for stop in stops {
            var shown: [UInt8] = []
            let generation = TextGeneration(
                model: model, tokenizer: ByteTokenizer(), options: options(), stops: [stop])
            let output = try generation.run([Array("ab".utf8)]) { _, piece in
                shown += piece
                return true
            }[0]
            #expect(shown == output.text)
            let cut = (0...text.count).first {
                text[$0...].starts(with: stop) && !stop.isEmpty && $0 + stop.count <= text.count
            }
            #expect(output.text == Array(text[..<(cut ?? text.count)]))
            #expect((output.end == .stop) == (cut != nil))
        }
    }

    @Test func aListenerEndsItsOwnContinuationOnly() throws {
        let generation = TextGeneration(model: try Self.model(), tokenizer: ByteTokenizer(), options: options(12))
        let prompts = [Array("ab".utf8), Array("cd".utf8)]
        let whole = try generation.run(prompts)
        var pieces = 0
        let cut = try generation.run(prompts) { prompt, _ in
            if prompt == 0 { pieces += 1 }
            return prompt != 0 || pieces < 3
        }
        #expect(cut[1] == whole[1])
        #expect(cut[0].ids == Array(whole[0].ids.prefix(3)) && cut[0].end == .stop)
    }

    @Test func theModelsOwnEndTokensStop() throws {
        let model = try Self.model()
        let free = try TextGeneration(model: model, tokenizer: ByteTokenizer(), options: options()).run([[97]])[0]
        var config = model.config
        config.eosToken = [Int(free.ids[4])]
        let ending = try ModelCatalog.make(config, seed: 4)
        let output = try TextGeneration(model: ending, tokenizer: ByteTokenizer(), options: options()).run([[97]])[0]
        #expect(output.end == .stop)
        #expect(output.ids == Array(free.ids.prefix { $0 != free.ids[4] }))
    }
}
