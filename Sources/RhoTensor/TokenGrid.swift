import RhoCore

/// Token ids of B sequences of T positions, row-major.
public struct TokenGrid: Sendable {
    /// Number of sequences (B).
    public let batch: Int
    /// Positions per sequence (T).
    public let tokens: Int
    /// B·T ids.
    public let ids: [Int32]
    /// For each position the first position of its document, inside its row; nil = every row is one document.
    public let segmentStart: [Int32]?

    /// Throws `.shape` when the counts do not agree.
    public init(batch: Int, tokens: Int, ids: [Int32], segmentStart: [Int32]? = nil) throws(RhoError) {
        let count = try Shape([batch, tokens], for: "token grid").count
        guard ids.count == count else {
            throw RhoError(.shape, "token grid: \(ids.count) ids for \(batch) x \(tokens) positions")
        }
        if let segmentStart, segmentStart.count != count {
            throw RhoError(
                .shape, "token grid: \(segmentStart.count) segment starts for \(batch) x \(tokens) positions")
        }
        self.batch = batch
        self.tokens = tokens
        self.ids = ids
        self.segmentStart = segmentStart
    }

    /// Number of positions N = B·T.
    public var count: Int { ids.count }
}
