import RhoCore
import RhoSelection

/// One row of tokens with the given columns.
func row(_ columns: [TokenColumn: [Float]], valid: [Bool]? = nil) throws -> TokenColumns {
    try grid(1, columns, valid: valid)
}

/// `rows` equal rows of tokens with the given columns.
func grid(_ rows: Int, _ columns: [TokenColumn: [Float]], valid: [Bool]? = nil) throws -> TokenColumns {
    let count = columns.values.first?.count ?? 0
    var table = try TokenColumns(rows: rows, tokens: rows > 0 ? count / rows : 0, valid: valid)
    for (column, values) in columns { try table.set(column, values) }
    return table
}

/// Indices with a weight other than 0.
func kept(_ selection: Selection) -> [Int] { selection.weights.indices.filter { selection.weights[$0] != 0 } }

/// Kept indices of a rule over one row of scores (the loss column).
func kept(_ rule: SelectionRule, _ scores: [Float], valid: [Bool]? = nil) throws -> [Int] {
    let policy = try SelectionPolicy(score: .loss, rule: rule)
    return kept(try policy.select([try row([.loss: scores], valid: valid)], at: SelectionMoment()))
}

/// Scores with ties, signs and an occasional NaN, from a seed.
func randomScores(_ count: Int, seed: UInt64, nans: Bool = true) -> [Float] {
    var stream = RandomStream(seed: seed, name: "test/scores")
    return (0..<count).map { _ in
        if nans, stream.below(20) == 0 { return .nan }
        return Float(stream.below(40) - 20) * 0.25
    }
}

/// Padding for about a fifth of the tokens, from a seed.
func randomMask(_ count: Int, seed: UInt64) -> [Bool] {
    var stream = RandomStream(seed: seed, name: "test/mask")
    return (0..<count).map { _ in stream.below(5) > 0 }
}

func share(_ keep: Double) throws -> KeepSchedule { try KeepSchedule(keep) }
