import RhoCore

/// What an op's backward works with: the gradient of its result, and a place for the gradient of each input.
///
/// Inputs are counted as in `forward`. A gradient is either computed straight into its place (`into`), which spares a
/// temporary, or handed over whole (`give`), which spares a copy when it is passed on unchanged.
package final class GradientFlow {
    /// Gradient of the op's result. Ops that work row by row use it as it is; others ask for `dense()`.
    package var gradient: Gradient
    private let shape: Shape
    private let inputs: [Edge]
    /// Nodes that received their first gradient here.
    private(set) var reached: [Node] = []

    init(_ gradient: Gradient, shape: Shape, inputs: [Edge]) {
        self.gradient = gradient
        self.shape = shape
        self.inputs = inputs
    }

    /// Rows the gradient holds; nil = all.
    package var rows: RowSet? { gradient.rows }
    /// Gradient values: [M, width] for a row-sparse gradient.
    package var dy: Buffer { gradient.values }

    /// Gradient under the full shape of the op's result.
    package func dense() throws(RhoError) -> Buffer { try gradient.dense(shape) }

    /// Whether anybody wants the gradient of input `index`.
    package func needs(_ index: Int) -> Bool {
        if index < inputs.count, case .none = inputs[index] { return false }
        return index < inputs.count
    }

    /// Lets `write` compute the gradient of input `index` in place. It must add when its second argument is true and
    /// overwrite every element otherwise; with `adding` the place is cleared first and the argument is always true.
    /// With `rows`, the place holds only those rows. Does nothing when nobody wants the gradient.
    package func into(
        _ index: Int, rows: RowSet? = nil, adding: Bool = false,
        _ write: (Buffer, Bool) throws(RhoError) -> Void
    ) throws(RhoError) {
        guard needs(index) else { return }
        let shape = self.shape(of: index)
        var pending = takePending(index)
        if var held = pending.take() {
            if held.rows === rows {
                try held.own()
                try write(held.values, true)
            } else {
                try held.add(compute(index, shape, rows, adding: adding, write), shape: shape)
            }
            try store(index, held)
        } else {
            try store(index, compute(index, shape, rows, adding: adding, write))
        }
    }

    /// Passes `gradient` on as the gradient of input `index`, without copying where possible.
    package func give(_ index: Int, _ gradient: Gradient) throws(RhoError) {
        guard needs(index) else { return }
        let shape = self.shape(of: index)
        if var held = takePending(index) {
            try held.add(gradient, shape: shape)
            try store(index, held)
        } else if gradient.rows == nil {
            try store(index, Gradient(gradient.values.reshaped(shape)))
        } else {
            try store(index, gradient)
        }
    }

    private func compute(
        _ index: Int, _ shape: Shape, _ rows: RowSet?, adding: Bool, _ write: (Buffer, Bool) throws(RhoError) -> Void
    ) throws(RhoError) -> Gradient {
        let place = rows.map { Shape(unchecked: [$0.count, shape.width]) } ?? shape
        var spare: Buffer?
        if rows == nil, case .leaf(let tensor) = inputs[index] { spare = tensor.takeSpare() }
        let values: Buffer
        if let spare { values = spare } else { values = try Buffer.make(place, on: dy.backend) }
        if adding { values.backend.fill(values, 0) }
        try write(values, adding)
        return Gradient(values, rows: rows)
    }

    private func shape(of index: Int) -> Shape {
        switch inputs[index] {
        case .none: .scalar
        case .leaf(let tensor): tensor.shape
        case .node(let node): node.shape
        }
    }

    private func takePending(_ index: Int) -> Gradient? {
        switch inputs[index] {
        case .none: return nil
        case .leaf(let tensor): return tensor.takeGradient()
        case .node(let node):
            if let held = node.pending.take() { return held }
            reached.append(node)
            return nil
        }
    }

    private func store(_ index: Int, _ gradient: Gradient) throws(RhoError) {
        switch inputs[index] {
        case .none: break
        case .leaf(let tensor):
            tensor.storeGradient(gradient.rows == nil ? gradient : Gradient(try gradient.dense(tensor.shape)))
        case .node(let node): node.pending = gradient
        }
    }
}
