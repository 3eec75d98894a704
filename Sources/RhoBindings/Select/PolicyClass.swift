import LuaRuntime
import RhoCore
import RhoSelection
import RhoTensor

/// Class `Policy`, and the view of a batch that policies written in Lua get.
enum PolicyClass {
    static var declaration: LuaClassDeclaration<PolicyBox> {
        LuaClassDeclaration(
            "Policy", doc: "Decides which tokens carry loss, and how much.",
            methods: [start, weights, plan, apply, stats, name, scores, extraScores, ranks, describe],
            describe: { box in
                if case .rule(let policy) = box.kind { return "policy \(policy)" }
                return "policy \(box.name): weights by a Lua function, divided by \(box.normaliser)"
            })
    }

    private static var start: LuaMethod<PolicyBox> {
        LuaMethod(
            "start",
            doc:
                "The same policy at the start of a training: without the losses and the memory of another one. rho.train starts the policy it is given.",
            returns: [LuaResult(.object("Policy"), "the policy")]
        ) { box, call in [try box.start(in: call.state).value] }
    }

    private static let share = LuaField(
        "progress", .number(min: 0, max: 1), default: 0, doc: "share of the run done, for schedules")

    private static var weights: LuaMethod<PolicyBox> {
        LuaMethod(
            "weights",
            doc:
                "The weight of each token of a batch, [rows, context] without gradient, and what their weighted losses are divided by (0: nothing was selected).",
            parameters: [
                LuaField("batch", .object("Batch"), required: true, doc: "the batch"),
                LuaField("losses", .object("Tensor"), required: true, doc: "model:loss(batch)"), share,
            ], returns: [LuaResult(.object("Tensor"), "weights"), LuaResult(.number(), "the divisor")],
            example: "local w, total = policy:weights(batch, losses, 0.5)"
        ) { box, call in
            let batch = try call.object("batch", as: BatchBox.self)
            let losses = try call.object("losses", as: Tensor.self)
            box.remember(in: call.state)
            let selection = try box.select([batch], losses: [losses], progress: call.double("progress"))
            let divisor = batch.pieces == 1 ? selection.normaliser : pieceDivisor(selection, piece: 0, policy: box)
            return [try tensor(selection, 0, batch), .number(divisor)]
        }
    }

    /// A piece's part of the window's divisor: parts add up whatever the pieces hold.
    private static func pieceDivisor(_ selection: Selection, piece: Int, policy: PolicyBox) -> Double {
        switch policy.normaliser {
        case .selected: Double(selection.weights(of: piece).count { $0 != 0 })
        case .valid: Double(selection.valid)
        case .weights: selection.weights(of: piece).reduce(0) { $0 + Double($1) }
        }
    }

    private static func tensor(_ selection: Selection, _ piece: Int, _ batch: BatchBox) throws -> LuaValue {
        TensorValues.value(
            try Tensor.from(Array(selection.weights(of: piece)), [batch.batch.rowCount, batch.batch.width]))
    }

    private static var plan: LuaMethod<PolicyBox> {
        LuaMethod(
            "plan", doc: "Selects among all pieces of a batch at once, as policies that rank across the batch must.",
            parameters: [
                LuaField("batch", .object("Batch"), required: true, doc: "the whole batch"),
                LuaField(
                    "losses", .list(.object("Tensor")), required: true,
                    doc: "losses of each piece of batch:split(n), in order"), share,
            ], returns: [LuaResult(.list(.table), "{ { weights =, total = }, ... }, totals to be added up")]
        ) { box, call in
            let batch = try call.object("batch", as: BatchBox.self)
            let losses = try call.list("losses").compactMap { $0.object(as: Tensor.self) }
            let pieces = losses.count == 1 ? [batch] : try batch.split(losses.count)
            box.remember(in: call.state)
            let selection = try box.select(pieces, losses: losses, progress: call.double("progress"))
            let valid = pieces.map { Double($0.batch.validCount) }
            return [
                .list(
                    try pieces.indices.map { index in
                        let weights = selection.weights(of: index)
                        let total: Double =
                            switch box.normaliser {
                            case _ where selection.selected == 0: 0
                            case .selected: Double(weights.count { $0 != 0 })
                            case .valid: valid[index]
                            case .weights: weights.reduce(0) { $0 + Double($1) }
                            }
                        return .record([
                            ("weights", try tensor(selection, index, pieces[index])), ("total", .number(total)),
                        ])
                    })
            ]
        }
    }

    private static var stats: LuaMethod<PolicyBox> {
        LuaMethod(
            "stats",
            doc: "What the last step kept: counts, mean losses, and precision and recall where the text has labels.",
            returns: [
                LuaResult(
                    .table,
                    "{ loss =, kept =, selected =, valid =, mean_kept =, mean_dropped =, precision =, recall =, labels = }"
                )
            ]
        ) { box, _ in [stats(box.statistics)] }
    }

