import RhoCore
import RhoModels
import RhoText

extension GGUFModel {
    /// Number formats that models can be written in. Norms, biases and rows that do not divide into blocks stay f32 or f16.
    public enum Format: String, Sendable, CaseIterable {
        case f32, f16
        case q8 = "q8_0"
    }

    /// Writes `model`, with `tokenizer` and the chat template if given, as one GGUF file that llama.cpp-based programs read.
    /// Errors: `.io`, `.unsupported` for a model or tokenizer that has no form in GGUF.
    public static func save(
        _ model: any LanguageModel, tokenizer: (any Tokenizer)?, to path: String, format: Format = .f16,
        companions: HFCompanions = .none
    ) throws(RhoError) {
        let model = try model.merged()
        let config = model.config
        let isPermuted = config.family == .llama || config.family == .mistral
        var tensors: [GGUFTensor] = []
        for weight in model.weights {
            let name = try tensorName(weight.name, path)
            let shape = weight.transposed ? weight.shape.reversed() : weight.shape
            let heads = isPermuted ? headCount(name, config) : 0
            tensors.append(
                GGUFTensor(
                    name: name, shape: shape, type: type(of: shape, format),
                    values: { () throws(RhoError) in
                        var values = weight.values()
                        values.withUnsafeMutableBufferPointer { values in
                            if weight.transposed {
                                GGUFRowOrder.transpose(values, rows: shape[1], columns: shape[0])
                            } else if heads > 0 {
                                GGUFRowOrder.toPairs(values, heads: heads, columns: shape[1])
                            }
                        }
                        return values
                    }))
        }
        if case .llama3 = config.ropeScaling {
            let divisors = GGUFRotary.divisors(config)
            tensors.append(
                GGUFTensor(
                    name: GGUFRotary.name, shape: [divisors.count], type: .f32,
                    values: { () throws(RhoError) in divisors }))
        }
        var pairs = try metadata(config)
        if let tokenizer { pairs += try GGUFTokenizer.metadata(tokenizer, vocab: config.vocab) }
        if let template = companions.chatTemplate { pairs.append(("tokenizer.chat_template", .string(template))) }
        try GGUF.write(path, metadata: pairs, tensors: tensors)
    }

    private static func type(of shape: [Int], _ format: Format) -> GGUFType {
        if shape.count == 1 { return .f32 }
        switch format {
        case .f32: return .f32
        case .f16: return .f16
        case .q8: return shape[1] % 32 == 0 ? .q8_0 : .f16
        }
    }

    private static func metadata(_ config: ModelConfig) throws(RhoError) -> [(key: String, value: GGUF.Value)] {
        // Mistral is the llama architecture in GGUF; its window is not expressed there.
        let name = config.family == .mistral ? "llama" : config.family.rawValue
        guard config.window.map({ $0 >= config.context }) ?? true else {
            throw RhoError(.unsupported, "a sliding window cannot be written as GGUF of architecture 'llama'")
        }
        func key(_ short: String) -> String { "\(name).\(short)" }
        func count(_ number: Int) -> GGUF.Value { .integer(Int64(number)) }
        var pairs: [(key: String, value: GGUF.Value)] = [
            ("general.architecture", .string(name)), (key("context_length"), count(config.context)),
            (key("embedding_length"), count(config.dim)), (key("block_count"), count(config.layers)),
            (key("feed_forward_length"), count(config.ffWidth)), (key("attention.head_count"), count(config.heads)),
            (key("vocab_size"), count(config.vocab)),
        ]
        if config.family == .gpt2 {
            pairs.append((key("attention.layer_norm_epsilon"), .number(config.normEps)))
        } else {
            pairs += [
                (key("attention.head_count_kv"), count(config.kvHeads)),
                (key("attention.layer_norm_rms_epsilon"), .number(config.normEps)),
                (key("attention.key_length"), count(config.headWidth)),
                (key("attention.value_length"), count(config.headWidth)),
                (key("rope.dimension_count"), count(config.headWidth)),
                (key("rope.freq_base"), .number(config.ropeTheta)),
            ]
        }
        switch config.ropeScaling {
        case .none: break
        case .linear(let factor):
            pairs += [(key("rope.scaling.type"), .string("linear")), (key("rope.scaling.factor"), .number(factor))]
        case .llama3: break
        }
        if let begin = config.bosToken { pairs.append(("tokenizer.ggml.bos_token_id", count(begin))) }
        if let end = config.eosToken.first { pairs.append(("tokenizer.ggml.eos_token_id", count(end))) }
        return pairs
    }
}

extension GGUFTokenizer {
    /// Metadata for a byte-level BPE tokenizer. Rows of the embedding table beyond the vocabulary get unused names.
    static func metadata(
        _ tokenizer: any Tokenizer, vocab: Int
    ) throws(RhoError) -> [(key: String, value: GGUF.Value)] {
        let json = try JSON.parse(tokenizer.tokenizerJSON())
        guard json["model"]?["type"] == "BPE", json["decoder"]?["type"] == "ByteLevel",
            let vocabulary = json["model"]?["vocab"]?.objectValue, let merges = json["model"]?["merges"]?.arrayValue
        else {
            throw RhoError(.unsupported, "only byte-level BPE tokenizers are written as GGUF")
        }
        var tokens = (0..<vocab).map { "[UNUSED\($0)]" }
        var types = [Int64](repeating: 5, count: vocab)
        for pair in vocabulary.pairs {
            guard let id = pair.value.intValue, tokens.indices.contains(id) else { continue }
            tokens[id] = pair.key
            types[id] = 1
        }
        for token in json["added_tokens"]?.arrayValue ?? [] {
            guard let id = token["id"]?.intValue, tokens.indices.contains(id), let text = token["content"]?.stringValue
            else {
                continue
            }
            tokens[id] = text
            types[id] = token["special"] == true ? 3 : 4
        }
        let lines = merges.map { merge in
            merge.stringValue ?? (merge.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
        }
        return [
            ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string(try preTokenizer(json))),
            ("tokenizer.ggml.tokens", .strings(tokens)), ("tokenizer.ggml.token_type", .integers(types)),
            ("tokenizer.ggml.merges", .strings(lines)),
            ("tokenizer.ggml.add_bos_token", .bool(tokenizer.beginOfText != nil)),
        ]
    }

    /// llama.cpp's name for the way the tokenizer cuts text.
    private static func preTokenizer(_ json: JSON) throws(RhoError) -> String {
        let steps = json["pre_tokenizer"]?["pretokenizers"]?.arrayValue ?? [json["pre_tokenizer"] ?? .null]
        // Without merges the cuts do not matter.
        if json["model"]?["merges"]?.arrayValue?.isEmpty == true { return "gpt-2" }
        let digits = steps.contains { $0["type"] == "Digits" && $0["individual_digits"] == true }
        let pattern = steps.first { $0["type"] == "Split" }?["pattern"]?["Regex"]?.stringValue ?? ""
        guard let known = preTokenizers.first(where: { $0.digits == digits && $0.pattern == pattern }) else {
            throw RhoError(.unsupported, "the tokenizer cuts text in a way that has no name in GGUF")
        }
        return known.name
    }
}
