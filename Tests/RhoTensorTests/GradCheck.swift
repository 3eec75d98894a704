import RhoCore
import RhoTensor

/// Finite-difference check of an op's backward.
///
/// The scalar under test is Σ wᵢyᵢ with fixed random w, accumulated in Double. The derivative comes from a five-point
/// stencil, whose O(h⁴) error allows a step large enough that the rounding of f32 forward passes does not drown it.
enum GradCheck {
    static let step: Float = 0.02

    /// Inputs of a sample, drawn from its region.
    static func inputs(_ sample: OpSample, seed: UInt64 = 1) throws -> [[Float]] {
        var stream = RandomStream(seed: seed, name: sample.label)
        return sample.shapes.enumerated().map { index, dims in
            let count = dims.reduce(1, *)
            if sample.constant.contains(index) { return (0..<count).map { _ in Float(stream.below(2)) } }
            return switch sample.region {
            case .normal: (0..<count).map { _ in Float(stream.normal()) }
            case .positive: (0..<count).map { _ in Float(0.4 + 1.6 * stream.uniform()) }
            case .awayFromZero:
                (0..<count).map { _ in Float((0.2 + 0.6 * stream.uniform()) * (stream.below(2) == 0 ? 1 : -1)) }
            case .distinct:
                (0..<count).map { place in
                    let order = Permutation(count: count, seed: seed, name: "\(sample.label) \(index)")
                    return Float(order[place]) * 0.25 + Float(index) * 0.11 - 1
                }
            }
        }
    }

    static func weights(_ count: Int) -> [Float] {
        var stream = RandomStream(seed: 9, name: "weights")
        return (0..<count).map { _ in Float(stream.normal()) }
    }

    static func forward(_ op: any Op, _ values: [[Float]], _ shapes: [[Int]]) throws -> [Float] {
        let tensors = try zip(values, shapes).map { try Tensor.from($0, $1) }
        return try op.apply(tensors).toArray()
    }

    /// Result and the gradients of every input that has one.
    static func run(_ sample: OpSample, _ values: [[Float]]) throws -> (y: [Float], gradients: [[Float]?]) {
        let tensors = try zip(values, sample.shapes).map { try Tensor.from($0, $1) }
        for (index, tensor) in tensors.enumerated() { tensor.requiresGrad = !sample.constant.contains(index) }
        let y = try sample.op.apply(tensors)
        try y.backward(gradient: Tensor.from(weights(y.count), y.shape.dims))
        return (y.toArray(), tensors.map { $0.grad?.toArray() })
    }

    /// Largest error of input `index`'s gradient, relative to the largest gradient of that input or 1.
    static func error(_ sample: OpSample, input index: Int, gradient: [Float], values: [[Float]]) throws -> Double {
        var worst = 0.0
        var scale = 1.0
        for element in values[index].indices {
            let at = { (offset: Float) throws -> Double in
                var moved = values
                moved[index][element] += offset
                let y = try forward(sample.op, moved, sample.shapes)
                return zip(y, weights(y.count)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
            let near = try at(step) - at(-step)
            let far = try at(2 * step) - at(-2 * step)
            let numeric = (8 * near - far) / (12 * Double(step))
            worst = max(worst, abs(numeric - Double(gradient[element])))
            scale = max(scale, abs(numeric))
        }
        return worst / scale
    }
}
