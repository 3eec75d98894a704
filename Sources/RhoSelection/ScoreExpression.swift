import RhoCore

/// A score as an expression over token columns; a higher value is a better candidate.
///
/// Built with operators, `score = .column(.loss) - .column(.referenceLoss)`, evaluated over whole arrays in Float,
/// printed as arithmetic, stored as JSON.
public indirect enum ScoreExpression: Sendable, Equatable {
    case constant(Double)
    case column(TokenColumn)
    case unary(UnaryFunction, ScoreExpression)
    case binary(BinaryFunction, ScoreExpression, ScoreExpression)
    /// x limited to [low, high].
    case clamp(ScoreExpression, low: Double, high: Double)
    /// A function of a token's value and of all values it competes with inside the policy's scope.
    case group(GroupFunction, ScoreExpression)

    public enum UnaryFunction: String, Sendable, CaseIterable {
        case negate = "neg"
        case abs, exp, log, sqrt, square, relu, sigmoid, tanh
    }

    public enum BinaryFunction: String, Sendable, CaseIterable {
        case add, sub, mul, div, pow, min, max
        /// 1 where the comparison holds, else 0.
        case greater = "gt"
        case less = "lt"
    }

    public enum GroupFunction: String, Sendable, CaseIterable {
        /// (number of smaller values) / (n - 1), ties in index order, in [0, 1]; 0 for a single token.
        case rank
        /// (x - mean) / standard deviation (population); 0 where all values agree.
        case zscore
        /// (x - min) / (max - min); 0 where all values agree.
        case minmax
        /// Mean of the token's row (sample-level scores such as arXiv:2206.07137).
        case rowMean = "row_mean"
    }

    /// Columns the expression reads, sorted.
    public var columns: [TokenColumn] {
        var found: Set<TokenColumn> = []
        collect(into: &found)
        return found.sorted()
    }

    /// Columns somebody must compute before the expression can be evaluated, sorted (`excess` needs two).
    public var requiredColumns: [TokenColumn] { Set(columns.flatMap(\.inputs)).sorted() }

    private func collect(into found: inout Set<TokenColumn>) {
        switch self {
        case .constant: break
        case .column(let column): found.insert(column)
        case .unary(_, let x), .clamp(let x, _, _), .group(_, let x): x.collect(into: &found)
        case .binary(_, let x, let y):
            x.collect(into: &found)
            y.collect(into: &found)
        }
    }

    /// First group function in the expression, if any: those have no meaning against a fixed corpus threshold.
    var firstGroupFunction: GroupFunction? {
        switch self {
        case .constant, .column: nil
        case .unary(_, let x), .clamp(let x, _, _): x.firstGroupFunction
        case .binary(_, let x, let y): x.firstGroupFunction ?? y.firstGroupFunction
        case .group(.rowMean, let x): x.firstGroupFunction
        case .group(let function, _): function
        }
    }
}

extension ScoreExpression: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    public init(floatLiteral value: Double) { self = .constant(value) }
    public init(integerLiteral value: Int) { self = .constant(Double(value)) }

    public static var loss: ScoreExpression { .column(.loss) }
    public static var referenceLoss: ScoreExpression { .column(.referenceLoss) }
    public static var excess: ScoreExpression { .column(.excess) }
    public static var entropy: ScoreExpression { .column(.entropy) }
    public static var referenceEntropy: ScoreExpression { .column(.referenceEntropy) }
    public static var probability: ScoreExpression { .column(.probability) }
    public static var margin: ScoreExpression { .column(.margin) }
    public static var random: ScoreExpression { .column(.random) }

    public static func + (x: Self, y: Self) -> Self { .binary(.add, x, y) }
    public static func - (x: Self, y: Self) -> Self { .binary(.sub, x, y) }
    public static func * (x: Self, y: Self) -> Self { .binary(.mul, x, y) }
    public static func / (x: Self, y: Self) -> Self { .binary(.div, x, y) }
    public static prefix func - (x: Self) -> Self { .unary(.negate, x) }
}

extension ScoreExpression: CustomStringConvertible {
    public var description: String { text(above: 0) }

    /// Prints with parentheses only where an operator of lower precedence sits inside a higher one.
    private func text(above outer: Int) -> String {
        func infix(_ sign: String, _ level: Int, _ x: Self, _ y: Self) -> String {
            // The right operand binds one level tighter: a - (b - c) keeps its parentheses.
            let text = "\(x.text(above: level)) \(sign) \(y.text(above: level + 1))"
            return outer > level ? "(\(text))" : text
        }
        switch self {
        case .constant(let value):
            return value < 0 && outer > 0 ? "(\(Scalar.text(value)))" : Scalar.text(value)
        case .column(let column): return column.name
        case .unary(.negate, let x):
            let text = "-\(x.text(above: 3))"
            return outer > 1 ? "(\(text))" : text
        case .unary(let function, let x): return "\(function.rawValue)(\(x))"
        case .binary(.add, let x, let y): return infix("+", 1, x, y)
        case .binary(.sub, let x, let y): return infix("-", 1, x, y)
        case .binary(.mul, let x, let y): return infix("*", 2, x, y)
        case .binary(.div, let x, let y): return infix("/", 2, x, y)
        case .binary(let function, let x, let y): return "\(function.rawValue)(\(x), \(y))"
        case .clamp(let x, let low, let high): return "clamp(\(x), \(Scalar.text(low)), \(Scalar.text(high)))"
        case .group(let function, let x): return "\(function.rawValue)(\(x))"
        }
    }
}
