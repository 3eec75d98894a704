import RhoCore
import RhoModels
import RhoTensor
import RhoText

/// Log-probabilities of given continuations of given contexts.
public struct ContinuationScorer {
    public struct Score: Sendable, Equatable {
        /// log P(continuation | context), nats.
        public var logProbability: Double
        public var tokens: Int
        /// UTF-8 length of the continuation.
        public var bytes: Int
        /// True if every token of the continuation is the model's most probable one.
        public var isGreedy: Bool

        public init(logProbability: Double, tokens: Int, bytes: Int, isGreedy: Bool) {
            self.logProbability = logProbability
            self.tokens = tokens
            self.bytes = bytes
            self.isGreedy = isGreedy
        }
    }

    public let model: any LanguageModel
    public let tokenizer: any Tokenizer
    /// Tokens, padding included, of one forward pass.
    public let batchTokens: Int
    /// Continuations whose context was cut at its beginning because both do not fit the model.
    public private(set) var truncated = 0
    /// Tokens read, padding excluded.
    public private(set) var tokensRead = 0

    public init(model: any LanguageModel, tokenizer: any Tokenizer, batchTokens: Int = 4096) {
        self.model = model
        self.tokenizer = tokenizer
        self.batchTokens = batchTokens
    }

    /// Forward FLOPs spent so far.
    public var flops: Double { Double(tokensRead) * model.forwardFLOPsPerToken(context: model.config.context) }

    private struct Row {
        let ids: [Int32]
        /// First token of the continuation in `ids`.
        let start: Int
    }

    /// Scores of all requests, in their order.
    ///
    /// Context and continuation are tokenised as one text; the continuation's tokens are those after as many as the context
    /// alone has. White space at the end of a context belongs to the continuation.
    public mutating func scores(
        _ requests: [(context: String, continuation: String)], progress: (Int) throws -> Void = { _ in }
    ) throws -> [Score] {
        let rows = requests.map { row($0.context, $0.continuation) }
        var scores = requests.map {
            Score(logProbability: 0, tokens: 0, bytes: $0.continuation.utf8.count, isGreedy: true)
        }
        // Rows of like length share a batch; equal lengths keep their order.
        let order = rows.indices.sorted {
            rows[$0].ids.count != rows[$1].ids.count ? rows[$0].ids.count > rows[$1].ids.count : $0 < $1
        }
        var next = 0
        while next < order.count {
            let width = max(1, rows[order[next]].ids.count - 1)
            let members = order[next..<min(order.count, next + max(1, batchTokens / width))]
            try score(members.map { ($0, rows[$0]) }, width: width, into: &scores)
            next += members.count
            try progress(next)
        }
        return scores
    }

    private mutating func row(_ context: String, _ continuation: String) -> Row {
        let start = (tokenizer.beginOfText ?? tokenizer.endOfText).map { [$0] } ?? []
        let trimmed = context.utf8.reversed().prefix { $0 == 0x20 }.count
        let before = start + tokenizer.encode(String(context.dropLast(trimmed)))
        var whole = start + tokenizer.encode(context + continuation)
        var first = min(before.count, whole.count)
        let excess = whole.count - 1 - model.config.context
        if excess > 0 {
            truncated += 1
            whole.removeFirst(excess)
            first = max(0, first - excess)
        }
        // Nothing stands before the first token of a row, so it has no probability.
        return Row(ids: whole, start: max(1, first))
    }

    private mutating func score(_ rows: [(Int, Row)], width: Int, into scores: inout [Score]) throws {
        var ids = [Int32](repeating: 0, count: rows.count * width)
        var targets = [Int32](repeating: -1, count: rows.count * width)
        for (place, (_, row)) in rows.enumerated() {
            guard row.ids.count > 1 else { continue }
            for index in 0..<row.ids.count - 1 {
                ids[place * width + index] = row.ids[index]
                if index + 1 >= row.start { targets[place * width + index] = row.ids[index + 1] }
            }
            tokensRead += row.ids.count - 1
        }
        let losses = try Autograd.withoutGrad { () throws(RhoError) in
            try model.loss(TokenGrid(batch: rows.count, tokens: width, ids: ids), targets: targets, extras: [.margin])
        }
        let (loss, margin) = (losses.loss.toArray(), losses.margin?.toArray() ?? [])
        for (place, (request, _)) in rows.enumerated() {
            for index in place * width..<(place + 1) * width where targets[index] >= 0 {
                scores[request].logProbability -= Double(loss[index])
                scores[request].tokens += 1
                if !(margin[index] > 0) { scores[request].isGreedy = false }
            }
        }
    }
}
