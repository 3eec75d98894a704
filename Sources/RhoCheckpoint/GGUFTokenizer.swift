import RhoCore
import RhoText

/// The tokenizer in a GGUF file's metadata, rebuilt as the tokenizer.json it came from.
public enum GGUFTokenizer {
    /// How llama.cpp names the ways of cutting text that are known here, and the regular expression of each.
    /// An empty expression is GPT-2's own, which tokenizer.json leaves to its ByteLevel step.
    static let preTokenizers: [(name: String, pattern: String, digits: Bool)] = [
        ("gpt-2", "", false), ("smollm", "", true),
        ("llama-bpe", SplitExpression.llama3, false), ("llama3", SplitExpression.llama3, false),
        ("qwen2", SplitExpression.qwen2, false),
    ]

    /// Builds the tokenizer. Errors: `.checkpoint` for missing metadata, `.unsupported` for another kind of tokenizer.
    public static func load(_ file: GGUF) throws(RhoError) -> any Tokenizer {
        try TokenizerCatalog.load(json: tokenizerJSON(file))
    }

    /// Whether the file carries a tokenizer.
    public static func isPresent(_ file: GGUF) -> Bool { file["tokenizer.ggml.tokens"] != nil }

    /// The tokenizer.json that stands for the metadata.
    public static func tokenizerJSON(_ file: GGUF) throws(RhoError) -> JSON {
        guard case .strings(let tokens) = file["tokenizer.ggml.tokens"] else {
            throw RhoError(.checkpoint, "\(file.path): metadata 'tokenizer.ggml.tokens' is missing")
        }
        var types = [Int64](repeating: 1, count: tokens.count)
        if case .integers(let given) = file["tokenizer.ggml.token_type"], given.count == tokens.count { types = given }
        switch try file.string("tokenizer.ggml.model") {
        case "gpt2":
            guard case .strings(let merges) = file["tokenizer.ggml.merges"] else {
                throw RhoError(.checkpoint, "\(file.path): metadata 'tokenizer.ggml.merges' is missing")
            }
            return try byteLevel(file, tokens, types, merges)
        case "llama":
            guard case .numbers(let scores) = file["tokenizer.ggml.scores"], scores.count == tokens.count else {
                throw RhoError(
                    .checkpoint, "\(file.path): metadata 'tokenizer.ggml.scores' is missing or of another length")
            }
            return try sentencePiece(file, tokens, types, scores)
        case let kind:
            throw RhoError(
                .unsupported, "\(file.path): tokenizer model '\(kind)' is not supported; supported: gpt2, llama")
        }
    }

    private static func byteLevel(
        _ file: GGUF, _ tokens: [String], _ types: [Int64], _ merges: [String]
    ) throws(RhoError) -> JSON {
        let name = try file.string("tokenizer.ggml.pre")
        guard let pre = preTokenizers.first(where: { $0.name == name }) else {
            let known = preTokenizers.map(\.name)
            throw RhoError(
                .unsupported,
                "\(file.path): pre-tokenizer '\(name)' is not supported\(suggestion(for: name, in: known)); "
                    + "supported: \(known.joined(separator: ", "))")
        }
        var steps: [JSON] = []
        if pre.digits { steps.append(["type": "Digits", "individual_digits": true]) }
        if !pre.pattern.isEmpty {
            steps.append([
                "type": "Split", "pattern": ["Regex": .string(pre.pattern)], "behavior": "Isolated", "invert": false,
            ])
        }
        steps.append(byteLevelStep(usesPattern: pre.pattern.isEmpty))
        let bytes = byteLevelStep(usesPattern: true)
        return [
            "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": addedTokens(tokens, types),
            "normalizer": name == "qwen2" ? ["type": "NFC"] : nil,
            "pre_tokenizer": steps.count == 1 ? steps[0] : ["type": "Sequence", "pretokenizers": .array(steps)],
            "post_processor": begin(file, tokens, byDefault: pre.pattern == SplitExpression.llama3) ?? bytes,
            "decoder": bytes,
            "model": model(
                tokens, merges: merges, unknown: nil, byteFallback: false,
                ignoresMerges: pre.pattern == SplitExpression.llama3),
        ]
    }

    private static func byteLevelStep(usesPattern: Bool) -> JSON {
        ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": JSON(usesPattern)]
    }

