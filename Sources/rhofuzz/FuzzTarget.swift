import RhoCore

/// A format to be read from damaged bytes.
protocol FuzzTarget: AnyObject {
    /// - Parameter folder: an empty directory of this target's own, gone after the run.
    init(folder: String) throws

    /// The input that `random` stands for.
    func input(_ random: inout FuzzRandom) -> [UInt8]

    /// Reads the input as the program would. Throws `RhoError` where it is refused; anything else that happens is a bug.
    func run(_ bytes: [UInt8]) throws
}

/// What a reader did that it must not do, short of a crash.
struct Finding: Error {
    var text: String
    init(_ text: String) { self.text = text }
}

enum FuzzCatalog {
    /// Every target by the name that the command line knows.
    static var all: [(name: String, type: any FuzzTarget.Type)] {
        [
            ("json", JSONTarget.self), ("safetensors", SafetensorsTarget.self), ("gguf", GGUFTarget.self),
            ("tokenizer", TokenizerTarget.self), ("config", ConfigTarget.self), ("rows", RowsTarget.self),
            ("scores", ScoresTarget.self), ("tokens", TokensTarget.self), ("state", StateTarget.self),
            ("run", RunTarget.self), ("events", EventsTarget.self), ("lua", LuaTarget.self),
        ]
    }
}
