import Glibc
import RhoCore
import RhoModels
import RhoText

/// Multiple choice by log-likelihood: the model "answers" with the choice it finds most probable.
///
/// Three rules side by side, for choices differ in length: the sum log P(choice | prompt), the sum per token, and the sum
/// per byte.
public struct MultipleChoice: Sendable {
    /// Version of the measurement: numbers of different versions are not compared.
    public static let version = 1

    public struct Item: Sendable {
        public var scores: [ContinuationScorer.Score]
        public var right: Int
        /// Chosen by the sum, the sum per token and the sum per byte.
        public var chosen: Int
        public var chosenPerToken: Int
        public var chosenPerByte: Int
    }

    public var items: [Item]
    public var promptHash: String
    public var truncated: Int
    public var tokens: Int
    public var flops: Double

    public var accuracy: Accuracy { Accuracy(items.map { $0.chosen == $0.right }) }
    public var accuracyPerToken: Accuracy { Accuracy(items.map { $0.chosenPerToken == $0.right }) }
    public var accuracyPerByte: Accuracy { Accuracy(items.map { $0.chosenPerByte == $0.right }) }

    /// Bits per byte of the right choices: moves long before accuracy does.
    public var bitsPerByte: Double {
        let right = items.map { $0.scores[$0.right] }
        let bytes = right.reduce(0) { $0 + $1.bytes }
        return bytes > 0 ? -right.reduce(0.0) { $0 + $1.logProbability } / log(2.0) / Double(bytes) : .nan
    }

    /// - Throws: `.value` for items without choices, or without the `_` that style blank needs.
    public static func evaluate(
        _ model: any LanguageModel, tokenizer: any Tokenizer, items: [TaskItem], format: PromptFormat,
        batchTokens: Int = 4096,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> MultipleChoice {
        var requests: [(context: String, continuation: String)] = []
        var hash = PromptHash()
        for (index, item) in items.enumerated() {
            guard !item.choices.isEmpty else {
                throw RhoError(.value, "item \(index + 1) has no choices: \(item.question.prefix(80))")
            }
            requests += try format.requests(item)
        }
        for request in requests {
            hash.add(request.context)
            hash.add(request.continuation)
        }
        var scorer = ContinuationScorer(model: model, tokenizer: tokenizer, batchTokens: batchTokens)
        let scores = try scorer.scores(requests, progress: progress)
        var next = 0
        var results: [Item] = []
        for item in items {
            results.append(Item(Array(scores[next..<next + item.choices.count]), right: item.right ?? 0))
            next += item.choices.count
        }
        return MultipleChoice(
            items: results, promptHash: hash.text(), truncated: scorer.truncated, tokens: scorer.tokensRead,
            flops: scorer.flops)
    }
}

extension MultipleChoice.Item {
    public init(_ scores: [ContinuationScorer.Score], right: Int) {
        self.scores = scores
        self.right = right
        // No choice at all counts as the last: a model whose numbers are NaN must not score by luck of the order.
        func choose(_ value: (ContinuationScorer.Score) -> Double) -> Int { indexOfLargest(scores.map(value)) ?? -1 }
        chosen = choose { $0.logProbability }
        chosenPerToken = choose { $0.logProbability / Double($0.tokens) }
        chosenPerByte = choose { $0.logProbability / Double($0.bytes) }
    }
}

/// Prediction of the last word of a passage (LAMBADA, arXiv:1606.06031): right if greedy decoding writes it.
public struct LastWord: Sendable {
    public static let version = 1

    public var scores: [ContinuationScorer.Score]
    public var promptHash: String
    public var truncated: Int
    public var tokens: Int
    public var flops: Double

    public var accuracy: Accuracy { Accuracy(scores.map(\.isGreedy)) }

    /// exp of the mean of -log P(word): perplexity per word.
    public var perplexity: Double { exp(-scores.reduce(0.0) { $0 + $1.logProbability } / Double(scores.count)) }

    public static func evaluate(
        _ model: any LanguageModel, tokenizer: any Tokenizer, items: [TaskItem], batchTokens: Int = 4096,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> LastWord {
        let requests = items.map { (context: $0.question, continuation: PromptFormat.gap($0.question) + $0.answer) }
        var hash = PromptHash()
        for request in requests {
            hash.add(request.context)
            hash.add(request.continuation)
        }
        var scorer = ContinuationScorer(model: model, tokenizer: tokenizer, batchTokens: batchTokens)
        let scores = try scorer.scores(requests, progress: progress)
        return LastWord(
            scores: scores, promptHash: hash.text(), truncated: scorer.truncated, tokens: scorer.tokensRead,
            flops: scorer.flops)
    }
}
