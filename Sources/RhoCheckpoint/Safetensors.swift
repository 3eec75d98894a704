import RhoCore

/// One safetensors file, mapped. The header is checked in full before any tensor is touched, so that a file that lies
/// about itself is refused by a sentence and never causes a large allocation or a read outside the file.
///
/// Format: u64 header length, JSON header `{name: {dtype, shape, data_offsets}}`, tensor bytes (little-endian, row-major).
public final class Safetensors: Sendable {
    /// Where one tensor lies. `range` counts bytes from the start of the file.
    public struct Entry: Sendable, Equatable {
        public var name: String
        public var type: ElementType
        public var shape: [Int]
        public var range: Range<Int>
        /// Product of `shape`.
        public var count: Int { range.count / type.width }
    }

    /// The longest header that the format allows, in bytes.
    public static let headerLimit = 100_000_000

    public let path: String
    /// Tensors in the order of their bytes.
    public let entries: [Entry]
    /// The `__metadata__` table, sorted by key.
    public let metadata: [(key: String, value: String)]
    let file: MappedFile
    private let index: [String: Int]

    /// Maps `path` and checks its header. Errors: `.io` if it cannot be opened, `.checkpoint` if it is malformed.
    public init(path: String) throws(RhoError) {
        self.path = path
        file = try MappedFile(path: path)
        let header = try SafetensorsHeader(file.bytes, path: path)
        entries = header.entries
        metadata = header.metadata
        var index: [String: Int] = [:]
        for (position, entry) in entries.enumerated() { index[entry.name] = position }
        self.index = index
    }

    /// The tensor called `name`, if it is there.
    public func entry(_ name: String) -> Entry? {
        index[name].map { entries[$0] }
    }

    /// The tensor called `name`. Errors: `.checkpoint` naming the nearest tensor if there is none.
    public func required(_ name: String) throws(RhoError) -> Entry {
        guard let entry = entry(name) else {
            throw RhoError(
                .checkpoint, "\(path): tensor '\(name)' is missing\(suggestion(for: name, in: entries.map(\.name)))")
        }
        return entry
    }

    /// Expands a tensor to f32 into `out`, which must hold exactly its elements.
    /// Errors: `.checkpoint` if the tensor is missing, has another shape, or a format that holds no weights.
    public func read(
        _ name: String, shape: [Int], into out: UnsafeMutableBufferPointer<Float>
    ) throws(RhoError) {
        let entry = try required(name)
        guard entry.shape == shape, out.count == entry.count else {
            throw RhoError(.checkpoint, "\(path): tensor '\(name)' has shape \(entry.shape), expected \(shape)")
        }
        guard entry.type.isReadable else {
            throw RhoError(
                .checkpoint,
                "\(path): tensor '\(name)' has dtype \(entry.type.rawValue), and only F32, F16 and BF16 can be read")
        }
        // The mapping must outlive the reading, whatever the caller does with this object.
        defer { withExtendedLifetime(file) {} }
        entry.type.decode(UnsafeRawBufferPointer(rebasing: file.bytes[entry.range]), into: out)
    }

    /// Expands a tensor of the given shape to a new array. Errors as `read(_:shape:into:)`.
    public func floats(_ name: String, shape: [Int]) throws(RhoError) -> [Float] {
        try FloatScratch().withFloats(try required(name).count) { (values) throws(RhoError) in
            try read(name, shape: shape, into: values)
            return Array(values)
        }
    }
}
