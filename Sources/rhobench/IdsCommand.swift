import ArgumentParser
import RhoCheckpoint
import RhoCore
import RhoText

/// The ids of many texts at once, for comparing tokenizers with other programs'.
///
/// Input and output are binary: for each text a 4-byte length and its bytes; for each a 4-byte count and its ids of 4
/// bytes, all little-endian. Texts may hold any bytes.
struct IdsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ids", abstract: "Token ids of a file of texts, for comparison with other programs.")

    @Argument(help: "tokenizer.json, a directory that has one, or a GGUF file.")
    var tokenizer: String

    @Argument(help: "Texts: for each a 4-byte length and its bytes.")
    var texts: String

    @Argument(help: "Where the ids go: for each text a 4-byte count and the ids.")
    var output: String

    @Flag(help: "Fail where the ids do not stand for exactly the bytes of the text.")
    var exact = false

    func run() throws {
        let tokenizer: any Tokenizer =
            self.tokenizer.hasSuffix(".gguf")
            ? try GGUFTokenizer.load(GGUF(path: self.tokenizer)) : try TokenizerCatalog.load(path: self.tokenizer)
        let input = try MappedFile(path: texts)
        let out = try AtomicFile(path: output)
        var at = 0
        while at < input.bytes.count {
            guard at + 4 <= input.bytes.count else { throw RhoError(.format, "\(texts): cut off at byte \(at)") }
            let length = Int(UInt32(littleEndian: input.bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            guard at + 4 + length <= input.bytes.count else {
                throw RhoError(.format, "\(texts): cut off at byte \(at)")
            }
            let text = UnsafeRawBufferPointer(rebasing: input.bytes[(at + 4)..<(at + 4 + length)])
            let ids = tokenizer.encode(text)
            if exact, !tokenizer.decode(ids).elementsEqual(text) {
                throw RhoError(.internal, "the text at byte \(at) of \(texts) does not come back from its ids")
            }
            try ([Int32(ids.count)] + ids).withUnsafeBytes { bytes in try out.write(bytes) }
            at += 4 + length
        }
        try out.commit()
    }
}
