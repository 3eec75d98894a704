import Glibc
import RhoCore
import RhoModels
import RhoTensor
import RhoText
import RhoTraining
import Testing

@Suite struct MultipleChoiceTests {
    static func score(_ log: Double, _ tokens: Int, _ bytes: Int) -> ContinuationScorer.Score {
        ContinuationScorer.Score(logProbability: log, tokens: tokens, bytes: bytes, isGreedy: false)
    }

    @Test func theThreeRulesByHand() {
        // Sum: -4 beats -6 and -5. Per token: -6/4 beats -4/2 and -5/3. Per byte: -5/20 beats -4/8 and -6/13.
        let item = MultipleChoice.Item([Self.score(-4, 2, 8), Self.score(-6, 4, 13), Self.score(-5, 3, 20)], right: 1)
        #expect(item.chosen == 0 && item.chosenPerToken == 1 && item.chosenPerByte == 2)
        let broken = MultipleChoice.Item([Self.score(.nan, 1, 1), Self.score(.nan, 1, 1)], right: 0)
        #expect(broken.chosen == -1)
    }

    @Test func accuracyAndItsError() {
        let accuracy = Accuracy([true, false, true, true])
        #expect(accuracy.value == 0.75 && accuracy.count == 4)
        #expect(abs(accuracy.standardError - (0.75 * 0.25 / 4).squareRoot()) < 1e-12)
    }

    @Test func promptsOfEachStyle() throws {
        let item = try TaskItem(question: "Is it wet?", choices: ["yes", "no"], right: 1)
        let shot = try TaskItem(question: "Is it dry?", choices: ["yes", "no"], right: 0)
        let text = PromptFormat(shots: [shot, item])
        #expect(
            try text.requests(item).map { $0.context + "|" + $0.continuation } == [
                "Question: Is it dry?\nAnswer: yes\n\nQuestion: Is it wet?\nAnswer:| yes",
                "Question: Is it dry?\nAnswer: yes\n\nQuestion: Is it wet?\nAnswer:| no",
            ])
        let letters = PromptFormat(style: .letters, shots: [shot])
        let wanted = "Question: Is it dry?\nA. yes\nB. no\nAnswer: A\n\nQuestion: Is it wet?\nA. yes\nB. no\nAnswer:| B"
        #expect(try letters.requests(item).map { $0.context + "|" + $0.continuation }.last == wanted)
        let blank = try TaskItem(question: "Ann saw Bea so _ waved.", choices: ["Ann", "Bea"], right: 0)
        let asked = try PromptFormat(style: .blank).requests(blank)
        #expect(
            asked.map { $0.context + "|" + $0.continuation } == [
                "Ann saw Bea so Ann| waved.", "Ann saw Bea so Bea| waved.",
            ])
        #expect(throws: RhoError.self) { try PromptFormat(style: .blank).requests(item) }
        let problem = TaskItem(question: "48/2?", answer: "24", solution: "48/2 = <<48/2=24>>24.")
        let worked = PromptFormat(shots: [problem]).prompt(TaskItem(question: "1+1?", answer: "2"))
        #expect(worked == "Question: 48/2?\nAnswer: 48/2 = 24.\nThe answer is 24.\n\nQuestion: 1+1?\nAnswer:")
        let pool = (0..<9).map { TaskItem(question: "\($0)", answer: "") }
        #expect(try PromptFormat.draw(3, from: pool, seed: 2) == PromptFormat.draw(3, from: pool, seed: 2))
        #expect(Set(try PromptFormat.draw(9, from: pool, seed: 2).map(\.question)).count == 9)
        #expect(throws: RhoError.self) { try PromptFormat.draw(10, from: pool, seed: 2) }
    }

    @Test func scoresAreTheLossOfTheContinuation() throws {
        let bench = try Bench()
        let model = try bench.model(seed: 4)
        var scorer = ContinuationScorer(model: model, tokenizer: bench.tokenizer, batchTokens: 40)
        let requests = [("a farm", " has"), ("a farm has 3 ", "hens"), ("x", "y")]
        let scores = try scorer.scores(requests.map { (context: $0.0, continuation: $0.1) })
        for (request, score) in zip(requests, scores) {
            let start = (bench.tokenizer.beginOfText ?? bench.tokenizer.endOfText).map { [$0] } ?? []
            let ids = start + bench.tokenizer.encode(request.0 + request.1)
            let grid = try TokenGrid(batch: 1, tokens: ids.count - 1, ids: Array(ids.dropLast()))
            let loss = try Autograd.withoutGrad { () throws(RhoError) in
                try model.loss(grid, targets: Array(ids.dropFirst())).toArray()
            }
            // A space at the end of the context is scored with the continuation.
            let length = request.1.utf8.count + (request.0.hasSuffix(" ") ? 1 : 0)
            let expected = -loss.suffix(length).reduce(0.0) { $0 + Double($1) }
            #expect(abs(score.logProbability - expected) < 1e-4)
            #expect(score.tokens == length && score.bytes == request.1.utf8.count)
        }
        #expect(scorer.truncated == 0)
        _ = try scorer.scores([(context: String(repeating: "long ", count: 20), continuation: "end")])
        #expect(scorer.truncated == 1 && scorer.flops > 0)
    }

    @Test func aTrainedModelChoosesWhatItHasSeen() throws {
        let bench = try Bench()
        let model = try bench.trained(on: bench.clean, steps: 80)
        let items = try [
            TaskItem(question: "a farm has 3 hens and", choices: ["2 pigs", "zqx!~}"], right: 0),
            TaskItem(question: "a farm has", choices: ["%%%%", "4 hens"], right: 1),
        ]
        let format = PromptFormat(template: "{question}")
        let result = try MultipleChoice.evaluate(
            model, tokenizer: bench.tokenizer, items: items, format: format, batchTokens: 64)
        #expect(result.accuracy.value == 1 && result.accuracyPerByte.value == 1 && result.bitsPerByte < 4)
        let again = try MultipleChoice.evaluate(
            model, tokenizer: bench.tokenizer, items: items, format: format)
        #expect(again.promptHash == result.promptHash && again.items.map(\.chosen) == result.items.map(\.chosen))

        let words = [
            TaskItem(question: "a farm has 3 hens and 2", answer: "pigs"),
            TaskItem(question: "a farm has 3", answer: "zz"),
        ]
        let last = try LastWord.evaluate(model, tokenizer: bench.tokenizer, items: words)
        #expect(last.accuracy == Accuracy(correct: 1, count: 2))

        let graded = try GradedAnswers.evaluate(
            model, tokenizer: bench.tokenizer,
            items: [TaskItem(question: "a farm has 3 hens and", answer: "none")],
            format: format, maxTokens: 4, stops: ["."])
        #expect(graded.items.count == 1 && graded.accuracy.value == 0)
    }
}
