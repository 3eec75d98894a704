import RhoCore

/// JSON form: a number, a column name, or an array [function, operand, ...].
///
///     ["sub", "loss", "reference_loss"]        ["clamp", ["exp", "excess"], 0, 5]
extension ScoreExpression {
    public var json: JSON {
        switch self {
        case .constant(let value): .number(value)
        case .column(let column): .string(column.name)
        case .unary(let function, let x): .array([.string(function.rawValue), x.json])
        case .binary(let function, let x, let y): .array([.string(function.rawValue), x.json, y.json])
        case .clamp(let x, let low, let high): .array([.string("clamp"), x.json, .number(low), .number(high)])
        case .group(let function, let x): .array([.string(function.rawValue), x.json])
        }
    }

    /// Reads the JSON form back; the error names the function or the operand count that is wrong.
    public init(json: JSON) throws(RhoError) {
        if let name = json.stringValue {
            self = .column(TokenColumn(name))
            return
        }
        if let value = json.doubleValue {
            self = .constant(value)
            return
        }
        guard let parts = json.arrayValue, let name = parts.first?.stringValue else {
            throw RhoError(
                .value, "a score must be a number, a column name or [function, ...], got \(json.serialized())")
        }
        self = try Self.call(name, Array(parts.dropFirst()))
    }

    /// Applies a function by name, as scripts and stored configurations do.
    private static func call(_ name: String, _ operands: [JSON]) throws(RhoError) -> ScoreExpression {
        func operand(_ index: Int, of count: Int) throws(RhoError) -> ScoreExpression {
            guard operands.count == count else {
                throw RhoError(.value, "score function \(name) takes \(count) operands, got \(operands.count)")
            }
            return try ScoreExpression(json: operands[index])
        }
        if let function = UnaryFunction(rawValue: name) { return .unary(function, try operand(0, of: 1)) }
        if let function = GroupFunction(rawValue: name) { return .group(function, try operand(0, of: 1)) }
        if let function = BinaryFunction(rawValue: name) {
            return .binary(function, try operand(0, of: 2), try operand(1, of: 2))
        }
        if name == "clamp" {
            let x = try operand(0, of: 3)
            guard let low = operands[1].doubleValue, let high = operands[2].doubleValue, low <= high else {
                throw RhoError(.value, "clamp needs two numbers, low <= high")
            }
            return .clamp(x, low: low, high: high)
        }
        throw RhoError.unknownName("score function", name, among: functionNames)
    }

    /// Every function name a score may use.
    public static var functionNames: [String] {
        UnaryFunction.allCases.map(\.rawValue) + BinaryFunction.allCases.map(\.rawValue)
            + GroupFunction.allCases.map(\.rawValue) + ["clamp"]
    }
}
