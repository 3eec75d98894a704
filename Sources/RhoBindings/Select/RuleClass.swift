import LuaRuntime
import RhoCore
import RhoSelection

/// Class `Rule`: which tokens a score keeps.
enum RuleClass {
    static var declaration: LuaClassDeclaration<RuleBox> {
        LuaClassDeclaration(
            "Rule",
            doc:
                "Which tokens a score keeps. Combine rules with & (both), | (either), - (left without right) and ~ (not).",
            methods: [
                LuaMethod(
                    "of", doc: "The rule applied to another score than the policy's.",
                    parameters: [
                        LuaField("score", SelectionValues.scoreType, required: true, doc: "the score to rank by")
                    ],
                    returns: [LuaResult(.object("Rule"))],
                    example: "local s = rho.select; return s.top(0.6) & s.below(3):of(s.loss)"
                ) { box, call in
                    [RuleBox(.on(try SelectionValues.expression(call.value("score"), "score"), box.rule)).value]
                },
                LuaMethod("describe", doc: "The rule as plain tables.", returns: [LuaResult(.any)]) { box, _ in
                    [LuaValue(json: box.rule.json)]
                },
            ],
            operators: [
                both(.band, "Tokens kept by both rules.") { $0 & $1 },
                both(.bor, "Tokens kept by either rule.") { $0 | $1 },
                both(.sub, "Tokens kept by the left rule and not by the right one.") { $0 & !$1 },
                LuaOperatorDeclaration(.bnot, doc: "Tokens that the rule drops.") { call in
                    [RuleBox(!(try call.object("a", as: RuleBox.self)).rule).value]
                },
            ], describe: { "\($0.rule)" })
    }

    private static func both(
        _ op: LuaOperator, _ doc: String, _ combine: @escaping (SelectionRule, SelectionRule) -> SelectionRule
    ) -> LuaOperatorDeclaration {
        LuaOperatorDeclaration(op, operand: .object("Rule"), doc: doc) { call in
            let (a, b) = (try call.object("a", as: RuleBox.self), try call.object("b", as: RuleBox.self))
            return [RuleBox(combine(a.rule, b.rule)).value]
        }
    }

    static var quantile: LuaClassDeclaration<QuantileBox> {
        LuaClassDeclaration(
            "Quantile", doc: "A threshold that is a quantile of the competing scores.",
            describe: { "quantile(\($0.share))" })
    }

    static var keepSchedule: LuaClassDeclaration<KeepBox> {
        LuaClassDeclaration(
            "KeepSchedule",
            doc: "A share of tokens that changes during a run; called with a share of the run, the value there.",
            operators: [
                LuaOperatorDeclaration(.call, operand: .any, doc: "The share at a moment of the run.") { call in
                    let box = try call.object("a", as: KeepBox.self)
                    let at = call.rest.first?.doubleValue ?? 0
                    let moment = SelectionMoment(step: Int(at), progress: at, tokens: Int(at))
                    return [.number(box.schedule.keep(at: moment))]
                }
            ], describe: { "\($0.schedule)" })
    }
}
