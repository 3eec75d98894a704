import RhoCore

/// run.json: what a run was made of, enough to tell whether two runs may be compared and to repeat one.
public struct Manifest {
    public var experiment: String
    public var seed: UInt64
    /// Every parameter, resolved.
    public var config: JSON
    /// Command line, program first.
    public var arguments: [String]
    public var threads: Int
    /// Version of each part: rhoscript, swift, lua, openblas.
    public var versions: JSONObject
    public var git: GitState?
    /// Seconds since 1970.
    public var startedAt: Double
    public var finishedAt: Double?
    /// How the run ended; nil while it goes on. Whether it still goes on is `RunStatus.of`.
    public var ended: RunStatus?

    /// SHA-256 of every Lua file loaded, by name.
    private var code: [String: String] = [:]
    /// Content hash of every corpus, by name.
    private var data: [String: JSON] = [:]
    /// Fingerprint of every tokenizer and model, by name.
    private var tokenizers: [String: String] = [:]
    private var models: [String: String] = [:]

    public var tokensSeen = 0
    public var tokensSelected = 0
    public var compute = Compute()
    public var wallSeconds = 0.0
    public var peakResidentBytes = 0

    public init(
        experiment: String, seed: UInt64, config: JSON, arguments: [String] = [], threads: Int = 1,
        versions: JSONObject = [:], git: GitState? = nil, startedAt: Double = Clock.wallSeconds()
    ) {
        self.experiment = experiment
        self.seed = seed
        self.config = config
        self.arguments = arguments
        self.threads = threads
        self.versions = versions
        self.git = git
        self.startedAt = startedAt
    }

    public mutating func setCode(_ name: String, hash: String) { code[name] = hash }
    public mutating func setTokenizer(_ name: String, fingerprint: String) { tokenizers[name] = fingerprint }
    public mutating func setModel(_ name: String, fingerprint: String) { models[name] = fingerprint }

    /// Records a corpus with its content hash and size.
    public mutating func setData(_ name: String, hash: String, documents: Int? = nil, tokens: Int? = nil) {
        var entry: JSONObject = ["hash": .string(hash)]
        if let documents { entry["documents"] = JSON(documents) }
        if let tokens { entry["tokens"] = JSON(tokens) }
        data[name] = .object(entry)
    }

    /// Names the run by configuration, code, data and engine: two runs with the same one do the same thing.
    public var fingerprint: String {
        Fingerprint.of([
            "experiment": .string(experiment), "seed": .string("\(seed)"), "config": config, "code": Self.sorted(code),
            "data": .object(JSONObject(data.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })),
            "versions": .object(versions),
        ])
    }

    private static func sorted(_ names: [String: String]) -> JSON {
        .object(JSONObject(names.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    public var json: JSON {
        var object: JSONObject = [
            "format": 1, "experiment": .string(experiment), "seed": seedJSON, "fingerprint": .string(fingerprint),
            "started": .string(Timestamp.utc(startedAt)),
        ]
        if let finishedAt { object["finished"] = .string(Timestamp.utc(finishedAt)) }
        if let ended { object["ended"] = .string(ended.rawValue) }
        object["arguments"] = .array(arguments.map { .string($0) })
        object["config"] = config
        object["code"] = Self.sorted(code)
        object["data"] = .object(JSONObject(data.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        object["tokenizers"] = Self.sorted(tokenizers)
        object["models"] = Self.sorted(models)
        object["git"] = git?.json ?? .null
        object["versions"] = .object(versions)
        object["machine"] = [
            "host": .string(Machine.host), "processor": .string(Machine.processor),
            "processors": JSON(Machine.onlineProcessors), "threads": JSON(threads),
            "memory_bytes": JSON(Machine.memoryBytes), "system": .string(Machine.operatingSystem),
        ]
        object["environment"] = .object(JSONObject(Machine.environment.map { ($0.name, .string($0.value)) }))
        object["tokens_seen"] = JSON(tokensSeen)
        object["tokens_selected"] = JSON(tokensSelected)
        object["compute"] = compute.json
        object["wall_seconds"] = .number((wallSeconds * 1000).rounded() / 1000)
        object["peak_resident_bytes"] = JSON(peakResidentBytes)
        return .object(object)
    }

    /// A seed beyond the integers of JSON readers is written as a string.
    private var seedJSON: JSON { seed <= 1 << 53 ? .integer(Int64(seed)) : .string("\(seed)") }
}
