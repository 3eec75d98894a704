import RhoCore

/// The tensors of a checkpoint directory: `model.safetensors`, or shards listed by `model.safetensors.index.json`.
public struct WeightFiles {
    public static let singleName = "model.safetensors"
    public static let indexName = "model.safetensors.index.json"

    private let files: [Safetensors]
    private let places: [String: Int]
    /// Where the tensors come from, for messages.
    public let path: String
    /// Names of all tensors, sorted.
    public let names: [String]

    /// Opens and checks the headers. Errors: `.io` or `.checkpoint`.
    public init(directory: String) throws(RhoError) {
        let single = "\(directory)/\(Self.singleName)", index = "\(directory)/\(Self.indexName)"
        if Files.exists(single) {
            try self.init(path: single, files: [Safetensors(path: single)])
        } else if Files.exists(index) {
            var files: [Safetensors] = []
            let shards = try Self.shards(index)
            for shard in shards {
                let path = "\(directory)/\(shard)"
                guard Files.exists(path) else {
                    throw RhoError(.checkpoint, "\(index): shard '\(shard)' is missing (\(shards.count) shards listed)")
                }
                files.append(try Safetensors(path: path))
            }
            try self.init(path: index, files: files)
        } else {
            throw RhoError(
                .checkpoint, "\(directory): no weights here: neither \(Self.singleName) nor \(Self.indexName)")
        }
    }

    private init(path: String, files: [Safetensors]) throws(RhoError) {
        self.path = path
        self.files = files
        var places: [String: Int] = [:]
        for (position, file) in files.enumerated() {
            for entry in file.entries where places.updateValue(position, forKey: entry.name) != nil {
                throw RhoError(.checkpoint, "\(file.path): tensor '\(entry.name)' is also in another shard")
            }
        }
        self.places = places
        names = places.keys.sorted()
    }

    /// Shard names of an index file, sorted, each once. They must be plain file names: an index may not reach outside.
    private static func shards(_ path: String) throws(RhoError) -> [String] {
        let json: JSON
        do throws(RhoError) { json = try JSON.parse(Files.read(path)) } catch {
            throw error.code == .io ? error : error.at(path)
        }
        guard let map = json["weight_map"]?.objectValue else {
            throw RhoError(.checkpoint, "\(path): 'weight_map' is missing")
        }
        var names = Set<String>()
        for pair in map.pairs {
            guard let name = pair.value.stringValue, !name.isEmpty, !name.contains("/"), name != ".." else {
                throw RhoError(
                    .checkpoint,
                    "\(path): tensor '\(pair.key)' is in \(pair.value.serialized()), which is not a file name")
            }
            names.insert(name)
        }
        return names.sorted()
    }

    /// Numbers in all tensors together.
    public var elementCount: Int { files.reduce(0) { $0 + $1.entries.reduce(0) { $0 + $1.count } } }

    /// Whether there is a tensor of this name.
    public func contains(_ name: String) -> Bool { places[name] != nil }

    /// Expands a tensor, which must have this shape, into `out`. Errors: `.checkpoint` naming the tensor.
    public func read(_ name: String, shape: [Int], into out: UnsafeMutableBufferPointer<Float>) throws(RhoError) {
        guard let place = places[name] else {
            throw RhoError(.checkpoint, "\(path): tensor '\(name)' is missing\(suggestion(for: name, in: names))")
        }
        try files[place].read(name, shape: shape, into: out)
    }

    /// The file that holds the tensor `name`, and where.
    func place(_ name: String) -> (file: Safetensors, entry: Safetensors.Entry)? {
        guard let file = places[name].map({ files[$0] }), let entry = file.entry(name) else { return nil }
        return (file, entry)
    }
}
