import LuaRuntime
import RhoCore
import RhoSelection
import RhoTensor

/// Module `rho.select`: which tokens carry loss.
enum SelectBinding {
    static var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.select",
            doc: """
                Selection policies: score x rule x scope x normaliser, four values that stay apart. Columns are fields \
                (rho.select.loss, rho.select.reference_loss, ...); a higher score is a better candidate. Columns that share \
                their name with a policy (random, reference_loss, reference_entropy) can be called with its options.
                """,
            functions: RuleFunctions.all + [columnNames, policy] + NamedPolicies.functions,
            classes: [
                ColumnClass.declaration, RuleClass.declaration, RuleClass.quantile, RuleClass.keepSchedule,
                PolicyClass.declaration, PolicyClass.view,
            ],
            records: [RuleFunctions.scheduleRecord, RuleFunctions.stagesRecord, policyRecord] + NamedPolicies.records)
    }

    private static var columnNames: LuaFunctionDeclaration {
        let meanings = TokenColumn.standard.map { "\($0.column.name): \($0.meaning)" }.joined(separator: "; ")
        return LuaFunctionDeclaration(
            "rho.select.column_names", doc: "Names of the standard columns. \(meanings).",
            returns: [LuaResult(.list(.string), "names")], example: "return rho.select.column_names()[1]"
        ) { _ in [.list(TokenColumn.standard.map(\.column.name))] }
    }

    static let scopeField = LuaField(
        "scope", .oneOf(SelectionScope.allCases.map(\.rawValue)), default: "batch",
        doc: "which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus")
    static let normaliserField = LuaField(
        "normaliser", .oneOf(Normaliser.allCases.map(\.rawValue)), default: "selected",
        doc:
            "the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights"
    )
    static let scoresField = LuaField("scores", .object("Scores"), doc: "the reference model's losses, from rho.score")

    private static let policyRecord = LuaRecord(
        "PolicyOptions",
        [
            LuaField("score", SelectionValues.scoreType, doc: "what tokens are ranked by; higher is better"),
            LuaField("rule", .object("Rule"), doc: "which scores are kept (default: all)"),
            LuaField(
                "weights", .anyOf([.function, .object("Column")]),
                doc:
                    "weight of each token: a function of t (t.loss, t.reference_loss, ... are [rows, context] tensors) that returns a tensor, or a column"
            ),
            scopeField, normaliserField, scoresField,
            LuaField(
                "columns", .map(.any),
                doc:
                    "further columns: name = scores of another reference, or name = function(batch, model, memory) that returns a [rows, context] tensor; memory is a table that is saved with checkpoints, for plain data and models"
            ),
            LuaField(
                "history", .number(min: 0, max: 1), default: .number(PolicyBox.defaultMomentum),
                doc: "share of the old mean that the column history keeps at each visit"),
            LuaField("name", .string, default: "policy", doc: "name in reports"),
        ])

    private static var policy: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.policy", doc: "A policy from its parts, or from a function over whole tensors.",
            parameters: [LuaField("options", .options(policyRecord.name), required: true, doc: "the parts")],
            returns: [LuaResult(.object("Policy"), "the policy")],
            example:
                "return rho.select.policy { weights = function(t) return (-t.loss):exp():detach() end, normaliser = \"valid\" }"
        ) { call in
            let options = try call.options("options")
            let place = "rho.select.policy"
            let scores = try options.optionalObject("scores", as: ScoresBox.self)
            let sources = try ColumnSources(options.isSet("columns") ? options.record("columns") : [], place: place)
            let momentum = try LossHistory(momentum: options.double("history"))
            let scope = try SelectionScope(named: options.string("scope"))
            let normaliser = try Normaliser(named: options.string("normaliser"))
            let name = try options.string("name")
            if case .function(let function) = try options.value("weights") {
                guard try !options.isSet("score"), try !options.isSet("rule") else {
                    throw RhoError(.usage, "\(place): a weights function decides alone; leave out score and rule")
                }
                let kind = PolicyBox.Kind.function(function, scope: scope, normaliser: normaliser)
                let history = try options.isSet("history") ? momentum : nil
                return [PolicyBox(kind, name: name, scores: scores, sources: sources, history: history).value]
            }
            let score = try options.isSet("score") ? SelectionValues.expression(options.value("score"), "score") : .loss
            let rule = try options.optionalObject("rule", as: RuleBox.self)?.rule ?? .all
            let weights =
                try options.isSet("weights") ? SelectionValues.expression(options.value("weights"), "weights") : nil
            if try options.isSet("score"), try !options.isSet("rule") {
                throw RhoError(
                    .usage, "\(place): a score without a rule selects nothing; give rule = rho.select.top(0.6)")
            }
            let made = try SelectionPolicy(
                name: name, score: score, rule: rule, scope: scope, normaliser: normaliser, weights: weights)
            let box = PolicyBox(
                .rule(made), name: try options.isSet("name") ? name : made.label, scores: scores, sources: sources,
                history: made.requiredColumns.contains(.history) ? momentum : nil)
            try box.checkScores(place)
            return [box.value]
        }
    }
}
