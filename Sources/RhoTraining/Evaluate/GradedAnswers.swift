import RhoCore
import RhoModels
import RhoText

/// Few-shot generation with the usual answer extraction: GSM8K, MATH and their like.
public struct GradedAnswers: Sendable {
    /// Version of the measurement, with those of the parts that decide what counts as right.
    public static let version = "1.\(FinalAnswer.version)"

    public struct Item: Sendable, Equatable {
        public var prompt: String
        public var reference: String
        public var output: String
        /// The answer taken out of the output; nil where there is none.
        public var answer: FinalAnswer?
        public var correct: Bool
    }

    public var items: [Item]
    public var promptHash: String
    public var truncated: Int
    public var tokens: Int
    public var flops: Double

    public var accuracy: Accuracy { Accuracy(items.map(\.correct)) }
    /// Outputs no answer could be found in.
    public var unanswered: Int { items.count { $0.answer == nil } }

    /// Whether `solution` ends in the answer of a reference.
    public static func grade(
        _ solution: String, reference: String, equality: AnswerEquality = AnswerEquality()
    ) -> (answer: FinalAnswer?, correct: Bool) {
        let answer = FinalAnswer(in: solution)
        return (answer, answer.map { equality.equal($0.text, reference) } ?? false)
    }

    public static func evaluate(
        _ model: any LanguageModel, tokenizer: any Tokenizer, items: [TaskItem], format: PromptFormat, maxTokens: Int,
        stops: [String], equality: AnswerEquality = AnswerEquality()
    ) throws -> GradedAnswers {
        let prompts = items.map(format.prompt)
        var hash = PromptHash()
        for prompt in prompts { hash.add(prompt) }
        let written = try ExactMatch.evaluate(
            model, tokenizer: tokenizer, prompts: prompts, answers: items.map(\.answer), maxTokens: maxTokens,
            stops: stops,
            extract: { $0 })
        let graded = zip(items, written.items).map { item, output in
            let (answer, correct) = grade(output.output, reference: item.answer, equality: equality)
            return Item(
                prompt: output.prompt, reference: item.answer, output: output.output, answer: answer, correct: correct)
        }
        return GradedAnswers(
            items: graded, promptHash: hash.text(), truncated: written.truncated, tokens: written.tokens,
            flops: written.flops)
    }
}
