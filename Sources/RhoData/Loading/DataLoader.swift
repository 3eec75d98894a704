import RhoCore

/// Batches of a corpus. A batch is a pure function of the arguments of `init` and its step: resuming is asking for a
/// later step, and no thread or earlier call has a say.
public final class DataLoader: Sendable {
    public enum Order: Sendable, Equatable {
        /// Parts mixed by weight; each part's rows in a new random order every epoch, each row once an epoch; without end.
        case shuffled(seed: UInt64)
        /// All rows of all parts in order, once, with padding rows in the last batch; for scoring and evaluation.
        case sequential
    }

    public let corpus: Corpus
    /// Rows in a batch, B.
    public let batch: Int
    /// Positions in a row, T.
    public let tokens: Int
    public let order: Order
    /// Whether batches say where documents start, so that attention can stay within one.
    public let documentMask: Bool
    private let packings: [Packing]
    private let mixture: Mixture

    /// Positions that a batch may have: four times what the largest models train on at once.
    public static let positionLimit = 1 << 24
    /// The last step that can be asked for: slots of any batch are still counted exactly.
    public static let lastStep = 1 << 32

    /// - Throws: `.value` for sizes below 1, or for more positions than ``positionLimit``.
    public static func check(batch: Int, tokens: Int) throws(RhoError) {
        if batch < 1 { throw RhoError(.value, "batch must be at least 1 row, got \(batch)") }
        if tokens < 1 { throw RhoError(.value, "a row must have at least 1 token, got \(tokens)") }
        let (positions, overflow) = batch.multipliedReportingOverflow(by: tokens)
        if overflow || positions > positionLimit {
            throw RhoError(
                .value, "a batch of \(batch) rows of \(tokens) tokens is too large: at most \(positionLimit) positions")
        }
    }

    /// - Throws: as ``check(batch:tokens:)``.
    public init(
        _ corpus: Corpus, batch: Int, tokens: Int, order: Order, documentMask: Bool = false
    ) throws(RhoError) {
        try Self.check(batch: batch, tokens: tokens)
        self.corpus = corpus
        self.batch = batch
        self.tokens = tokens
        self.order = order
        self.documentMask = documentMask
        packings = corpus.parts.map { Packing(tokenCount: $0.store.tokenCount, width: tokens) }
        var seed: UInt64 = 0
        if case .shuffled(let given) = order { seed = given }
        mixture = Mixture(weights: corpus.parts.map(\.weight), seed: seed)
    }

    /// Rows of all parts together, each once.
    public var rowCount: Int { packings.reduce(0) { $0 + $1.rowCount } }

    /// Batches that hold every row once: the length of a sequential pass.
    public var stepsPerPass: Int { (rowCount + batch - 1) / batch }

    /// Targets of all parts together, each once.
    public var targetCount: Int { corpus.parts.reduce(0) { $0 + $1.store.tokenCount - 1 } }

    /// The batch of a step in 0..<``lastStep``. A sequential loader gives only padding after its pass.
    public func batch(step: Int) -> TokenBatch {
        let count = batch * tokens
        var result = TokenBatch(
            step: step, rowCount: batch, width: tokens, ids: [Int32](repeating: 0, count: count),
            targets: [Int32](repeating: -1, count: count),
            segmentStart: documentMask ? [Int32](repeating: 0, count: count) : nil,
            rows: [TokenBatch.RowPlace?](repeating: nil, count: batch),
            labels: corpus.hasLabels ? [UInt8](repeating: 0, count: count) : nil,
            prompt: corpus.hasPrompts ? [Bool](repeating: false, count: count) : nil, validCount: 0)
        for b in 0..<batch {
            guard let place = place(ofSlot: step * batch + b) else { continue }
            fill(&result, b, place)
        }
        if result.prompt?.contains(true) == false { result.prompt = nil }
        return result
    }

    /// Positions of a row that are no padding.
    public func length(of place: TokenBatch.RowPlace) -> Int { packings[place.part].length(of: place.row) }

    /// The row that a slot of the endless order stands for; nil after the end of a sequential pass.
    public func place(ofSlot slot: Int) -> TokenBatch.RowPlace? {
        switch order {
        case .sequential:
            var row = slot
            for (part, packing) in packings.enumerated() {
                if row < packing.rowCount { return TokenBatch.RowPlace(part: part, row: row) }
                row -= packing.rowCount
            }
            return nil
        case .shuffled(let seed):
            let (part, ordinal) = mixture.slot(slot)
            let (epoch, place) = ordinal.quotientAndRemainder(dividingBy: packings[part].rowCount)
            let shuffle = Permutation(count: packings[part].rowCount, seed: seed, name: "order/\(part)/\(epoch)")
            return TokenBatch.RowPlace(part: part, row: shuffle[place])
        }
    }

    private func fill(_ result: inout TokenBatch, _ b: Int, _ place: TokenBatch.RowPlace) {
        let store = corpus.parts[place.part].store
        let packing = packings[place.part]
        let first = packing.start(of: place.row)
        let length = packing.length(of: place.row)
        let at = b * tokens
        result.rows[b] = place
        result.validCount += length
        result.ids.withUnsafeMutableBufferPointer { ids in
            if let base = ids.baseAddress { store.copyTokens(from: first, count: length, to: base + at) }
        }
        result.targets.withUnsafeMutableBufferPointer { targets in
            if let base = targets.baseAddress { store.copyTokens(from: first + 1, count: length, to: base + at) }
        }
        if store.hasLabels {
            for t in 0..<length {
                result.labels?[at + t] = store.label(first + 1 + t)
                result.prompt?[at + t] = store.isPrompt(first + t)
                guard store.isPrompt(first + 1 + t) else { continue }
                result.targets[at + t] = -1
                result.validCount -= 1
            }
        }
        if documentMask { markSegments(&result, at, store, first, length) }
    }

    /// Writes for each position where its document starts in the row, 0 for one that started in an earlier row. Padding
    /// forms a segment of its own.
    private func markSegments(_ result: inout TokenBatch, _ at: Int, _ store: TokenStore, _ first: Int, _ length: Int) {
        var document = store.document(of: first)
        var range = store.documentRange(document)
        for t in 0..<tokens {
            if t >= length {
                result.segmentStart?[at + t] = Int32(length)
                continue
            }
            // A document without tokens (an empty text, no end-of-text id) has an empty range.
            while first + t >= range.upperBound, document + 1 < store.documentCount {
                document += 1
                range = store.documentRange(document)
            }
            result.segmentStart?[at + t] = Int32(max(0, range.lowerBound - first))
        }
    }
}
