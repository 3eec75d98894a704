import RhoCore

/// The kinds of tokenizer and how a file becomes one.
public enum TokenizerCatalog {
    /// The value of `kind` of every tokenizer here.
    public static let kinds = ["bytes", "bpe", "unigram"]

    /// The names of the split patterns that training offers.
    public static let patterns = SplitPattern.allCases.map(\.rawValue)

    /// Reads `tokenizer.json` at `path`, or in the directory `path`.
    /// - Throws: `.io` when it cannot be read, `.format` when it is malformed, `.unsupported` for a part that is not
    ///   built in; each names the file.
    public static func load(path: String) throws(RhoError) -> any Tokenizer {
        let file = Files.isDirectory(path) ? path + "/tokenizer.json" : path
        let bytes = try Files.read(file)
        do throws(RhoError) { return try load(bytes) } catch { throw error.at(file) }
    }

    /// Reads the text of a `tokenizer.json`.
    public static func load(tokenizerJSON text: String) throws(RhoError) -> any Tokenizer {
        try load(Array(text.utf8))
    }

    /// Reads the parsed text of a `tokenizer.json`.
    public static func load(json: JSON) throws(RhoError) -> any Tokenizer {
        if let bytes = ByteTokenizer(json: json) { return bytes }
        return try PipelineTokenizer(json: json)
    }

    private static func load(_ bytes: [UInt8]) throws(RhoError) -> any Tokenizer {
        let json = try JSON.parse(bytes)
        if let bytes = ByteTokenizer(json: json) { return bytes }
        return try PipelineTokenizer(json: json, document: String(decoding: bytes, as: UTF8.self))
    }
}
