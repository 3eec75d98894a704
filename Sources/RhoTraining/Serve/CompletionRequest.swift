import RhoCore
import RhoModels
import RhoText

/// The body of a request to `/v1/completions`, in OpenAI's form.
public struct CompletionRequest: Sendable {
    /// Prompts as token ids, one choice each.
    public var prompts: [[Int32]]
    public var generation: GenerationOptions
    public var stops: [[UInt8]]
    /// Whether the prompt is part of the answer.
    public var echo: Bool
    /// How many of the likeliest tokens are told at each place; nil for no log probabilities.
    public var logprobs: Int?

    /// Settings that are read, and those that are accepted because they change nothing here.
    private static let known = [
        "prompt", "max_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "stop", "seed", "echo",
        "logprobs",
        "model", "user", "n", "best_of", "stream", "suffix", "presence_penalty", "frequency_penalty", "logit_bias",
    ]

    /// Errors: `.value`, one sentence naming the setting.
    public init(_ json: JSON, tokenizer: any Tokenizer, model: ModelConfig) throws(RhoError) {
        guard let object = json.objectValue else { throw RhoError(.value, "the body must be a JSON object") }
        let fields = Fields(object: object)
        for key in object.keys where !Self.known.contains(key) {
            throw RhoError(.value, "unknown setting '\(key)'\(suggestion(for: key, in: Self.known))")
        }
        try fields.require("n", 1)
        try fields.require("best_of", 1)
        try fields.require("presence_penalty", 0)
        try fields.require("frequency_penalty", 0)
        for key in ["suffix", "logit_bias"] where fields.value(key) != nil {
            throw RhoError(.value, "\(key) is not supported")
        }
        if try fields.bool("stream") { throw RhoError(.value, "stream is not supported: answers come whole") }
        prompts = try Self.prompts(fields, tokenizer, model)
        generation = GenerationOptions(
            maxNewTokens: try fields.int("max_tokens") ?? 16, temperature: try fields.number("temperature") ?? 1,
            topK: try fields.int("top_k"), topP: try fields.number("top_p") ?? 1,
            repetitionPenalty: try fields.number("repetition_penalty") ?? 1,
            seed: UInt64(bitPattern: Int64(try fields.int("seed") ?? 0)))
        try generation.validate()
        stops = try fields.texts("stop").map { Array($0.utf8) }
        echo = try fields.bool("echo")
        logprobs = try fields.int("logprobs")
        if let logprobs, !(0...100).contains(logprobs) {
            throw RhoError(.value, "logprobs must be in [0, 100], got \(logprobs)")
        }
    }

    /// One text, several, one list of ids, or several. A text gets what the tokenizer puts before every text.
    private static func prompts(
        _ fields: Fields, _ tokenizer: any Tokenizer, _ model: ModelConfig
    ) throws(RhoError) -> [[Int32]] {
        guard let given = fields.value("prompt") else { throw RhoError(.value, "prompt is missing") }
        let isOne = given.stringValue != nil || given.arrayValue?.first?.intValue != nil
        var prompts: [[Int32]] = []
        for item in isOne ? [given] : given.arrayValue ?? [] {
            if let text = item.stringValue {
                prompts.append((tokenizer.beginOfText.map { [$0] } ?? []) + tokenizer.encode(text))
            } else if let ids = item.arrayValue {
                var row: [Int32] = []
                for id in ids {
                    guard let number = id.intValue, number >= 0, number < model.vocab else {
                        throw RhoError(
                            .value, "prompt holds \(id.serialized()), which is no token id below \(model.vocab)")
                    }
                    row.append(Int32(number))
                }
                prompts.append(row)
            } else {
                throw RhoError(.value, "prompt must be a text, token ids, or a list of either")
            }
        }
        guard !prompts.isEmpty else { throw RhoError(.value, "prompt holds nothing") }
        for (index, row) in prompts.enumerated() {
            guard !row.isEmpty else { throw RhoError(.value, "prompt \(index + 1) holds no token") }
            guard row.count <= model.context else {
                throw RhoError(
                    .value, "prompt \(index + 1) has \(row.count) tokens, the model's context is \(model.context)")
            }
        }
        return prompts
    }

    /// Typed reading of the body; null counts as absent.
    private struct Fields {
        let object: JSONObject

        func value(_ key: String) -> JSON? { object[key].flatMap { $0.isNull ? nil : $0 } }

        private func wrong(_ key: String, _ expected: String, _ value: JSON) -> RhoError {
            RhoError(.value, "\(key) must be \(expected), got \(value.serialized())")
        }

        func int(_ key: String) throws(RhoError) -> Int? {
            guard let value = value(key) else { return nil }
            guard let number = value.intValue else { throw wrong(key, "an integer", value) }
            return number
        }

        func number(_ key: String) throws(RhoError) -> Double? {
            guard let value = value(key) else { return nil }
            guard let number = value.doubleValue else { throw wrong(key, "a number", value) }
            return number
        }

        func bool(_ key: String) throws(RhoError) -> Bool {
            guard let value = value(key) else { return false }
            guard let flag = value.boolValue else { throw wrong(key, "true or false", value) }
            return flag
        }

        func texts(_ key: String) throws(RhoError) -> [String] {
            guard let value = value(key) else { return [] }
            var texts: [String] = []
            for item in value.arrayValue ?? [value] {
                guard let text = item.stringValue else { throw wrong(key, "a text or a list of texts", value) }
                texts.append(text)
            }
            return texts
        }

        /// A setting that exists in the form but has one value here.
        func require(_ key: String, _ only: Double) throws(RhoError) {
            guard let value = value(key) else { return }
            guard value.doubleValue == only else {
                throw RhoError(.value, "\(key) must be \(Int(only)) here, got \(value.serialized())")
            }
        }
    }
}
