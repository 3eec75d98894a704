import RhoCore

/// Reads the `pre_tokenizer` of a tokenizer file.
struct PreTokenizerReader {
    private(set) var steps: [any PreTokenizerStep] = []
    /// Whether the model works on bytes.
    private(set) var isByteLevel = false
    /// The splitter by hand that does what the steps do, if there is one.
    private(set) var fastSplit: FastSplit?

    static let supported = [
        "Sequence", "ByteLevel", "Split", "Digits", "Metaspace", "Punctuation", "Whitespace", "WhitespaceSplit",
        "CharDelimiterSplit",
    ]

    init(_ part: JSONPart?) throws(RhoError) {
        guard let part else { return }
        var flat: [JSONPart] = []
        try Self.flatten(part, into: &flat, depth: 0)
        for (index, step) in flat.enumerated() { try add(step, isLast: index == flat.count - 1) }
        fastSplit = try Self.fastSplit(flat)
    }

    private static func flatten(_ part: JSONPart, into flat: inout [JSONPart], depth: Int) throws(RhoError) {
        guard try part.type() == "Sequence" else { return flat.append(part) }
        for step in try part.required("pretokenizers").array() { try flatten(step, into: &flat, depth: depth + 1) }
    }

    private mutating func add(_ part: JSONPart, isLast: Bool) throws(RhoError) {
        let type = try part.type()
        switch type {
        case "ByteLevel":
            if !isLast { throw part.failure(.unsupported, "ByteLevel is supported as the last step only") }
            isByteLevel = true
            steps.append(
                ByteLevelStep(
                    addsSpace: try part.bool("add_prefix_space", default: true),
                    splits: try part.bool("use_regex", default: true)))
        case "Split":
            steps.append(try Self.split(part))
        case "Digits":
            let isolates = try part.bool("individual_digits", default: false)
            steps.append(ScalarSplitStep(test: .number, behavior: isolates ? .isolated : .contiguous))
        case "Metaspace":
            steps.append(try Self.metaspace(part))
        case "Punctuation":
            let behavior = try part.choice("behavior", of: SplitBehavior.self, default: .isolated)
            steps.append(ScalarSplitStep(test: .punctuation, behavior: behavior))
        case "Whitespace":
            steps.append(WordSplitStep())
        case "WhitespaceSplit":
            steps.append(ScalarSplitStep(test: .space, behavior: .removed))
        case "CharDelimiterSplit":
            let target = Array(try part.string("delimiter").utf8)
            if target.isEmpty { throw part.failure("delimiter must be one character, got ''") }
            steps.append(SplitStep(matches: .string(target), behavior: .removed, inverted: false))
        default:
            throw part.unsupported("pre-tokenizer", type, supported: Self.supported)
        }
    }

    private static func split(_ part: JSONPart) throws(RhoError) -> SplitStep {
        let matches: SplitStep.Matches
        switch try PatternReader.pattern(part.required("pattern")) {
        case .string(let target): matches = .string(target)
        case .regex(let text):
            if let known = SplitPattern.named(byPattern: text) {
                matches = .known(known)
            } else {
                matches = .regex(try PatternReader.compile(text, part))
            }
        }
        return SplitStep(
            matches: matches, behavior: try part.choice("behavior", of: SplitBehavior.self),
            inverted: try part.bool("invert", default: false))
    }

    private static func metaspace(_ part: JSONPart) throws(RhoError) -> MetaspaceStep {
        let replacement = Array((try part.optional("replacement")?.string() ?? "▁").utf8)
        if replacement.isEmpty { throw part.failure("replacement must be one character, got ''") }
        // Files from before prepend_scheme have a flag.
        let always = try part.bool("add_prefix_space", default: true)
        let prepend = try part.choice(
            "prepend_scheme", of: MetaspaceStep.Prepend.self, default: always ? .always : .never)
        return MetaspaceStep(
            replacement: replacement, prepend: prepend, splits: try part.bool("split", default: true))
    }

    private static func fastSplit(_ steps: [JSONPart]) throws(RhoError) -> FastSplit? {
        guard let last = steps.last, try last.type() == "ByteLevel", try !last.bool("add_prefix_space", default: true)
        else { return nil }
        let usesRegex = try last.bool("use_regex", default: true)
        if steps.count == 1 { return usesRegex ? .known(.gpt2) : .whole }
        guard steps.count == 2 else { return nil }
        let first = steps[0]
        switch try first.type() {
        case "Digits":
            let isolates = try first.bool("individual_digits", default: false)
            return usesRegex && isolates ? .gpt2IsolatedNumbers : nil
        case "Split":
            let step = try split(first)
            guard !usesRegex, !step.inverted, step.behavior == .isolated, case .known(let pattern) = step.matches
            else { return nil }
            return .known(pattern)
        default:
            return nil
        }
    }
}
