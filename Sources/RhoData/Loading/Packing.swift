/// Rows of a token stream at fixed offsets: row r reads tokens [r·T, r·T + T) and predicts [r·T + 1, r·T + T + 1).
///
/// Every token but the first is predicted exactly once, every token but the last read exactly once. The last row may
/// be shorter than T; what it lacks is padding. A stream of fewer than two tokens has no rows.
public struct Packing: Sendable, Equatable {
    /// Tokens in the stream.
    public let tokenCount: Int
    /// Positions in a row, T.
    public let width: Int
    public let rowCount: Int

    public init(tokenCount: Int, width: Int) {
        self.tokenCount = tokenCount
        self.width = width
        rowCount = tokenCount < 2 ? 0 : (tokenCount - 2) / width + 1
    }

    /// Stream index of the first token that row r reads.
    public func start(of row: Int) -> Int { row * width }

    /// Positions of row r that are no padding.
    public func length(of row: Int) -> Int { min(width, tokenCount - 1 - row * width) }
}
