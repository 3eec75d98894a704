import LuaRuntime
import RhoCore
import RhoTraining

/// The part of `rho.eval` that looks at tasks: multiple choice, last words, graded answers.
struct EvaluateFunctions {
    let session: Session

    static let records = [choiceRecord, lastWordRecord, answersRecord, gradeRecord]

    var functions: [LuaFunctionDeclaration] { [choice, lastWord, answers, grade, equal, finalAnswer] }

    // MARK: options

    private static let itemsType = LuaType.anyOf([.string, .list(.any)])
    private static let modelField = LuaField(
        "model", .object("Model"), required: true, doc: "the model, with its tokenizer")
    private static let itemsField = LuaField(
        "items", itemsType, required: true,
        doc:
            "path of a file of JSON rows, several paths, or rows { question =, answer =, choices = } (answer: text, or index of a choice from 0)"
    )
    private static let limitField = LuaField(
        "limit", .integer(min: 1), unit: "items", doc: "take so many from the start (default: all)")
    private static let batchField = LuaField(
        "batch_tokens", .integer(min: 1), default: 4096, unit: "tokens", doc: "tokens of a forward pass")
    private static let detailsField = LuaField("details", .boolean, default: false, doc: "return every item too")
    private static let shotFields = [
        LuaField("shots", .integer(min: 0), default: 0, doc: "solved examples before each prompt"),
        LuaField("examples", itemsType, doc: "where examples are drawn from, in the form of items"),
        LuaField("seed", .integer(min: 0), default: 1, doc: "draws the examples; the same for every item"),
        LuaField(
            "template", .string, doc: "the prompt, with {question} and {choices} (default: Question: ... Answer:)"),
        LuaField("separator", .string, default: "\n\n", doc: "between examples"),
    ]

    private static let choiceRecord = LuaRecord(
        "ChoiceOptions",
        [
            modelField, itemsField,
            LuaField(
                "style", .oneOf(PromptFormat.Style.allCases.map(\.rawValue)), default: "text",
                doc:
                    "text: each choice continues the prompt; letters: choices are listed and a letter does; blank: each choice fills the _ of the question"
            ),
        ] + shotFields + [limitField, batchField, detailsField])

    private static let lastWordRecord = LuaRecord("LastWordOptions", [modelField, itemsField, limitField, batchField])

    private static let percentField = LuaField(
        "percent", .boolean, default: true, doc: "accept 100 times and a hundredth of a number, as published graders do"
    )

    private static let answersRecord = LuaRecord(
        "GradedAnswersOptions",
        [modelField, itemsField] + shotFields + [
            LuaField("max_tokens", .integer(min: 1), default: 256, unit: "tokens", doc: "longest continuation"),
            LuaField("stop", .anyOf([.string, .list(.string)]), default: "\n\n", doc: "texts that end a continuation"),
            percentField, limitField, detailsField,
        ])

    private static let gradeRecord = LuaRecord(
        "GradeOptions",
        [
            LuaField("solution", .string, required: true, doc: "what the model wrote"),
            LuaField("answer", .string, required: true, doc: "the reference answer"),
            percentField,
        ])

    private func items(_ options: LuaOptions, _ name: String) throws -> [TaskItem] {
        let value = try options.value(name)
        let limit = name == "items" ? try options.optionalInt("limit") ?? .max : .max
        if let path = value.stringValue { return try TaskItem.read([session.input(path)], limit: limit) }
        let list = value.listValue ?? []
        let paths = list.compactMap(\.stringValue)
        if !list.isEmpty, paths.count == list.count {
            return try TaskItem.read(paths.map { try session.input($0) }, limit: limit)
        }
        var items: [TaskItem] = []
        for (index, value) in list.prefix(limit).enumerated() {
            guard let row = try JSON(value, "\(options.place): \(name)[\(index + 1)]").objectValue else {
                throw RhoError(
                    .value,
                    "\(options.place): \(name)[\(index + 1)] must be a table with question and answer, got \(value.display)"
                )
            }
            do { items.append(try TaskItem(row: row)) } catch {
                throw error.at("\(options.place): \(name)[\(index + 1)]")
            }
        }
        return items
    }

    private func format(_ options: LuaOptions, style: PromptFormat.Style) throws -> PromptFormat {
        let count = try options.int("shots")
        var shots: [TaskItem] = []
        if count > 0 {
            guard try options.isSet("examples") else {
                throw RhoError(.usage, "\(options.place): \(count) shots need examples to be drawn from")
            }
            let seed = UInt64(try options.int("seed"))
            do { shots = try PromptFormat.draw(count, from: items(options, "examples"), seed: seed) } catch let error
                as RhoError
            {
                throw error.at(options.place)
            }
        }
        return PromptFormat(
            style: style, template: try options.optionalString("template"), separator: try options.string("separator"),
            shots: shots)
    }

