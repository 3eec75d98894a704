/// Tokens for one step: B rows of T positions, flat in row order; position (b, t) is at b·T + t.
public struct TokenBatch: Sendable, Equatable {
    /// Where a row comes from; nil rows of a batch are padding throughout.
    public struct RowPlace: Sendable, Equatable {
        /// Index of the part of the corpus.
        public let part: Int
        /// Index of the row in the part's packing.
        public let row: Int

        public init(part: Int, row: Int) {
            self.part = part
            self.row = row
        }
    }

    public let step: Int
    /// Rows, B.
    public let rowCount: Int
    /// Positions in a row, T.
    public let width: Int
    /// What the model reads, B·T; padding reads id 0.
    public var ids: [Int32]
    /// What it predicts, B·T; -1 where there is nothing to predict.
    public var targets: [Int32]
    /// For each position the position in its row at which its document starts; nil where documents are not kept apart.
    public var segmentStart: [Int32]?
    /// The origin of each row, B.
    public var rows: [RowPlace?]
    /// The ``TextLabel`` raw value of each target, B·T; nil where the corpus has none.
    public var labels: [UInt8]?
    /// For each position whether the token read there is part of a prompt, B·T; nil where the batch has none. Prompt
    /// tokens are no targets.
    public var prompt: [Bool]?
    /// Targets that are neither padding nor part of a prompt.
    public var validCount: Int

    /// Index in the part's stream of the target at (row, position), where score files keep its values.
    public func streamIndex(row: Int, position: Int) -> Int? {
        rows[row].map { $0.row * width + position + 1 }
    }

    /// The part that row b comes from, -1 for a padding row: the `source` column of selection.
    public func part(ofRow b: Int) -> Int { rows[b]?.part ?? -1 }

    /// A micro-batch: the rows of `range` (within 0..<B) as a batch of the same step.
    public func slice(rows range: Range<Int>) -> TokenBatch {
        let range = range.clamped(to: 0..<rowCount)
        let positions = (range.lowerBound * width)..<(range.upperBound * width)
        let targets = Array(targets[positions])
        return TokenBatch(
            step: step, rowCount: range.count, width: width, ids: Array(ids[positions]), targets: targets,
            segmentStart: segmentStart.map { Array($0[positions]) }, rows: Array(rows[range]),
            labels: labels.map { Array($0[positions]) }, prompt: prompt.map { Array($0[positions]) },
            validCount: targets.count { $0 >= 0 })
    }
}
