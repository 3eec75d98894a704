import RhoCore

/// Reads the `normalizer` of a tokenizer file.
enum NormalizerReader {
    static let supported = [
        "Sequence", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents", "Prepend", "Replace",
    ]

    static func steps(_ part: JSONPart) throws(RhoError) -> [any NormalizerStep] {
        let type = try part.type()
        switch type {
        case "Sequence":
            var steps: [any NormalizerStep] = []
            for step in try part.required("normalizers").array() { steps += try self.steps(step) }
            return steps
        case "Lowercase":
            return [LowercaseStep()]
        case "Strip":
            return [
                StripStep(
                    left: try part.bool("strip_left", default: true), right: try part.bool("strip_right", default: true)
                )
            ]
        case "StripAccents":
            return [StripAccentsStep()]
        case "Prepend":
            return [PrependStep(prefix: Array(try part.string("prepend").utf8))]
        case "Replace":
            let replacement = Array(try part.string("content").utf8)
            switch try PatternReader.pattern(part.required("pattern")) {
            case .string(let target): return [ReplaceStringStep(target: target, replacement: replacement)]
            case .regex(let text):
                return [ReplaceRegexStep(splitter: try PatternReader.compile(text, part), replacement: replacement)]
            }
        default:
            if let form = NormalForm(rawValue: type) { return [UnicodeFormStep(form: form)] }
            throw part.unsupported("normalizer", type, supported: supported)
        }
    }
}

/// Reads a `pattern`, `{"String": …}` or `{"Regex": …}`.
enum PatternReader {
    enum Pattern {
        case string([UInt8])
        case regex(String)
    }

    static func pattern(_ part: JSONPart) throws(RhoError) -> Pattern {
        if let text = try part.optional("String") {
            let bytes = Array(try text.string().utf8)
            if bytes.isEmpty { throw text.failure("the pattern must not be empty") }
            return .string(bytes)
        }
        return .regex(try part.string("Regex"))
    }

    static func compile(_ pattern: String, _ part: JSONPart) throws(RhoError) -> RegexSplitter {
        do throws(RhoError) { return try RegexSplitter(pattern: pattern) } catch { throw error.at(part.place) }
    }
}
