import RhoCore
import RhoText
import Testing

/// Training: the same as the Python package on the same corpus, and the same on any number of threads.
@Suite struct TrainingTests {
    @Test(arguments: [("gpt2", SplitPattern.gpt2), ("gpt4", .gpt4)])
    func equalsHuggingFace(_ name: String, _ pattern: SplitPattern) throws {
        let golden = try Goldens.json(name + ".json")
        let trained = try BPETokenizer.train(
            documents: Goldens.documents(), vocabularySize: 480, pattern: pattern)
        let json = try JSON.parse(trained.tokenizerJSON())
        #expect(json["model"]?["merges"] == golden["model"]?["merges"])
        #expect(json["model"]?["vocab"]?.canonical == golden["model"]?["vocab"]?.canonical)
        #expect(trained.vocabularySize == 480)
        #expect(trained.endOfText == 0)
    }

    @Test(arguments: SplitPattern.allCases) func threadsAndOrderDoNotMatter(_ pattern: SplitPattern) throws {
        let documents = try Goldens.documents()
        var stream = RandomStream(seed: 3, name: "documents")
        let noise = (0..<50).map { _ in randomBytes(&stream, count: 200) }
        func train(_ documents: [[UInt8]], threads: Int) throws -> String {
            try BPETokenizer.train(
                documents: documents, vocabularySize: 400, pattern: pattern, threads: threads
            ).tokenizerJSON()
        }
        let one = try train(documents + noise, threads: 1)
        #expect(try train(documents + noise, threads: 2) == one)
        #expect(try train(noise.reversed() + documents, threads: 3) == one)
    }

    @Test func smallCorpusGivesASmallVocabulary() throws {
        let tokenizer = try BPETokenizer.train(documents: [Array("abab".utf8)], vocabularySize: 5_000)
        #expect(tokenizer.vocabularySize == 259)
        #expect(tokenizer.encode("abab") == [258])
    }

    @Test func noMergeMakesASpecialToken() throws {
        let documents = Array(repeating: Array("hello hello".utf8), count: 10)
        let tokenizer = try BPETokenizer.train(
            documents: documents, vocabularySize: 300, specials: ["<|endoftext|>", "hello"])
        #expect(tokenizer.id(of: "hello") == 1)
        #expect(!tokenizer.encode("hello hello").contains(1))
        #expect(tokenizer.decodeString(tokenizer.encode("hello hello")) == "hello hello")
    }

    @Test func badArguments() {
        func message(_ body: () throws -> PipelineTokenizer) -> String? {
            do { _ = try body() } catch let error as RhoError { return error.message } catch {}
            return nil
        }
        let text = [Array("text".utf8)]
        #expect(
            message { try BPETokenizer.train(documents: text, vocabularySize: 100) }
                == "vocab_size must be from 257 (256 bytes and 1 special tokens) to 4194304, got 100")
        #expect(
            message { try BPETokenizer.train(documents: [], vocabularySize: 300) }
                == "a tokenizer needs text to learn from, got no bytes")
        #expect(
            message { try BPETokenizer.train(documents: text, vocabularySize: 300, specials: ["x"]) }
                == "a special token needs at least two characters, got 'x'")
        #expect(
            message { try BPETokenizer.train(documents: text, vocabularySize: 300, specials: ["<a>", "<a>"]) }
                == "the special token '<a>' is given twice")
        #expect(
            message { try BPETokenizer.train(documents: text, vocabularySize: 300, minimumCount: 0) }
                == "min_frequency must be at least 1, got 0")
    }
}