    private static func stats(_ statistics: SelectionStatistics) -> LuaValue {
        var pairs: [(String, LuaValue)] = [
            ("loss", .number(statistics.meanLoss)), ("kept", .number(statistics.keptShare)),
            ("selected", .integer(statistics.selected)), ("valid", .integer(statistics.valid)),
            ("bad_loss", .integer(statistics.badLoss)), ("not_a_number", .integer(statistics.notANumber)),
        ]
        for (name, value) in [
            ("mean_kept", statistics.keptLoss.mean), ("mean_dropped", statistics.droppedLoss.mean),
            ("score_kept", statistics.keptScore.mean), ("score_dropped", statistics.droppedScore.mean),
        ] where !value.isNaN { pairs.append((name, .number(value))) }
        if !statistics.labels.isEmpty {
            let labels = statistics.labels
            if !labels.precision.isNaN { pairs.append(("precision", .number(labels.precision))) }
            if !labels.recall.isNaN { pairs.append(("recall", .number(labels.recall))) }
            let rows = SelectionStatistics.Confusion.names.enumerated().map { code, name in
                (
                    name,
                    LuaValue.record([("kept", .integer(labels.kept[code])), ("valid", .integer(labels.total[code]))])
                )
            }
            pairs.append(("labels", .record(rows)))
        }
        return .record(pairs)
    }

    private static var name: LuaMethod<PolicyBox> {
        LuaMethod("name", doc: "Short name: excess_loss-0.6.", returns: [LuaResult(.string, "the name")]) { box, _ in
            [.string(box.name)]
        }
    }

    private static var scores: LuaMethod<PolicyBox> {
        LuaMethod("scores", doc: "The scores it reads, or nil.", returns: [LuaResult(.object("Scores"), "the scores")])
        { box, _ in
            [box.scores.map(\.value) ?? .nil]
        }
    }

    private static var extraScores: LuaMethod<PolicyBox> {
        LuaMethod(
            "extra_scores", doc: "The scores behind its further columns, whose cost is part of the training's.",
            returns: [LuaResult(.list(.object("Scores")), "the scores")]
        ) { box, _ in [.list(box.sources.scores.map { $0.scores.value })] }
    }

    private static var ranks: LuaMethod<PolicyBox> {
        LuaMethod(
            "ranks_across_pieces",
            doc: "Whether all pieces of a batch must be scored before the first can be selected.",
            returns: [LuaResult(.boolean, "whether")]
        ) { box, _ in
            [.boolean(box.ranksAcrossPieces)]
        }
    }

    private static var describe: LuaMethod<PolicyBox> {
        LuaMethod("describe", doc: "The parts as plain tables.", returns: [LuaResult(.table, "the table")]) { box, _ in
            switch box.kind {
            case .rule(let policy):
                var json = policy.json
                if let scores = box.scores { json["scores"] = JSON(scores.facts.reference) }
                for (name, scores) in box.sources.scores { json["columns.\(name)"] = JSON(scores.facts.reference) }
                return [LuaValue(json: json)]
            case .function(let function, let scope, let normaliser):
                var pairs: [(String, LuaValue)] = [
                    ("name", .string(box.name)), ("scope", .string(scope.rawValue)),
                    ("normaliser", .string(normaliser.rawValue)),
                ]
                if let code = try? function.fingerprint() { pairs.append(("code", .string(code))) }
                return [.record(pairs)]
            }
        }
    }

    static var view: LuaClassDeclaration<PolicyFunction> {
        LuaClassDeclaration(
            "TokenView",
            doc: """
                The tokens of a batch as a weights function sees them: t.loss, t.reference_loss, t.excess, t.entropy, \
                t.probability, t.margin, t.position, t.id, t.source, t.label, t.random, and t.valid (0 for padding and \
                prompts), each a [rows, context] tensor without \
                gradient, made when asked for.
                """,
            properties: [
                LuaProperty("step", .integer(), doc: "Step, counted from 1.") { .integer($0.moment.step + 1) },
                LuaProperty("progress", .number(), doc: "Share of the run done.") { .number($0.moment.progress) },
                LuaProperty("tokens", .integer(), doc: "Tokens seen before this step.") { .integer($0.moment.tokens) },
                LuaProperty(
                    "memory", .table,
                    doc: "A table for what later steps need: plain data and models, saved with checkpoints."
                ) { $0.policy.memory.map { .table($0) } ?? .nil },
            ],
            describe: { "tokens of a batch, \($0.loss.shape)" },
            index: { view, key in try key.stringValue.map { TensorValues.value(try view.column($0)) } })
    }
}
