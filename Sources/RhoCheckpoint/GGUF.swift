import RhoCore

/// One GGUF file (llama.cpp's format, versions 2 and 3), mapped: metadata and tensors, quantised or not.
///
/// Everything that the header says is checked against the file before it is used, so that a file that lies about itself
/// is refused by a sentence and never causes a large allocation or a read outside the file.
public final class GGUF: Sendable {
    /// A metadata value.
    public enum Value: Sendable, Equatable {
        case integer(Int64)
        case number(Double)
        case bool(Bool)
        case string(String)
        case integers([Int64])
        case numbers([Double])
        case bools([Bool])
        case strings([String])
    }

    /// Where one tensor lies. `shape` is outermost first, as in safetensors (GGUF itself stores innermost first).
    public struct Entry: Sendable, Equatable {
        public var name: String
        public var type: GGUFType
        public var shape: [Int]
        public var range: Range<Int>
        public var count: Int { shape.reduce(1, *) }
    }

    public let path: String
    /// Metadata in the order of the file.
    public let metadata: [(key: String, value: Value)]
    /// Tensors in the order of the file.
    public let entries: [Entry]
    private let file: MappedFile
    private let keys: [String: Int]
    private let index: [String: Int]

    /// Maps `path` and checks its header. Errors: `.io` if it cannot be opened, `.checkpoint` if it is malformed,
    /// `.unsupported` for a version or number format that is not read here.
    public init(path: String) throws(RhoError) {
        self.path = path
        file = try MappedFile(path: path)
        let header: GGUFHeader
        do throws(RhoError) { header = try GGUFHeader(file.bytes) } catch { throw error.at(path) }
        metadata = header.metadata
        entries = header.entries
        var keys: [String: Int] = [:]
        for (position, pair) in metadata.enumerated() { keys[pair.key] = position }
        self.keys = keys
        var index: [String: Int] = [:]
        for (position, entry) in entries.enumerated() { index[entry.name] = position }
        self.index = index
    }

    /// Metadata under `key`.
    public subscript(key: String) -> Value? { keys[key].map { metadata[$0].value } }

    /// The tensor called `name`, if it is there.
    public func entry(_ name: String) -> Entry? { index[name].map { entries[$0] } }

    /// Dequantises a tensor of the given shape into `out`, which must hold exactly its elements.
    /// Errors: `.checkpoint` if it is missing or has another shape.
    public func read(_ name: String, shape: [Int], into out: UnsafeMutableBufferPointer<Float>) throws(RhoError) {
        guard let entry = entry(name) else {
            throw RhoError(
                .checkpoint, "\(path): tensor '\(name)' is missing\(suggestion(for: name, in: entries.map(\.name)))")
        }
        guard entry.shape == shape, out.count == entry.count else {
            throw RhoError(.checkpoint, "\(path): tensor '\(name)' has shape \(entry.shape), expected \(shape)")
        }
        // The mapping must outlive the reading, whatever the caller does with this object.
        defer { withExtendedLifetime(file) {} }
        entry.type.dequantise(UnsafeRawBufferPointer(rebasing: file.bytes[entry.range]), into: out)
    }

    /// A tensor of the given shape, dequantised to a new array. Errors as `read(_:shape:into:)`.
    public func floats(_ name: String, shape: [Int]) throws(RhoError) -> [Float] {
        try FloatScratch().withFloats(entry(name)?.count ?? 0) { (values) throws(RhoError) in
            try read(name, shape: shape, into: values)
            return Array(values)
        }
    }

    /// Text under `key`. Errors: `.checkpoint` if it is missing or something else.
    public func string(_ key: String) throws(RhoError) -> String {
        guard case .string(let text) = self[key] else { throw missing(key, "a string") }
        return text
    }

    /// A whole number under `key`, or `fallback` if it is missing.
    public func int(_ key: String, default fallback: Int? = nil) throws(RhoError) -> Int {
        switch self[key] {
        case .integer(let number): return Int(number)
        case .none:
            guard let fallback else { throw missing(key, "an integer") }
            return fallback
        default: throw missing(key, "an integer")
        }
    }

    /// A number under `key`, or `fallback` if it is missing.
    public func double(_ key: String, default fallback: Double? = nil) throws(RhoError) -> Double {
        switch self[key] {
        case .number(let number): return number
        case .integer(let number): return Double(number)
        case .none:
            guard let fallback else { throw missing(key, "a number") }
            return fallback
        default: throw missing(key, "a number")
        }
    }

    private func missing(_ key: String, _ expected: String) -> RhoError {
        let known = self[key] != nil
        return RhoError(
            .checkpoint,
            known ? "\(path): metadata '\(key)' must be \(expected)" : "\(path): metadata '\(key)' is missing")
    }
}
