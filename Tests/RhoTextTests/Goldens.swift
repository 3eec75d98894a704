import RhoCore
import RhoText

/// The files that make_tokenizer_goldens.py wrote.
enum Goldens {
    static let directory: String = {
        let here = #filePath
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        return tests + "/Goldens/tokenizer/"
    }()

    static let names = [
        "gpt2", "gpt2_prefix", "gpt4", "llama3", "qwen2", "smollm2", "custom_regex", "llama2", "mistral", "bpe_unknown",
        "unigram", "unigram_bytes",
    ]

    /// Byte-level vocabularies whose normalisers change nothing: any bytes must come back.
    static let lossless = ["gpt2", "gpt4", "llama3", "smollm2"]

    static func json(_ name: String) throws -> JSON { try JSON.parse(Files.read(directory + name)) }

    static func samples() throws -> [String] {
        try json("samples.json").arrayValue?.compactMap(\.stringValue) ?? []
    }

    static func documents() throws -> [[UInt8]] {
        let text = try Files.readText(directory + "corpus.txt")
        return text.split(separator: "\n%\n", omittingEmptySubsequences: false).map { Array($0.utf8) }
    }

    static func tokenizer(_ name: String) throws -> PipelineTokenizer {
        try PipelineTokenizer(json: json(name + ".json"))
    }

    static func ids(_ value: JSON?) -> [Int32]? {
        value?.arrayValue?.map { Int32($0.intValue ?? -1) }
    }
}

/// Bytes that mix valid text of many scripts with broken sequences and control bytes; the same for the same seed.
func randomBytes(_ stream: inout RandomStream, count: Int) -> [UInt8] {
    let fragments: [[UInt8]] = [
        Array("the ".utf8), Array("'s".utf8), Array("  ".utf8), Array("\r\n".utf8), Array("été".utf8),
        Array("日本".utf8), Array("👍🏽".utf8), Array("e\u{301}".utf8), Array("123".utf8), Array("٣".utf8),
        Array("\u{00A0}".utf8), Array("\u{3000}".utf8), Array("<|endoftext|>".utf8), Array("▁".utf8),
        [0xFF], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80], [0xC0, 0xAF], [0x80], [0x00], [0x7F],
    ]
    var bytes: [UInt8] = []
    while bytes.count < count {
        if stream.below(3) == 0 {
            bytes.append(UInt8(stream.below(256)))
        } else {
            bytes += fragments[stream.below(fragments.count)]
        }
    }
    return bytes
}
