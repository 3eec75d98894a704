import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import RhoTestSupport
import RhoText
import Testing

@Suite struct HFCheckpointTests {
    private func model(_ family: ModelFamily, tied: Bool = true) throws -> any LanguageModel {
        let config = try ModelConfig(
            family: family, vocab: 31, dim: 16, layers: 2, heads: 4, kvHeads: family.isLlamaLike ? 2 : nil, context: 12,
            tied: tied)
        return try ModelCatalog.make(config, seed: 2)
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "accepted"
        } catch { return (error as? RhoError)?.message ?? "\(error)" }
    }

    @Test(arguments: ModelCatalog.all.map(\.family), [true, false])
    func savedModelsComeBackBitForBit(family: ModelFamily, tied: Bool) throws {
        let directory = try TemporaryDirectory()
        let model = try model(family, tied: tied)
        try HFCheckpoint.save(model, tokenizer: nil, to: directory.file("m"))
        let (back, tokenizer) = try HFCheckpoint.load(directory.file("m"))
        #expect(tokenizer == nil)
        #expect(back.config == model.config)
        for (a, b) in zip(model.weights, back.weights) { #expect(a.values() == b.values()) }
        #expect(try Files.list(directory.path) == ["m"])
        #expect(try Files.list(directory.file("m")) == ["config.json", "generation_config.json", "model.safetensors"])
    }

    @Test func shardsAndHalvesComeBack() throws {
        let directory = try TemporaryDirectory()
        let model = try model(.llama)
        let path = directory.file("m")
        try HFCheckpoint.save(model, tokenizer: nil, to: path, type: .bf16, shardBytes: 2000)
        let shards = try Files.list(path).filter { $0.hasPrefix("model-") }
        #expect(shards.count > 2 && shards[0].hasPrefix("model-00001-of-0000"))
        let back = try HFCheckpoint.loadModel(path)
        for (a, b) in zip(model.weights, back.weights) {
            for (x, y) in zip(a.values(), b.values()) { #expect(abs(x - y) <= abs(x) / 256) }
        }
        try Files.remove(tree: "\(path)/\(shards[1])")
        #expect(
            message { _ = try HFCheckpoint.loadModel(path) }
                == "\(path)/model.safetensors.index.json: shard '\(shards[1])' is missing (\(shards.count) shards listed)"
        )
    }

    @Test(arguments: [(StorageFormat.bf16, ElementType.bf16), (.f16, .f16)])
    func matricesKeptAsTheyLieStayInTheFile(format: StorageFormat, type: ElementType) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("m"), weights = "\(path)/model.safetensors"
        try HFCheckpoint.save(model(.llama), tokenizer: nil, to: path, type: type)
        let bytes = try Files.read(weights)
        let kept = try HFCheckpoint.loadModel(path, as: format)
        let twin = try HFCheckpoint.loadModel(path).kept(as: format)
        func inFile(_ model: any LanguageModel) -> Set<String> {
            Set(model.weights.filter { $0.parameter.tensor.buffer.storage.file != nil }.map(\.name))
        }
        // Queries, keys and values are one matrix here; a checkpoint has another tensor between them.
        let mapped = ["self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
            .flatMap { ["model.layers.0.\($0).weight", "model.layers.1.\($0).weight"] }
        #expect(inFile(kept) == Set(mapped + ["model.embed_tokens.weight"]))
        #expect(inFile(twin).isEmpty)
        for (a, b) in zip(kept.weights, twin.weights) { #expect(a.values() == b.values(), "\(a.name)") }
        let options = GenerationOptions(maxNewTokens: 6)
        #expect(try kept.generate([[1, 2, 3]], options) == twin.generate([[1, 2, 3]], options))

        // Writing takes the numbers out of the file first.
        try kept.copyWeights(from: ModelCatalog.make(twin.config, seed: 9))
        #expect(inFile(kept).isEmpty)
        #expect(kept.weights[0].values() != twin.weights[0].values())
        #expect(try Files.read(weights) == bytes)
    }

    @Test func namesATensorThatHalvesCannotHold() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("m")
        let model = try model(.llama)
        try HFCheckpoint.save(model, tokenizer: nil, to: path, type: .f16)
        let tensors = model.weights.map { weight in
            var values = weight.values()
            if weight.name == "model.layers.1.mlp.up_proj.weight" { values[3] = .infinity }
            return SafetensorsTensor(weight.name, shape: weight.shape, type: .f16, values)
        }
        try Safetensors.write("\(path)/model.safetensors", tensors: tensors)
        #expect(
            message { _ = try HFCheckpoint.loadModel(path, as: .f16) }
                == "\(path)/model.safetensors: tensor 'model.layers.1.mlp.up_proj.weight' holds a number that is not finite"
        )
    }

    @Test func tokenizersTravelWithTheModel() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("m")
        let tokenizer = ByteTokenizer()
        let config = try ModelConfig(family: .llama, vocab: 300, dim: 16, layers: 1, heads: 4, context: 12)
        let model = try ModelCatalog.make(config, seed: 2)
        try HFCheckpoint.save(model, tokenizer: tokenizer, to: path)
        let (back, read) = try HFCheckpoint.load(path)
        #expect(read?.fingerprint == tokenizer.fingerprint)
        #expect(back.config.eosToken == [256])
        let settings = try JSON.parse(Files.read("\(path)/tokenizer_config.json"))
        #expect(settings["eos_token"] == "<|endoftext|>" && settings["model_max_length"] == 12)
        try HFCheckpoint.save(self.model(.llama), tokenizer: tokenizer, to: path)
        #expect(
            message { _ = try HFCheckpoint.load(path) }
                == "\(path)/tokenizer.json: the tokenizer has 257 tokens, the model's vocabulary 31")
    }

    @Test func companionsAreKeptByteForByte() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("m"), model = try model(.llama)
        try HFCheckpoint.save(model, tokenizer: nil, to: path)
        try Files.writeAtomically("\(path)/chat_template.jinja", "{{ messages }}")
        try Files.writeAtomically("\(path)/generation_config.json", "{\"temperature\": 0.6 }")
        let companions = try HFCompanions(directory: path)
        #expect(companions.files.map(\.name) == ["chat_template.jinja", "generation_config.json"])
        try HFCheckpoint.save(model, tokenizer: nil, to: directory.file("n"), companions: companions)
        #expect(try HFCompanions(directory: directory.file("n")) == companions)
    }

    @Test func savingReplacesTheWholeDirectory() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("m")
        try HFCheckpoint.save(try model(.llama), tokenizer: nil, to: path, shardBytes: 2000)
        try HFCheckpoint.save(try model(.gpt2), tokenizer: nil, to: path)
        #expect(try Files.list(path).filter { $0.hasPrefix("model") } == ["model.safetensors"])
        #expect(try HFCheckpoint.loadModel(path).config.family == .gpt2)
        #expect(try Files.list(directory.path) == ["m"])
    }

    @Test func aConfigurationThatLiesAboutItsSizeGetsNoMemory() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("m")
        let model = try model(.llama)
        try HFCheckpoint.save(model, tokenizer: nil, to: path)
        let text = try Files.readText("\(path)/config.json").replacing(
            "\"intermediate_size\": \(model.config.ffWidth)", with: "\"intermediate_size\": 200000000")
        try Files.writeAtomically("\(path)/config.json", text)
        let sentence = message { _ = try HFCheckpoint.loadModel(path) }
        #expect(sentence.hasPrefix("\(path): the configuration describes a model of 192000"), "\(sentence)")
    }

    @Test func wrongWeightsAreNamed() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("m"), file = path + "/model.safetensors"
        let model = try model(.llama)
        try HFCheckpoint.save(model, tokenizer: nil, to: path)
        var tensors = model.weights.map { SafetensorsTensor($0.name, shape: $0.shape, $0.values()) }
        let norm = try #require(tensors.firstIndex { $0.name == "model.norm.weight" })

        tensors[norm] = SafetensorsTensor("model.norm.weight", shape: [4, 4], [Float](repeating: 1, count: 16))
        try Safetensors.write(file, tensors: tensors)
        #expect(
            message { _ = try HFCheckpoint.loadModel(path) }
                == "\(file): tensor 'model.norm.weight' has shape [4, 4], expected [16]")

        tensors[norm] = SafetensorsTensor("model.norms.weight", shape: [16], [Float](repeating: 1, count: 16))
        try Safetensors.write(file, tensors: tensors)
        #expect(
            message { _ = try HFCheckpoint.loadModel(path) }
                == "\(file): tensor 'model.norm.weight' is missing (did you mean 'model.norms.weight'?)")

        tensors[norm] = SafetensorsTensor("model.norm.weight", shape: [16], [Float](repeating: 1, count: 16))
        tensors.append(
            SafetensorsTensor("model.layers.0.self_attn.q_proj.bias", shape: [16], [Float](repeating: 1, count: 16)))
        try Safetensors.write(file, tensors: tensors)
        #expect(
            message { _ = try HFCheckpoint.loadModel(path) }.hasPrefix(
                "\(file): tensor 'model.layers.0.self_attn.q_proj.bias' is not part of a llama model with this config"))

        try Files.writeAtomically(file, Array(try Files.read(file).dropLast(9)))
        #expect(message { _ = try HFCheckpoint.loadModel(path) }.hasPrefix("\(file): truncated: tensor "))
        try Files.remove(tree: file)
        #expect(
            message { _ = try HFCheckpoint.loadModel(path) }
                == "\(path): no weights here: neither model.safetensors nor model.safetensors.index.json")
        #expect(
            message { _ = try HFCheckpoint.loadModel(directory.file("n")) }
                == "\(directory.file("n")): no such directory (did you mean 'm'?)")
        try Files.writeAtomically("\(path)/config.json", #"{"model_type":"llama"}"#)
        #expect(
            message { _ = try HFCheckpoint.loadModel(path) } == "\(path)/config.json: 'num_attention_heads' is missing")
        try Files.writeAtomically("\(path)/config.json", "{")
        #expect(message { _ = try HFCheckpoint.loadModel(path) }.hasPrefix("\(path)/config.json: "))
        try Files.remove(tree: "\(path)/config.json")
        #expect(
            message { _ = try HFCheckpoint.loadModel(path) } == "\(path): not a model directory: config.json is missing"
        )
    }
}
