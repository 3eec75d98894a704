import RhoCore

/// What a byte or a token of a labelled corpus is worth: the ground truth that selection is measured against.
/// A greater value is worse.
public enum TextLabel: UInt8, Sendable, CaseIterable {
    case useful = 0
    case noise = 1
    case wrong = 2
    /// Read, but never predicted: the question of a worked example, the user's turn of a dialogue. No ground truth.
    case prompt = 3

    /// The name in scripts: `useful`, `noise`, `wrong`, `prompt`.
    public var name: String { "\(self)" }

    public init?(name: String) {
        guard let label = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = label
    }
}

/// A text of a corpus, as bytes: real corpora hold invalid UTF-8, and labels count bytes.
public struct Document: Sendable, Equatable {
    public var text: [UInt8]
    /// One ``TextLabel`` raw value per byte of `text`, or nil where nothing is known about it.
    public var labels: [UInt8]?
    /// Where the document comes from, for reports.
    public var source: String?
    /// The fields that the reader was asked to keep beside the text, such as the answer to a question.
    public var fields: JSONObject?

    public init(text: [UInt8], labels: [UInt8]? = nil, source: String? = nil, fields: JSONObject? = nil) {
        self.text = text
        self.labels = labels
        self.source = source
        self.fields = fields
    }

    public init(_ text: String, source: String? = nil) { self.init(text: Array(text.utf8), source: source) }

    /// A labelled document from its pieces in order.
    public init(spans: [(text: String, label: TextLabel)], source: String? = nil) {
        var text: [UInt8] = []
        var labels: [UInt8] = []
        for span in spans {
            let start = text.count
            text.append(contentsOf: span.text.utf8)
            labels.append(contentsOf: repeatElement(span.label.rawValue, count: text.count - start))
        }
        self.init(text: text, labels: labels, source: source)
    }

    /// Whether the labels say more than which text is a prompt: ground truth that selection can be measured against.
    var hasTruth: Bool {
        guard let labels else { return false }
        let (prompt, useful) = (TextLabel.prompt.rawValue, TextLabel.useful.rawValue)
        return !labels.contains(prompt) || labels.contains { $0 != prompt && $0 != useful }
    }

    /// The text with invalid UTF-8 shown as U+FFFD.
    public var string: String { String(decoding: text, as: UTF8.self) }
}
