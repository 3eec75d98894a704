import RhoCore
import RhoData

/// One question of a task: with choices and the index of the right one, or with a free answer.
public struct TaskItem: Sendable, Equatable {
    public var question: String
    /// Empty for questions with a free answer.
    public var choices: [String]
    /// Index of the right choice, from 0; nil for questions with a free answer.
    public var right: Int?
    /// The right choice, or the free answer.
    public var answer: String
    /// The worked solution, where the task has one.
    public var solution: String

    public init(question: String, answer: String, solution: String = "") {
        self.question = question
        self.answer = answer
        self.solution = solution
        choices = []
    }

    /// - Throws: `.value` where `right` is no index of `choices`.
    public init(question: String, choices: [String], right: Int) throws(RhoError) {
        guard choices.indices.contains(right), choices.count > 1 else {
            throw RhoError(
                .value,
                "an item with \(choices.count) choices needs at least two and an answer in 0...\(choices.count - 1), got \(right)"
            )
        }
        self.question = question
        self.choices = choices
        self.right = right
        answer = choices[right]
        solution = ""
    }

    /// A row `{"question", "choices", "answer": index}` or `{"question", "answer": text, "solution"?}`.
    public init(row: JSONObject) throws(RhoError) {
        guard let question = row["question"]?.stringValue else {
            throw RhoError(.format, "an item needs a question, got the fields \(row.keys.joined(separator: ", "))")
        }
        if let list = row["choices"]?.arrayValue, let right = row["answer"]?.intValue {
            try self.init(question: question, choices: list.map { $0.stringValue ?? $0.serialized() }, right: right)
            return
        }
        guard let answer = row["answer"] else { throw RhoError(.format, "an item needs an answer, got none") }
        self.init(
            question: question, answer: answer.stringValue ?? answer.serialized(),
            solution: row["solution"]?.stringValue ?? "")
    }

    /// The items of files of JSON rows, plain or gzip, `limit` of them from the start.
    public static func read(_ paths: [String], limit: Int = .max) throws -> [TaskItem] {
        let source = try JSONLSource(
            paths, template: "{question}", keeping: ["question", "choices", "answer", "solution"])
        var items: [TaskItem] = []
        try source.forEach { document in
            items.append(try TaskItem(row: document.fields ?? JSONObject()))
            return items.count < limit
        }
        return items
    }
}
