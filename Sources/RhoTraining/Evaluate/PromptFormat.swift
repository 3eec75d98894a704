import RhoCore

/// How an item is put to a model: a template, and solved examples before it.
public struct PromptFormat: Sendable, Equatable {
    public enum Style: String, Sendable, CaseIterable {
        /// The text of each choice continues the prompt.
        case text
        /// The choices are listed as A., B., ... and a letter continues the prompt.
        case letters
        /// The question holds one `_`: each choice is put in its place, and the rest of the sentence is scored.
        case blank
    }

    public var style: Style
    /// `{question}` stands for the question, `{choices}` for the lettered list.
    public var template: String
    /// What stands between examples.
    public var separator: String
    /// Solved examples, in the order they are shown.
    public var shots: [TaskItem]

    public init(style: Style = .text, template: String? = nil, separator: String = "\n\n", shots: [TaskItem] = []) {
        self.style = style
        self.template = template ?? Self.defaultTemplate(style)
        self.separator = separator
        self.shots = shots
    }

    static func defaultTemplate(_ style: Style) -> String {
        switch style {
        case .text: "Question: {question}\nAnswer:"
        case .letters: "Question: {question}\n{choices}\nAnswer:"
        case .blank: "{question}"
        }
    }

    /// `count` examples drawn from `pool`, the same for every item and model; a pure function of the seed.
    public static func draw(_ count: Int, from pool: [TaskItem], seed: UInt64) throws(RhoError) -> [TaskItem] {
        guard count <= pool.count else {
            throw RhoError(.value, "\(count) examples were asked for, but there are \(pool.count)")
        }
        let order = Permutation(count: pool.count, seed: seed, name: "few_shot")
        return (0..<count).map { pool[order[$0]] }
    }

    /// The prompt without examples.
    public func question(_ item: TaskItem) -> String {
        let list = item.choices.enumerated().map { "\(Self.letter($0.offset)). \($0.element)" }.joined(separator: "\n")
        return template.replacing("{choices}", with: list).replacing("{question}", with: item.question)
    }

    /// The prompt with its examples. An example that asks the same question is left out.
    public func prompt(_ item: TaskItem) -> String {
        examples(for: item) + question(item)
    }

    private func examples(for item: TaskItem) -> String {
        shots.filter { $0.question != item.question }.map { solved($0) + separator }.joined()
    }

    private func solved(_ item: TaskItem) -> String {
        switch style {
        case .blank: return item.question.replacing("_", with: item.answer, maxReplacements: 1)
        case .letters: return question(item) + Self.gap(question(item)) + Self.letter(item.right ?? 0)
        case .text:
            return question(item) + Self.gap(question(item)) + Self.worked(item)
        }
    }

    /// The worked solution, ending in the answer in a form that `FinalAnswer` finds.
    private static func worked(_ item: TaskItem) -> String {
        guard !item.solution.isEmpty else { return item.answer }
        // GSM8K marks its calculator calls as <<48/2=24>>; they are no part of the text.
        var solution = ""
        var rest = item.solution[...]
        while let open = rest.firstRange(of: "<<"), let close = rest[open.upperBound...].firstRange(of: ">>") {
            solution += rest[..<open.lowerBound]
            rest = rest[close.upperBound...]
        }
        solution += rest
        let found = FinalAnswer(in: solution)
        if let found, found.rule == .marked || found.rule == .boxed { return solution }
        return solution + "\nThe answer is " + item.answer + "."
    }

    /// Context and continuation of every choice.
    public func requests(_ item: TaskItem) throws(RhoError) -> [(context: String, continuation: String)] {
        let before = examples(for: item)
        switch style {
        case .text:
            let asked = question(item)
            return item.choices.map { (before + asked, Self.gap(asked) + $0) }
        case .letters:
            let asked = question(item)
            return item.choices.indices.map { (before + asked, Self.gap(asked) + Self.letter($0)) }
        case .blank:
            let parts = item.question.split(separator: "_", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw RhoError(
                    .value,
                    "style blank needs one '_' in the question, got \(parts.count - 1): \(item.question.prefix(80))")
            }
            return item.choices.map { (before + parts[0] + $0, String(parts[1])) }
        }
    }

    /// A continuation starts with a space unless the prompt ends in white space.
    static func gap(_ prompt: String) -> String { prompt.last.map { $0.isWhitespace } ?? true ? "" : " " }

    static func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(65 + index % 26))) }
}

/// SHA-256 over everything a model is shown, so that two accuracies can be known to answer the same prompts.
public struct PromptHash {
    private var hasher = SHA256Hasher()

    public init() {}

    public mutating func add(_ text: String) {
        hasher.update("\(text.utf8.count):")
        hasher.update(text)
    }

    /// The first 16 hexadecimal digits.
    public mutating func text() -> String { String(hasher.finalizeHex().prefix(16)) }
}