    private func check(_ items: [TaskItem], _ place: String) throws(RhoError) {
        if items.isEmpty { throw RhoError(.value, "\(place): there are no items") }
    }

    private static func number(_ accuracy: Accuracy, _ name: String) -> [(String, LuaValue)] {
        let suffix = name.isEmpty ? "" : "_\(name)"
        return [("accuracy\(suffix)", .number(accuracy.value)), ("stderr\(suffix)", .number(accuracy.standardError))]
    }

    // MARK: functions

    private var choice: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.eval.choice",
            doc: """
                Multiple choice by log-likelihood. Three accuracies, with standard errors: by the sum over the choice's tokens, per \
                token, and per byte; and bits per byte of the right choices, which move long before accuracy does.
                """,
            parameters: [LuaField("options", .options("ChoiceOptions"), required: true, doc: "model and items")],
            returns: [
                LuaResult(
                    .table,
                    "{ accuracy =, stderr =, accuracy_per_token =, stderr_per_token =, accuracy_per_byte =, stderr_per_byte =, bits_per_byte =, n =, truncated =, flops =, task = { version =, prompt_hash =, style =, shots = }, items = }"
                )
            ],
            example:
                "return rho.eval.choice { model = model, items = { { question = \"One and one?\", choices = { \"two\", \"ten\" }, answer = 0 } } }.accuracy"
        ) { call in
            let options = try call.options("options")
            let box = try options.object("model", as: ModelBox.self)
            let items = try items(options, "items")
            try check(items, options.place)
            let style = PromptFormat.Style(rawValue: try options.string("style")) ?? .text
            let format = try format(options, style: style)
            let result = try MultipleChoice.evaluate(
                box.model(), tokenizer: box.needTokenizer(), items: items, format: format,
                batchTokens: options.int("batch_tokens")
            ) { _ in try Interruption.check() }
            var pairs = Self.number(result.accuracy, "") + Self.number(result.accuracyPerToken, "per_token")
            pairs += Self.number(result.accuracyPerByte, "per_byte")
            pairs += [
                ("bits_per_byte", .number(result.bitsPerByte)), ("n", .integer(items.count)),
                ("truncated", .integer(result.truncated)),
                ("flops", .number(result.flops)),
                ("task", task(MultipleChoice.version, result.promptHash, format, LuaValue.integer)),
            ]
            if try options.bool("details") {
                pairs.append(("items", .list(zip(items, result.items).map { Self.details($0, $1) })))
            }
            return [.record(pairs)]
        }
    }

    private static func details(_ item: TaskItem, _ result: MultipleChoice.Item) -> LuaValue {
        .record([
            ("question", .string(item.question)), ("right", .integer(result.right)),
            ("chosen", .integer(result.chosen)),
            ("chosen_per_token", .integer(result.chosenPerToken)), ("chosen_per_byte", .integer(result.chosenPerByte)),
            ("log_probability", .list(result.scores.map(\.logProbability))),
            ("tokens", .list(result.scores.map(\.tokens))),
            ("bytes", .list(result.scores.map(\.bytes))),
        ])
    }

    private func task<V>(_ version: V, _ hash: String, _ format: PromptFormat?, _ value: (V) -> LuaValue) -> LuaValue {
        var pairs: [(String, LuaValue)] = [("version", value(version)), ("prompt_hash", .string(hash))]
        if let format {
            pairs += [
                ("style", .string(format.style.rawValue)), ("template", .string(format.template)),
                ("shots", .integer(format.shots.count)),
            ]
        }
        return .record(pairs)
    }

    private var lastWord: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.eval.last_word",
            doc:
                "Share of passages whose last word greedy decoding writes, and the word's perplexity (LAMBADA). Items: the passage without its last word as question, the word as answer.",
            parameters: [LuaField("options", .options("LastWordOptions"), required: true, doc: "model and passages")],
            returns: [LuaResult(.table, "{ accuracy =, stderr =, perplexity =, n =, truncated =, flops =, task = }")]
        ) { call in
            let options = try call.options("options")
            let box = try options.object("model", as: ModelBox.self)
            let items = try items(options, "items")
            try check(items, options.place)
            let result = try LastWord.evaluate(
                box.model(), tokenizer: box.needTokenizer(), items: items, batchTokens: options.int("batch_tokens")
            ) { _ in try Interruption.check() }
            return [
                .record(
                    Self.number(result.accuracy, "") + [
                        ("perplexity", .number(result.perplexity)), ("n", .integer(items.count)),
                        ("truncated", .integer(result.truncated)),
                        ("flops", .number(result.flops)),
                        ("task", task(LastWord.version, result.promptHash, nil, LuaValue.integer)),
                    ])
            ]
        }
    }

    private var answers: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.eval.answers",
            doc: """
                Few-shot generation graded as GSM8K and MATH usually are: the answer is what follows ####, the last \\boxed{}, \
                "the answer is", or the last number; answers are compared as numbers, lists, intervals, matrices and expressions.
                """,
            parameters: [
                LuaField("options", .options("GradedAnswersOptions"), required: true, doc: "model and problems")
            ],
            returns: [
                LuaResult(
                    .table,
                    "{ accuracy =, stderr =, correct =, n =, unanswered =, truncated =, flops =, task =, items = }")
            ],
            example:
                "return rho.eval.answers { model = model, items = { { question = \"1 + 1 = ?\", answer = \"2\" } }, max_tokens = 4 }.accuracy"
        ) { call in
            let options = try call.options("options")
            let box = try options.object("model", as: ModelBox.self)
            let items = try items(options, "items")
            try check(items, options.place)
            let format = try format(options, style: .text)
            let stop = try options.value("stop")
            let result = try GradedAnswers.evaluate(
                box.model(), tokenizer: box.needTokenizer(), items: items, format: format,
                maxTokens: options.int("max_tokens"),
                stops: stop.stringValue.map { [$0] } ?? (stop.listValue ?? []).compactMap(\.stringValue),
                equality: AnswerEquality(percent: options.bool("percent")))
            var pairs = Self.number(result.accuracy, "")
            pairs += [
                ("correct", .integer(result.accuracy.correct)), ("n", .integer(items.count)),
                ("unanswered", .integer(result.unanswered)),
                ("truncated", .integer(result.truncated)), ("flops", .number(result.flops)),
                ("task", task(GradedAnswers.version, result.promptHash, format, LuaValue.string)),
            ]
            if try options.bool("details") {
                let rows = result.items.map { item in
                    LuaValue.record([
                        ("prompt", .string(item.prompt)), ("reference", .string(item.reference)),
                        ("output", .string(item.output)),
                        ("answer", item.answer.map { .string($0.text) } ?? .nil),
                        ("rule", item.answer.map { .string($0.rule.rawValue) } ?? .nil),
                        ("correct", .boolean(item.correct)),
                    ])
                }
                pairs.append(("items", .list(rows)))
            }
            return [.record(pairs)]
        }
    }

    private var grade: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.eval.grade", doc: "Whether a worked solution ends in the reference answer.",
            parameters: [LuaField("options", .options("GradeOptions"), required: true, doc: "solution and answer")],
            returns: [LuaResult(.table, "{ correct =, answer =, rule = }")],
            example: "return rho.eval.grade { solution = \"... so \\\\boxed{1/2}\", answer = \"0.5\" }.correct"
        ) { call in
            let options = try call.options("options")
            let (answer, correct) = GradedAnswers.grade(
                try options.string("solution"), reference: try options.string("answer"),
                equality: AnswerEquality(percent: try options.bool("percent")))
            return [
                .record([
                    ("correct", .boolean(correct)), ("answer", answer.map { .string($0.text) } ?? .nil),
                    ("rule", answer.map { .string($0.rule.rawValue) } ?? .nil),
                ])
            ]
        }
    }

    private var equal: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.eval.equal", doc: "Whether two final answers say the same, as rho.eval.answers grades them.",
            parameters: [
                LuaField("prediction", .string, required: true, doc: "an answer"),
                LuaField("reference", .string, required: true, doc: "the right answer"), Self.percentField,
            ], returns: [LuaResult(.boolean, "whether")], example: "return rho.eval.equal(\"\\\\frac{1}{2}\", \"0.5\")"
        ) { call in
            let equality = AnswerEquality(percent: try call.bool("percent"))
            return [.boolean(equality.equal(try call.string("prediction"), try call.string("reference")))]
        }
    }

    private var finalAnswer: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.eval.final_answer",
            doc:
                "The final answer of a worked solution, and the rule that found it: marked, boxed, stated or number; nil where there is none.",
            parameters: [LuaField("solution", .string, required: true, doc: "the solution")],
            returns: [LuaResult(.string, "the answer"), LuaResult(.string, "the rule")]
        ) { call in
            guard let answer = FinalAnswer(in: try call.string("solution")) else { return [.nil, .nil] }
            return [.string(answer.text), .string(answer.rule.rawValue)]
        }
    }
}
