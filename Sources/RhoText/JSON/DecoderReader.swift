import RhoCore

/// Reads the `decoder` of a tokenizer file.
enum DecoderReader {
    static let supported = ["Sequence", "ByteLevel", "ByteFallback", "Replace", "Fuse", "Strip", "Metaspace"]

    static func steps(_ part: JSONPart) throws(RhoError) -> [TokenDecoder.Step] {
        let type = try part.type()
        switch type {
        case "Sequence":
            var steps: [TokenDecoder.Step] = []
            for step in try part.required("decoders").array() { steps += try self.steps(step) }
            return steps
        case "ByteLevel": return [.byteLevel]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Replace":
            guard case .string(let target) = try PatternReader.pattern(part.required("pattern")) else {
                throw part.failure(.unsupported, "a decoder replaces a String, not a Regex")
            }
            return [.replace(target, with: Array(try part.string("content").utf8))]
        case "Strip":
            let start = try part.int("start"), stop = try part.int("stop")
            guard (0...1_000).contains(start), (0...1_000).contains(stop) else {
                throw part.failure("start and stop must be from 0 to 1000, got \(start) and \(stop)")
            }
            return [.strip(Array(try part.string("content").utf8), start: start, stop: stop)]
        case "Metaspace":
            let replacement = Array((try part.optional("replacement")?.string() ?? "▁").utf8)
            let adds = try part.bool("add_prefix_space", default: true)
            let prepend = try part.choice(
                "prepend_scheme", of: MetaspaceStep.Prepend.self, default: adds ? .always : .never)
            let strip: [TokenDecoder.Step] = prepend == .never ? [] : [.fuse, .strip([0x20], start: 1, stop: 0)]
            return [.replace(replacement, with: [0x20])] + strip
        default:
            throw part.unsupported("decoder", type, supported: supported)
        }
    }
}

/// Reads the `post_processor` of a tokenizer file, as far as it puts tokens around one text.
enum PostProcessorReader {
    static let supported = ["Sequence", "TemplateProcessing", "ByteLevel", "BertProcessing", "RobertaProcessing"]

    /// The ids before and after the text.
    static func around(_ part: JSONPart) throws(RhoError) -> (prefix: [Int32], suffix: [Int32]) {
        let type = try part.type()
        switch type {
        case "Sequence":
            var result: (prefix: [Int32], suffix: [Int32]) = ([], [])
            for step in try part.required("processors").array() {
                let inner = try around(step)
                result = (inner.prefix + result.prefix, result.suffix + inner.suffix)
            }
            return result
        case "ByteLevel":
            return ([], [])
        case "TemplateProcessing":
            return try template(part)
        case "BertProcessing", "RobertaProcessing":
            return ([try pairID(part, "cls")], [try pairID(part, "sep")])
        default:
            throw part.unsupported("post-processor", type, supported: supported)
        }
    }

    private static func template(_ part: JSONPart) throws(RhoError) -> (prefix: [Int32], suffix: [Int32]) {
        var result: (prefix: [Int32], suffix: [Int32]) = ([], [])
        var seenText = false
        for item in try part.required("single").array() {
            if let token = try item.optional("SpecialToken") {
                let name = try token.string("id")
                let entry = try part.required("special_tokens").required(name)
                for id in try entry.required("ids").array() {
                    let value = try idValue(id)
                    if seenText { result.suffix.append(value) } else { result.prefix.append(value) }
                }
            } else {
                let name = try item.required("Sequence").string("id")
                guard name == "A", !seenText else {
                    throw item.failure("a template for one text holds the sequence A once, got '\(name)'")
                }
                seenText = true
            }
        }
        return result
    }

    /// The id of `"cls": ["<s>", 0]`.
    private static func pairID(_ part: JSONPart, _ key: String) throws(RhoError) -> Int32 {
        let items = try part.required(key).array()
        guard items.count == 2 else {
            throw part.failure("'\(key)' must be a token and its id, got \(items.count) items")
        }
        return try idValue(items[1])
    }

    private static func idValue(_ part: JSONPart) throws(RhoError) -> Int32 {
        let value = try part.int()
        guard value >= 0, value < 16_777_216 else {
            throw part.failure("an id must be from 0 to 16777215, got \(value)")
        }
        return Int32(value)
    }
}
