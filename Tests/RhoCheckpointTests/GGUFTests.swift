import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import RhoTestSupport
import RhoText
import Testing

@Suite struct GGUFTests {
    private func golden(_ name: String) -> String { "\(Golden.directory("gguf"))/\(name)" }

    @Test(arguments: GGUFType.allCases)
    func dequantisesLikeTheReference(type: GGUFType) throws {
        let file = try GGUF(path: golden("quants.gguf"))
        let expected = try Safetensors(path: golden("quants.safetensors"))
        let name = "\(type)".uppercased()
        #expect(file.entry(name)?.type == type)
        #expect(try file.floats(name, shape: [2, 256]) == expected.floats(name, shape: [2, 256]))
    }

    @Test func aLlamaFileGivesTheModelItWasMadeFrom() throws {
        let golden = try Golden("llama_tied")
        let model = try GGUFModel.load(self.golden("llama.gguf"))
        let original = try HFCheckpoint.loadModel(golden.directory)
        #expect(model.config == original.config)
        for (a, b) in zip(model.weights, original.weights) { #expect(a.values() == b.values(), "\(a.name)") }
        let losses = try model.loss(golden.grid, targets: golden.targets).toArray()
        #expect(relativeDistance(losses, golden.tokenLosses) < 1e-5)
    }

    @Test func refusesFilesThatLie() throws {
        let directory = try TemporaryDirectory()
        let whole = try Files.read(golden("quants.gguf"))
        func sentence(_ change: (inout [UInt8]) -> Void) throws -> String {
            var bytes = whole
            change(&bytes)
            let path = try directory.write("x.gguf", bytes)
            do {
                _ = try GGUF(path: path)
                return "accepted"
            } catch { return error.message.replacingPrefix(path + ": ", with: "") }
        }
        #expect(try sentence { _ in } == "accepted")
        #expect(
            try sentence { $0[0] = 0 } == "not a GGUF file: it does not start with 'GGUF' and a header of 24 bytes")
        #expect(try sentence { $0 = [] }.hasPrefix("not a GGUF file: "))
        #expect(try sentence { $0[4] = 9 } == "GGUF version 9 is not supported; supported: 2, 3 (little-endian)")
        #expect(
            try sentence { $0[15] = 255 }
                == "the header claims 18374686479671623691 tensors, more than the file can hold")
        #expect(try sentence { $0.removeLast(1000) }.hasPrefix("truncated: tensor '"))
        #expect(try sentence { $0.removeSubrange(60...) }.hasPrefix("t"))
        // The first key's length.
        #expect(
            try sentence { for byte in 24..<32 { $0[byte] = 255 } }
                == "the header claims 18446744073709551615 bytes of text, more than the file can hold")
    }

    @Test func noDamagedHeaderIsTrusted() throws {
        let directory = try TemporaryDirectory()
        let whole = try Files.read(golden("quants.gguf"))
        var stream = RandomStream(seed: 1, name: "damage")
        for round in 0..<80 {
            var bytes = whole
            for _ in 0...round % 3 { bytes[stream.below(900)] = UInt8(truncatingIfNeeded: stream.next()) }
            let path = directory.file("x.gguf")
            try bytes.withUnsafeBytes { try Files.writeAtomically(path, $0) }
            // Either a sentence, or a file whose every tensor can be read.
            guard let file = try? GGUF(path: path) else { continue }
            for entry in file.entries { #expect(try file.floats(entry.name, shape: entry.shape).count == entry.count) }
        }
    }

    @Test(arguments: [ModelFamily.llama, .qwen2, .qwen3, .gpt2], GGUFModel.Format.allCases)
    func savedFilesComeBack(family: ModelFamily, format: GGUFModel.Format) throws {
        let directory = try TemporaryDirectory()
        let config = try ModelConfig(
            family: family, vocab: 40, dim: 32, layers: 2, heads: 4, kvHeads: family.isLlamaLike ? 2 : nil, ffWidth: 64,
            context: 12, tied: family != .qwen2)
        let model = try ModelCatalog.make(config, seed: 2)
        let path = directory.file("m.gguf")
        try GGUFModel.save(model, tokenizer: nil, to: path, format: format)
        let back = try GGUFModel.load(path)
        #expect(back.config == config)
        for (a, b) in zip(model.weights, back.weights) {
            let values = a.values()
            let largest = values.map { abs($0) }.max() ?? 0
            let bound: Float =
                format == .f32 || a.shape.count == 1 ? 0 : format == .f16 ? largest / 2048 : largest / 200
            for (x, y) in zip(values, b.values()) { #expect(abs(x - y) <= bound, "\(a.name)") }
        }
    }

    @Test func llama3FrequenciesComeBack() throws {
        let directory = try TemporaryDirectory()
        var config = try ModelConfig(family: .llama, vocab: 40, dim: 64, layers: 1, heads: 2, ffWidth: 64, context: 64)
        config.ropeTheta = 500_000
        config.ropeScaling = .llama3(factor: 32, low: 1, high: 4, original: 8192)
        let path = directory.file("m.gguf")
        try GGUFModel.save(ModelCatalog.make(config, seed: 2), tokenizer: nil, to: path)
        #expect(try GGUFModel.load(path).config == config)
        config.ropeScaling = .llama3(factor: 32, low: 1, high: 5, original: 8192)
        try GGUFModel.save(ModelCatalog.make(config, seed: 2), tokenizer: nil, to: path)
        #expect(
            throws: RhoError(.unsupported, "\(path): tensor 'rope_freqs.weight' does not hold Llama 3's frequencies")
        ) {
            try GGUFModel.load(path)
        }
    }

    @Test func tokenizersTravelInTheMetadata() throws {
        let directory = try TemporaryDirectory()
        let documents = (0..<60).map { Array("The farm has \($0) hens and \($0 * 7 % 13) pigs.\n".utf8) }
        let trained = try BPETokenizer.train(documents: documents, vocabularySize: 300)
        let config = try ModelConfig(family: .llama, vocab: 320, dim: 32, layers: 1, heads: 4, context: 12)
        let model = try ModelCatalog.make(config, seed: 2)
        let text = "The farm has 35 hens <Apr12 1:24>\t and 12 pigs. Caf\u{e9} \u{4f60}\u{597d} \u{1f600}\n\n"
        for tokenizer in [trained, ByteTokenizer()] as [any Tokenizer] {
            let path = directory.file("m.gguf")
            try GGUFModel.save(model, tokenizer: tokenizer, to: path)
            let back = try GGUFTokenizer.load(GGUF(path: path))
            #expect(back.encode(text) == tokenizer.encode(text))
            #expect(back.decodeString(back.encode(text)) == text)
            #expect(back.endOfText == tokenizer.endOfText)
        }
    }

    @Test func theBeginTokenAndTheChatTemplateTravelToo() throws {
        let directory = try TemporaryDirectory()
        var json = try #require(JSON.parse(ByteTokenizer().tokenizerJSON()).objectValue)
        json["post_processor"] = [
            "type": "TemplateProcessing",
            "single": [
                ["SpecialToken": ["id": "<|endoftext|>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]],
            ], "pair": [],
            "special_tokens": ["<|endoftext|>": ["id": "<|endoftext|>", "ids": [256], "tokens": ["<|endoftext|>"]]],
        ]
        let tokenizer = try TokenizerCatalog.load(json: .object(json))
        #expect(tokenizer.beginOfText == 256)
        var config = try ModelConfig(family: .llama, vocab: 257, dim: 32, layers: 1, heads: 4, context: 12)
        config.bosToken = 256
        try Files.makeDirectory(directory.file("t"))
        try Files.writeAtomically(directory.file("t/chat_template.jinja"), "{{ messages }}")
        let companions = try HFCompanions(directory: directory.file("t"))
        let path = directory.file("m.gguf")
        try GGUFModel.save(ModelCatalog.make(config, seed: 2), tokenizer: tokenizer, to: path, companions: companions)
        let back = try PretrainedModel.load(path)
        #expect(back.tokenizer?.beginOfText == 256 && back.companions == companions)
        #expect(try PretrainedModel.load(directory.path).model.config == back.model.config)
        try Files.writeAtomically(directory.file("n.gguf"), "")
        #expect(throws: RhoError.self) { try PretrainedModel.load(directory.path) }
    }

    @Test func refusesOtherArchitectures() throws {
        let directory = try TemporaryDirectory()
        var bytes = try Files.read(golden("llama.gguf"))
        // general.architecture = "llama" is the first pair: change its value to one of the same length.
        let place = try #require(bytes.firstRange(of: Array("llama".utf8)))
        bytes.replaceSubrange(place, with: Array("mamba".utf8))
        let path = try directory.write("m.gguf", bytes)
        do {
            _ = try GGUFModel.load(path)
            Issue.record("loaded")
        } catch {
            #expect(error.code == .unsupported)
            #expect(
                error.message == "\(path): architecture 'mamba' is not supported; supported: llama, qwen2, qwen3, gpt2")
        }
    }
}