    /// SentencePiece's BPE keeps a score per token instead of a list of merges. Two tokens merge when their union is a
    /// token, the best union first; that is the list.
    private static func sentencePiece(
        _ file: GGUF, _ tokens: [String], _ types: [Int64], _ scores: [Double]
    ) throws(RhoError) -> JSON {
        var ids: [[UInt8]: Int] = [:]
        for (id, token) in tokens.enumerated() where ids[Array(token.utf8)] == nil { ids[Array(token.utf8)] = id }
        var merges: [(score: Double, left: Int, right: Int, text: String)] = []
        for (id, token) in tokens.enumerated() where types[id] == 1 {
            let bytes = Array(token.utf8)
            for cut in 1..<max(bytes.count, 1) where bytes[cut] & 0xC0 != 0x80 {
                guard let left = ids[Array(bytes[..<cut])], let right = ids[Array(bytes[cut...])] else { continue }
                merges.append((scores[id], left, right, "\(tokens[left]) \(tokens[right])"))
            }
        }
        merges.sort { ($1.score, $0.left, $0.right) < ($0.score, $1.left, $1.right) }
        let unknown = types.firstIndex(of: 2).map { tokens[$0] }
        let spaced = file["tokenizer.ggml.add_space_prefix"] != .bool(false)
        var normalizers: [JSON] = [["type": "Replace", "pattern": ["String": " "], "content": "▁"]]
        var decoders: [JSON] = [
            ["type": "Replace", "pattern": ["String": "▁"], "content": " "], ["type": "ByteFallback"], ["type": "Fuse"],
        ]
        if spaced {
            normalizers.insert(["type": "Prepend", "prepend": "▁"], at: 0)
            decoders.append(["type": "Strip", "content": " ", "start": 1, "stop": 0])
        }
        return [
            "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": addedTokens(tokens, types),
            "normalizer": ["type": "Sequence", "normalizers": .array(normalizers)], "pre_tokenizer": nil,
            "post_processor": begin(file, tokens, byDefault: true) ?? nil,
            "decoder": ["type": "Sequence", "decoders": .array(decoders)],
            "model": model(
                tokens, merges: merges.map(\.text), unknown: unknown, byteFallback: true, ignoresMerges: false),
        ]
    }

    /// The step that puts the begin-of-text token before a text, where the file asks for it or its kind always has one.
    private static func begin(_ file: GGUF, _ tokens: [String], byDefault: Bool) -> JSON? {
        guard case .integer(let number) = file["tokenizer.ggml.bos_token_id"], tokens.indices.contains(Int(number))
        else { return nil }
        let asked = file["tokenizer.ggml.add_bos_token"].map { $0 == .bool(true) }
        guard asked ?? byDefault else { return nil }
        let text = JSON.string(tokens[Int(number)])
        let token: JSON = ["SpecialToken": ["id": text, "type_id": 0]]
        func sequence(_ name: String, _ type: Int) -> JSON {
            ["Sequence": ["id": .string(name), "type_id": JSON(type)]]
        }
        var known: JSONObject = [:]
        known[tokens[Int(number)]] = ["id": text, "ids": [.integer(number)], "tokens": [text]]
        return [
            "type": "TemplateProcessing", "single": [token, sequence("A", 0)],
            "pair": [token, sequence("A", 0), token, sequence("B", 1)], "special_tokens": .object(known),
        ]
    }

    /// Control (3), unknown (2) and user-defined (4) tokens are matched as wholes; only user-defined ones arise from text.
    private static func addedTokens(_ tokens: [String], _ types: [Int64]) -> JSON {
        var result: [JSON] = []
        for (id, type) in types.enumerated() where (2...4).contains(type) {
            result.append([
                "id": JSON(id), "content": .string(tokens[id]), "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": JSON(type != 4),
            ])
        }
        return .array(result)
    }

    private static func model(
        _ tokens: [String], merges: [String], unknown: String?, byteFallback: Bool, ignoresMerges: Bool
    ) -> JSON {
        let vocabulary = tokens.enumerated().map { ($0.element, JSON($0.offset)) }
        return [
            "type": "BPE", "dropout": nil, "unk_token": unknown.map { JSON.string($0) } ?? nil,
            "continuing_subword_prefix": nil, "end_of_word_suffix": nil, "fuse_unk": JSON(byteFallback),
            "byte_fallback": JSON(byteFallback), "ignore_merges": JSON(ignoresMerges),
            "vocab": .object(JSONObject(vocabulary)), "merges": .array(merges.map { .string($0) }),
        ]
    }
}

/// Regular expressions as tokenizer.json files of these families spell them.
enum SplitExpression {
    static let llama3 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    static let qwen2 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
}
