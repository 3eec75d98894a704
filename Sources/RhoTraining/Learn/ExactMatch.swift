import RhoCore
import RhoModels
import RhoText

/// Share of prompts that a model answers exactly right, decoding greedily.
public struct ExactMatch: Sendable {
    /// Version of the measurement: numbers of different versions are not compared.
    public static let version = 1

    public struct Item: Sendable, Equatable {
        public var prompt: String
        public var expected: String
        /// What the model wrote, up to the stop text.
        public var output: String
        /// What was compared, after extraction.
        public var answer: String
        public var correct: Bool
    }

    public var items: [Item]
    /// Prompts whose beginning was cut because they do not fit the model's context.
    public var truncated: Int
    /// Tokens read and written.
    public var tokens: Int
    /// Forward FLOPs spent.
    public var flops: Double

    public var correct: Int { items.count(where: \.correct) }
    public var accuracy: Double { Double(correct) / Double(items.count) }
    /// Binomial standard error.
    public var standardError: Double {
        (accuracy * (1 - accuracy) / Double(items.count)).squareRoot()
    }

    /// Continues every prompt and compares the answers.
    ///
    /// A prompt starts like a document: after the tokenizer's begin-of-text token, or its end-of-text token, if it has
    /// one. A continuation ends at the first of `stops`, at end of text, or after `maxTokens`.
    /// - Parameters:
    ///   - extract: takes the answer out of a continuation; white space at both ends is trimmed if not given.
    /// - Throws: `.value` for prompts and answers that do not pair up.
    public static func evaluate(
        _ model: any LanguageModel, tokenizer: any Tokenizer, prompts: [String], answers: [String], maxTokens: Int = 64,
        stops: [String] = ["\n"], extract: ((String) throws -> String)? = nil
    ) throws -> ExactMatch {
        guard prompts.count == answers.count else {
            throw RhoError(.value, "\(prompts.count) prompts need as many answers, got \(answers.count)")
        }
        guard maxTokens >= 1, maxTokens < model.config.context else {
            throw RhoError(.value, "max_tokens must be in [1, \(model.config.context - 1)], got \(maxTokens)")
        }
        let start = tokenizer.beginOfText ?? tokenizer.endOfText
        let room = model.config.context - maxTokens
        var truncated = 0
        let rows = prompts.map { prompt -> [Int32] in
            let ids = (start.map { [$0] } ?? []) + tokenizer.encode(prompt)
            guard ids.count > room else { return ids.isEmpty ? [0] : ids }
            truncated += 1
            return Array(ids.suffix(room))
        }
        let options = GenerationOptions(maxNewTokens: maxTokens, stopIDs: tokenizer.endOfText.map { [$0] } ?? [])
        var written = [[UInt8]](repeating: [], count: prompts.count)
        let wanted = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
        let generations = try model.generate(rows, options) { prompt, id in
            written[prompt] += tokenizer.bytes(of: id)
            return !wanted.contains { written[prompt].contains(sequence: $0) }
        }
        var items: [Item] = []
        for index in prompts.indices {
            let cut = wanted.compactMap { written[index].firstPosition(of: $0) }.min() ?? written[index].count
            let output = String(decoding: written[index][..<cut], as: UTF8.self)
            let answer = try extract?(output) ?? output.trimmed
            let expected = answers[index].trimmed
            items.append(
                Item(
                    prompt: prompts[index], expected: expected, output: output, answer: answer,
                    correct: answer == expected))
        }
        let tokens = rows.reduce(0) { $0 + $1.count } + generations.reduce(0) { $0 + $1.ids.count }
        return ExactMatch(
            items: items, truncated: truncated, tokens: tokens,
            flops: Double(tokens) * model.forwardFLOPsPerToken(context: model.config.context))
    }
}

extension Array where Element == UInt8 {
    /// First index at which `needle` begins.
    fileprivate func firstPosition(of needle: [UInt8]) -> Int? {
        guard !needle.isEmpty, needle.count <= count else { return nil }
        return (0...count - needle.count).first { self[$0..<$0 + needle.count].elementsEqual(needle) }
    }

    fileprivate func contains(sequence needle: [UInt8]) -> Bool { firstPosition(of: needle) != nil }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
