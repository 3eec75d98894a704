import RhoCore
import RhoText
import Testing

/// Any bytes come back, and offsets follow the source.
@Suite struct RoundTripTests {
    static func everyLossless() throws -> [any Tokenizer] {
        try Goldens.lossless.map { try Goldens.tokenizer($0) } + [ByteTokenizer()]
    }

    @Test func randomBytesComeBack() throws {
        for tokenizer in try Self.everyLossless() {
            var stream = RandomStream(seed: 11, name: "round trip")
            for length in 0..<300 {
                let bytes = randomBytes(&stream, count: length)
                let ids = tokenizer.encode(bytes)
                #expect(tokenizer.decode(ids) == bytes)
                #expect(ids.flatMap { tokenizer.bytes(of: $0) } == bytes)
                #expect(ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize && !tokenizer.isSpecial($0) })
            }
        }
    }

    @Test func offsetsAreSumsOfTokenLengths() throws {
        for tokenizer in try Self.everyLossless() {
            var stream = RandomStream(seed: 12, name: "offsets")
            for length in 0..<200 {
                let bytes = randomBytes(&stream, count: length)
                let result = tokenizer.encodeWithOffsets(bytes)
                #expect(result.ids == tokenizer.encode(bytes))
                var end = 0
                #expect(
                    result.byteEnd.map { Int($0) }
                        == result.ids.map { id in
                            end += tokenizer.bytes(of: id).count
                            return end
                        })
            }
        }
    }

    @Test(arguments: Goldens.names) func offsetsOfEveryPipeline(_ name: String) throws {
        let tokenizer = try Goldens.tokenizer(name)
        var texts = try Goldens.samples().map { Array($0.utf8) }
        var stream = RandomStream(seed: 13, name: "pipeline offsets")
        for length in 0..<100 { texts.append(randomBytes(&stream, count: length)) }
        for text in texts {
            let result = tokenizer.encodeWithOffsets(text)
            #expect(result.ids == tokenizer.encode(text))
            #expect(result.byteEnd.count == result.ids.count)
            #expect(zip(result.byteEnd, result.byteEnd.dropFirst()).allSatisfy { $0 <= $1 })
            #expect(result.byteEnd.allSatisfy { $0 >= 0 && Int($0) <= text.count })
            // Steps that drop white space or marks may leave the end of the text without a token.
            if !["bpe_unknown", "unigram_bytes"].contains(name), !text.isEmpty {
                #expect(result.byteEnd.last.map { Int($0) } == text.count, "\(text)")
            }
        }
    }

    @Test func invalidBytesKeepTheirPlace() throws {
        let tokenizer = try Goldens.tokenizer("llama2")
        let text: [UInt8] = [0x61, 0xFF, 0xC3, 0x62]
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }

    @Test func specialTokensNeverAriseFromText() throws {
        for name in Goldens.names {
            let tokenizer = try Goldens.tokenizer(name)
            for text in try Goldens.samples() + ["<|endoftext|>", "<s></s><unk>", "[UNK] [INST]<|begin_of_text|>"] {
                let ids = tokenizer.encode(text)
                let unknown = tokenizer.id(of: "<unk>") ?? tokenizer.id(of: "[UNK]")
                #expect(ids.allSatisfy { !tokenizer.isSpecial($0) || $0 == unknown }, "\(name): \(text)")
            }
        }
    }

    @Test func oneTokenizerServesManyThreads() async throws {
        let tokenizer = try Goldens.tokenizer("gpt4")
        let samples = try Goldens.samples()
        let expected = samples.map { tokenizer.encode($0) }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<20).allSatisfy { _ in samples.map { tokenizer.encode($0) } == expected } }
            }
            for await same in group { #expect(same) }
        }
    }
}
