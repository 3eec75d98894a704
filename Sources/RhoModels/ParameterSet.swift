import RhoCore
import RhoTensor

/// How the numbers of a fresh weight are chosen.
enum Initial {
    /// Normal with mean 0 and this standard deviation.
    case normal(Double)
    case zeros, ones
}

/// A weight as checkpoints know it: a name, a shape, and the rows of a parameter that hold its numbers.
///
/// Parameters that are multiplied together are stored as one matrix (queries, keys and values; gate and up), while
/// Hugging Face names each part. A view is the bridge, for loading, saving and initialisation.
public struct WeightView {
    /// Rows `source ..< source + count` of the named weight are rows `target ..< target + count` of the parameter.
    struct Segment {
        var source: Int
        var target: Int
        var count: Int
    }

    /// Hugging Face name, `model.layers.0.self_attn.q_proj.weight`.
    public let name: String
    /// Shape in a checkpoint.
    public let shape: [Int]
    public let parameter: Parameter
    /// Whether checkpoints store the matrix as (inputs, outputs), as GPT-2's do.
    public let transposed: Bool
    let segments: [Segment]
    let initial: Initial

    /// Whether a checkpoint has the numbers in the order in which the parameter keeps them.
    public var isInOrder: Bool { !transposed && segments.count == 1 && segments[0].source == 0 }

    /// Numbers in the weight.
    public var count: Int { shape.reduce(1, *) }

    /// Row length in the parameter; a vector has rows of one.
    private var width: Int { parameter.tensor.shape.rank == 1 ? 1 : parameter.tensor.shape.width }

    /// Copies the weight out, in checkpoint order.
    public func values() -> [Float] {
        let stored = parameter.tensor.buffer
        let width = self.width
        var result = [Float](repeating: 0, count: count)
        for segment in segments {
            let part = stored.rowRange(segment.target, segment.count, width: width)
            result.replaceSubrange(
                segment.source * width..<(segment.source + segment.count) * width, with: part.backend.read(part))
        }
        return transposed ? Self.transpose(result, rows: shape[1], columns: shape[0]) : result
    }

    /// Copies `values`, in checkpoint order, into the parameter. Errors: `.shape` on a wrong count.
    public func load(_ values: [Float]) throws(RhoError) {
        var failure: RhoError?
        values.withUnsafeBufferPointer { source in
            do throws(RhoError) { try load(source) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// As `load(_:)` for an array.
    public func load(_ values: UnsafeBufferPointer<Float>) throws(RhoError) {
        guard values.count == count else {
            throw RhoError(.shape, "weight '\(name)' has \(count) numbers, got \(values.count)")
        }
        if parameter.tensor.buffer.format == .f16, let wrong = values.first(where: { !(abs($0) < 65_520) }) {
            throw RhoError(
                .value, "weight '\(name)' holds \(wrong), which f16 cannot keep", hint: "keep the model as bf16 or f32")
        }
        try parameter.tensor.makeWritable()
        if transposed {
            Self.transpose(Array(values), rows: shape[0], columns: shape[1]).withUnsafeBufferPointer { write($0) }
        } else {
            write(values)
        }
    }

    /// Writes rows in the parameter's own order.
    private func write(_ rows: UnsafeBufferPointer<Float>) {
        let stored = parameter.tensor.buffer
        let width = self.width
        for segment in segments {
            let part = stored.rowRange(segment.target, segment.count, width: width)
            let range = segment.source * width..<(segment.source + segment.count) * width
            part.backend.write(part, UnsafeBufferPointer(rebasing: rows[range]))
        }
    }

    /// Gradient collected for this weight, in checkpoint order; nil if there is none.
    public func gradient() throws(RhoError) -> [Float]? {
        guard let gradient = parameter.tensor.grad else { return nil }
        let stand = Parameter(name: parameter.name, tensor: gradient, decays: parameter.decays)
        return WeightView(
            name: name, shape: shape, parameter: stand, transposed: transposed, segments: segments, initial: initial
        ).values()
    }

    private static func transpose(_ values: [Float], rows: Int, columns: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: values.count) { out, count in
            values.withUnsafeBufferPointer { source in
                // Blocks keep both sides in cache.
                for rowBlock in stride(from: 0, to: rows, by: 32) {
                    for columnBlock in stride(from: 0, to: columns, by: 32) {
                        for row in rowBlock..<min(rowBlock + 32, rows) {
                            for column in columnBlock..<min(columnBlock + 32, columns) {
                                out[column * rows + row] = source[row * columns + column]
                            }
                        }
                    }
                }
            }
            count = values.count
        }
    }
}

/// Collects the parameters of a model in their fixed order while it is built.
struct ParameterSet {
    /// One named part of a parameter.
    struct Part {
        var name: String
        var rows: Int
        var initial: Initial
        /// Pairs of (first row in the checkpoint, first row in the parameter, rows); empty: the part is contiguous.
        var scatter: [WeightView.Segment] = []
    }

    /// Whether what is added is trained; a frozen parameter collects no gradient and is not listed.
    var isFrozen = false
    /// How matrices are kept; in 16 bits they are frozen.
    var format = StorageFormat.f32
    private(set) var parameters: [Parameter] = []
    private(set) var weights: [WeightView] = []

    /// Adds a matrix [rows of all parts, width]. Matrices decay.
    mutating func matrix(
        _ name: String, width: Int, _ parts: [Part], transposed: Bool = false
    ) throws(RhoError) -> Tensor {
        let rows = parts.reduce(0) { $0 + $1.rows }
        return try add(name, dims: [rows, width], parts, transposed: transposed)
    }

    /// Adds a matrix of one part with its own name.
    mutating func matrix(
        _ name: String, rows: Int, width: Int, _ initial: Initial, transposed: Bool = false
    ) throws(RhoError) -> Tensor {
        try matrix(name, width: width, [Part(name: name, rows: rows, initial: initial)], transposed: transposed)
    }

    /// Adds a vector. Vectors do not decay.
    mutating func vector(_ name: String, _ parts: [Part]) throws(RhoError) -> Tensor {
        try add(name, dims: [parts.reduce(0) { $0 + $1.rows }], parts, transposed: false)
    }

    mutating func vector(_ name: String, count: Int, _ initial: Initial) throws(RhoError) -> Tensor {
        try vector(name, [Part(name: name, rows: count, initial: initial)])
    }

    private mutating func add(
        _ name: String, dims: [Int], _ parts: [Part], transposed: Bool
    ) throws(RhoError) -> Tensor {
        let tensor = dims.count == 1 ? try Tensor.zeros(dims) : try Tensor.weight(dims, format: format)
        let parameter = Parameter(name: name, tensor: tensor, decays: dims.count > 1)
        if isFrozen { tensor.requiresGrad = false } else { parameters.append(parameter) }
        var row = 0
        for part in parts {
            let contiguous = [WeightView.Segment(source: 0, target: row, count: part.rows)]
            let shape = dims.count == 1 ? [part.rows] : transposed ? [dims[1], part.rows] : [part.rows, dims[1]]
            weights.append(
                WeightView(
                    name: part.name, shape: shape, parameter: parameter, transposed: transposed,
                    segments: part.scatter.isEmpty ? contiguous : part.scatter, initial: part.initial))
            row += part.rows
        }
        return tensor
    }
}

extension Buffer {
    /// Rows `start ..< start + count` of length `width`, whatever the rank.
    func rowRange(_ start: Int, _ count: Int, width: Int) -> Buffer {
        Buffer(storage: storage, offset: offset + start * width, shape: Shape(unchecked: [count * width]))
    }
}
