import RhoCore

/// Sizes of a tensor's dimensions, outermost first; rank 0 (a single number) to rank 4.
///
/// A shape that exists is always valid: no size is negative and the element count fits well inside `Int`, so the
/// code behind this type multiplies sizes without checking for overflow.
public struct Shape: Sendable, Hashable {
    /// Largest rank a tensor can have.
    public static let maximumRank = 4
    /// Largest element count a shape may describe: 2^46 floats are 256 TiB, far above any machine and far below
    /// the point where byte arithmetic could overflow.
    public static let maximumCount = 1 << 46

    private var sizes: SIMD4<Int>
    /// Number of dimensions.
    public let rank: Int

    /// Shape of a single number.
    public static let scalar = Shape(unchecked: [])

    /// Throws `.shape` when the rank exceeds 4, a size is negative, or the element count is absurd.
    public init(_ dims: [Int], for name: String = "shape") throws(RhoError) {
        guard dims.count <= Shape.maximumRank else {
            throw RhoError(.shape, "\(name): a tensor has at most 4 dimensions, got \(dims.count)")
        }
        var count = 1
        for size in dims {
            guard size >= 0 else { throw RhoError(.shape, "\(name): sizes must be >= 0, got \(Shape.text(dims))") }
            // A zero elsewhere must not hide an absurd size, so the product is taken over max(size, 1).
            let (product, overflow) = count.multipliedReportingOverflow(by: Swift.max(size, 1))
            guard !overflow, product <= Shape.maximumCount else {
                throw RhoError(.shape, "\(name): \(Shape.text(dims)) holds more elements than a tensor can")
            }
            count = product
        }
        self.init(unchecked: dims)
    }

    /// For sizes derived from shapes that were checked already.
    package init(unchecked dims: [Int]) {
        var sizes = SIMD4<Int>(repeating: 1)
        for (axis, size) in dims.enumerated() where axis < 4 { sizes[axis] = size }
        self.sizes = sizes
        rank = Swift.min(dims.count, 4)
    }

    /// Size of dimension `axis`, counted from the outermost.
    public subscript(axis: Int) -> Int { sizes[axis] }

    /// Number of elements.
    public var count: Int { sizes[0] * sizes[1] * sizes[2] * sizes[3] }
    /// Sizes as an array.
    public var dims: [Int] { (0..<rank).map { sizes[$0] } }
    /// Size of the innermost dimension; 1 for a scalar.
    public var width: Int { rank == 0 ? 1 : sizes[rank - 1] }
    /// Product of all sizes but the innermost: the number of rows when the tensor is read as a matrix.
    public var rows: Int {
        var product = 1
        for axis in 0..<Swift.max(rank - 1, 0) { product *= sizes[axis] }
        return product
    }

    /// Same outer sizes, another innermost size.
    package func replacingWidth(_ width: Int) -> Shape {
        var copy = self
        if rank > 0 { copy.sizes[rank - 1] = width }
        return copy
    }

    /// Splits the sizes around `axis`: elements lie at `(o * n + i) * inner + j`.
    package func split(at axis: Int) -> (outer: Int, n: Int, inner: Int) {
        var outer = 1
        var inner = 1
        for other in 0..<rank {
            if other < axis { outer *= sizes[other] }
            if other > axis { inner *= sizes[other] }
        }
        return (outer, rank == 0 ? 1 : sizes[axis], inner)
    }

    /// The same sizes without dimension `axis`, or with size 1 there when `keeping`.
    package func reducing(_ axis: Int, keeping: Bool) -> Shape {
        var dims = self.dims
        if keeping { dims[axis] = 1 } else { dims.remove(at: axis) }
        return Shape(unchecked: dims)
    }

    /// Turns a possibly negative axis (-1 = innermost) into one in `0..<rank`.
    package func axis(_ axis: Int, for name: String) throws(RhoError) -> Int {
        let wrapped = axis < 0 ? axis + rank : axis
        guard wrapped >= 0, wrapped < rank else {
            throw RhoError(.shape, "\(name): dimension \(axis) is outside shape \(self)")
        }
        return wrapped
    }

    private static func text(_ dims: [Int]) -> String {
        "(" + dims.map(String.init).joined(separator: ", ") + ")"
    }
}

extension Shape: CustomStringConvertible {
    /// Sizes in parentheses, `(4, 128)`; `()` for a scalar.
    public var description: String { Shape.text(dims) }
}
