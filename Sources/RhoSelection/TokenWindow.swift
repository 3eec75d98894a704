import RhoCore

/// The tokens one optimiser step looks at: one or more micro-batches laid end to end.
struct TokenWindow {
    let parts: [TokenColumns]
    let moment: SelectionMoment
    /// Valid masks of all parts, end to end.
    let valid: [Bool]
    /// First index of each part, and the total at the end.
    let offsets: [Int]

    init(_ parts: [TokenColumns], at moment: SelectionMoment) {
        self.parts = parts
        self.moment = moment
        valid = parts.count == 1 ? parts[0].valid : parts.flatMap(\.valid)
        var offsets = [0]
        for part in parts { offsets.append(offsets[offsets.count - 1] + part.count) }
        self.offsets = offsets
    }

    var count: Int { valid.count }

    /// Returns the index ranges inside which scores compete.
    func groups(_ scope: SelectionScope) -> [Range<Int>] {
        switch scope {
        case .batch, .corpus:
            return [0..<count]
        case .microBatch:
            return parts.indices.map { offsets[$0]..<offsets[$0 + 1] }
        case .sequence:
            return rowRanges
        }
    }

    /// Index range of every row, in order.
    var rowRanges: [Range<Int>] {
        parts.indices.flatMap { part in
            let start = offsets[part]
            let tokens = parts[part].tokens
            return (0..<parts[part].rows).map { start + $0 * tokens..<start + ($0 + 1) * tokens }
        }
    }

    /// Returns a column over the whole window, computing the derived ones.
    func values(of column: TokenColumn) throws(RhoError) -> [Float] {
        if let supplied = try supplied(column) { return supplied }
        switch column {
        case .excess:
            var excess = try values(of: .loss)
            let reference = try values(of: .referenceLoss)
            for index in excess.indices { excess[index] -= reference[index] }
            return excess
        case .probability:
            return try values(of: .loss).map { Scalar.exp(-$0) }
        case .position:
            return parts.flatMap { part in (0..<part.count).map { Float($0 % part.tokens) } }
        case .random:
            return uniform(stream: "selection/random")
        default:
            throw missing(column)
        }
    }

    /// Returns one uniform in [0, 1) per token. The index counts from the start of the window, so cutting a batch into
    /// other micro-batches draws the same numbers.
    func uniform(stream name: String) -> [Float] {
        let stream = RandomStream(seed: moment.seed, name: name, step: UInt64(clamping: moment.step))
        let first = UInt64(clamping: moment.tokenOffset)
        // 24 bits fill a Float's significand exactly, so the value never rounds up to 1.
        return (0..<UInt64(count)).map { Float(stream.bits(at: first + $0) >> 40) * 0x1p-24 }
    }

    private func supplied(_ column: TokenColumn) throws(RhoError) -> [Float]? {
        if parts.count == 1 { return parts[0][column] }
        guard parts.contains(where: { $0[column] != nil }) else {
            return parts.isEmpty && column.inputs == [column] ? [] : nil
        }
        var joined: [Float] = []
        joined.reserveCapacity(count)
        for part in parts {
            guard let values = part[column] else { throw missing(column) }
            joined += values
        }
        return joined
    }

    private func missing(_ column: TokenColumn) -> RhoError {
        var known = Set(TokenColumn.standard.map(\.column.name))
        for part in parts { known.formUnion(part.names.map(\.name)) }
        if known.contains(column.name) {
            return RhoError(.value, "the policy needs the column \(column), which this run does not supply")
        }
        return RhoError(
            .value, "no token column is called '\(column)'\(suggestion(for: column.name, in: known.sorted()))")
    }
}
