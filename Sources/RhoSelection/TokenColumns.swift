import RhoCore

/// Per-token quantities of one micro-batch: B rows of T tokens, a valid mask, and the columns somebody computed.
///
/// Values are row-major, index = row * T + position. Padding is marked by `valid == false`: never selected nor counted.
public struct TokenColumns: Sendable {
    /// Number of rows B.
    public let rows: Int
    /// Tokens per row T.
    public let tokens: Int
    /// False where the row is padded; count B * T.
    public let valid: [Bool]
    private var values: [TokenColumn: [Float]] = [:]

    /// Makes a table without columns; `valid` defaults to "every token counts".
    public init(rows: Int, tokens: Int, valid: [Bool]? = nil) throws(RhoError) {
        guard rows >= 0, tokens >= 0 else {
            throw RhoError(.shape, "token columns need rows >= 0 and tokens >= 0, got \(rows) and \(tokens)")
        }
        if let valid, valid.count != rows * tokens {
            throw RhoError(
                .shape, "valid mask must have \(rows) x \(tokens) = \(rows * tokens) entries, got \(valid.count)")
        }
        self.rows = rows
        self.tokens = tokens
        self.valid = valid ?? [Bool](repeating: true, count: rows * tokens)
    }

    /// Number of tokens B * T, padding included.
    public var count: Int { rows * tokens }

    /// Supplied columns in sorted order.
    public var names: [TokenColumn] { values.keys.sorted() }

    /// Supplies a column of B * T values.
    public mutating func set(_ column: TokenColumn, _ newValues: [Float]) throws(RhoError) {
        guard newValues.count == count else {
            throw RhoError(
                .shape, "column \(column) must have \(rows) x \(tokens) = \(count) values, got \(newValues.count)")
        }
        values[column] = newValues
    }

    /// Returns a supplied column, or nil.
    public subscript(column: TokenColumn) -> [Float]? { values[column] }
}
