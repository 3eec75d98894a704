import RhoCore

extension ScoreExpression {
    /// Evaluates the expression for every token of one micro-batch, row-major.
    ///
    /// Group functions see the tokens of `scope`; padding takes no part in them and gets whatever value falls out.
    public func evaluate(
        _ columns: TokenColumns, scope: SelectionScope = .batch, at moment: SelectionMoment = SelectionMoment()
    ) throws(RhoError) -> [Float] {
        try evaluate(in: TokenWindow([columns], at: moment), scope: scope)
    }

    func evaluate(in window: TokenWindow, scope: SelectionScope) throws(RhoError) -> [Float] {
        switch self {
        case .constant(let value):
            return [Float](repeating: Float(value), count: window.count)
        case .column(let column):
            return try window.values(of: column)
        case .unary(let function, let operand):
            var x = try operand.evaluate(in: window, scope: scope)
            function.apply(&x)
            return x
        case .binary(let function, let left, let right):
            var x = try left.evaluate(in: window, scope: scope)
            let y = try right.evaluate(in: window, scope: scope)
            function.apply(&x, y)
            return x
        case .clamp(let operand, let low, let high):
            var x = try operand.evaluate(in: window, scope: scope)
            let bounds = (Float(low), Float(high))
            for i in x.indices {
                // Written as two comparisons so that a NaN stays a NaN.
                if x[i] < bounds.0 { x[i] = bounds.0 }
                if x[i] > bounds.1 { x[i] = bounds.1 }
            }
            return x
        case .group(let function, let operand):
            var x = try operand.evaluate(in: window, scope: scope)
            let groups = function == .rowMean ? window.rowRanges : window.groups(scope)
            for group in groups { function.apply(&x, group, valid: window.valid) }
            return x
        }
    }
}

extension ScoreExpression.UnaryFunction {
    func apply(_ x: inout [Float]) {
        switch self {
        case .negate: for i in x.indices { x[i] = -x[i] }
        case .abs: for i in x.indices { x[i] = Swift.abs(x[i]) }
        case .exp: for i in x.indices { x[i] = Scalar.exp(x[i]) }
        case .log: for i in x.indices { x[i] = Scalar.log(x[i]) }
        case .sqrt: for i in x.indices { x[i] = x[i].squareRoot() }
        case .square: for i in x.indices { x[i] *= x[i] }
        // A comparison, not max: a NaN score has to stay visible.
        case .relu: for i in x.indices where x[i] < 0 { x[i] = 0 }
        case .sigmoid: for i in x.indices { x[i] = 1 / (1 + Scalar.exp(-x[i])) }
        case .tanh: for i in x.indices { x[i] = Scalar.tanh(x[i]) }
        }
    }
}

extension ScoreExpression.BinaryFunction {
    func apply(_ x: inout [Float], _ y: [Float]) {
        switch self {
        case .add: for i in x.indices { x[i] += y[i] }
        case .sub: for i in x.indices { x[i] -= y[i] }
        case .mul: for i in x.indices { x[i] *= y[i] }
        case .div: for i in x.indices { x[i] /= y[i] }
        case .pow: for i in x.indices { x[i] = Scalar.pow(x[i], y[i]) }
        case .min: for i in x.indices where y[i] < x[i] || y[i].isNaN { x[i] = y[i] }
        case .max: for i in x.indices where y[i] > x[i] || y[i].isNaN { x[i] = y[i] }
        case .greater: for i in x.indices { x[i] = compare(x[i], y[i], x[i] > y[i]) }
        case .less: for i in x.indices { x[i] = compare(x[i], y[i], x[i] < y[i]) }
        }
    }

    private func compare(_ x: Float, _ y: Float, _ holds: Bool) -> Float {
        x.isNaN || y.isNaN ? .nan : holds ? 1 : 0
    }
}

extension ScoreExpression.GroupFunction {
    /// Replaces the values of one group; padding and NaN values take no part and keep their value.
    func apply(_ x: inout [Float], _ group: Range<Int>, valid: [Bool]) {
        let members = group.filter { valid[$0] && !x[$0].isNaN }
        guard !members.isEmpty else { return }
        switch self {
        case .rank:
            let values = x
            let order = members.sorted { values[$0] != values[$1] ? values[$0] < values[$1] : $0 < $1 }
            let scale = 1 / Float(max(1, members.count - 1))
            for (rank, i) in order.enumerated() { x[i] = Float(rank) * scale }
        case .zscore:
            // Double sums in index order: the result does not depend on how the batch is cut.
            let mean = members.reduce(0.0) { $0 + Double(x[$1]) } / Double(members.count)
            let variance = members.reduce(0.0) { $0 + (Double(x[$1]) - mean) * (Double(x[$1]) - mean) }
            let deviation = (variance / Double(members.count)).squareRoot()
            for i in members { x[i] = deviation > 0 ? Float((Double(x[i]) - mean) / deviation) : 0 }
        case .minmax:
            var low = x[members[0]]
            var high = low
            for i in members {
                low = min(low, x[i])
                high = max(high, x[i])
            }
            let width = high - low
            for i in members { x[i] = width > 0 ? (x[i] - low) / width : 0 }
        case .rowMean:
            let mean = members.reduce(0.0) { $0 + Double(x[$1]) } / Double(members.count)
            for i in members { x[i] = Float(mean) }
        }
    }
}
