import RhoCore

/// Files that travel with a model without changing its arithmetic: generation settings, the chat template, and what the
/// tokenizer's Python class wants to know. Kept byte for byte from the directory a model came from to the one it is
/// saved to.
public struct HFCompanions: Sendable, Equatable {
    /// Names that are kept.
    public static let names = [
        "chat_template.jinja", "chat_template.json", "generation_config.json", "special_tokens_map.json",
        "tokenizer_config.json",
    ]
    /// The longest file that is kept, in bytes.
    private static let limit = 16 << 20

    /// Contents by name, sorted by name.
    public let files: [(name: String, content: [UInt8])]

    public static func == (a: HFCompanions, b: HFCompanions) -> Bool {
        a.files.elementsEqual(b.files) { $0.name == $1.name && $0.content == $1.content }
    }

    /// No files: those of a new model are written.
    public static let none = HFCompanions(files: [])

    private init(files: [(name: String, content: [UInt8])]) { self.files = files }

    /// What lies in the directory `path`. Errors: `.io`.
    public init(directory path: String) throws(RhoError) {
        var files: [(name: String, content: [UInt8])] = []
        for name in Self.names {
            let file = "\(path)/\(name)"
            if Files.exists(file), try Files.size(file) <= Self.limit { files.append((name, try Files.read(file))) }
        }
        self.files = files
    }

    /// The chat template in a GGUF file's metadata, if there is one.
    public init(_ gguf: GGUF) {
        guard case .string(let template) = gguf["tokenizer.chat_template"] else {
            files = []
            return
        }
        files = [("chat_template.jinja", Array(template.utf8))]
    }

    /// The chat template, from whichever file holds it.
    var chatTemplate: String? {
        if let file = files.first(where: { $0.name == "chat_template.jinja" }) {
            return String(decoding: file.content, as: UTF8.self)
        }
        let config = files.first { $0.name == "tokenizer_config.json" }
        return config.flatMap { try? JSON.parse($0.content) }?["chat_template"]?.stringValue
    }

    /// Writes them into a directory, over files of the same names.
    func write(into directory: String) throws(RhoError) {
        for file in files { try Files.writeAtomically("\(directory)/\(file.name)", file.content) }
    }
}
