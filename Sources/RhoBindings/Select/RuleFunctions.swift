import LuaRuntime
import RhoCore
import RhoSelection

/// The functions of `rho.select` that make columns, rules and schedules.
enum RuleFunctions {
    static var all: [LuaFunctionDeclaration] {
        [
            column, share("top", "The share of tokens with the highest scores.") { .top($0) },
            share("bottom", "The share of tokens with the lowest scores.") { .bottom($0) },
            share("sample", "A share of tokens drawn at random in proportion to the score.") { .sample($0) },
            threshold("above", "Tokens whose score is at least x.") { .above($0) },
            threshold("below", "Tokens whose score is less than x.") { .below($0) },
            middle, quantile, rows, schedule, stages, nothing, everything,
        ]
    }

    private static var column: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.column", doc: "A token column by name. The standard ones are fields: rho.select.loss.",
            parameters: [LuaField("name", .string, required: true, doc: "name of the column")],
            returns: [LuaResult(.object("Column"), "the column as a score")]
        ) { call in
            [ColumnBox(.column(TokenColumn(try call.string("name")))).value]
        }
    }

    private static func share(
        _ name: String, _ doc: String, _ make: @escaping (KeepSchedule) -> SelectionRule
    ) -> LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.\(name)", doc: doc,
            parameters: [
                LuaField("keep", SelectionValues.keepType, required: true, doc: "share in [0, 1], or a schedule")
            ],
            returns: [LuaResult(.object("Rule"), "the rule")], example: "return rho.select.\(name)(0.6)"
        ) { call in
            [RuleBox(make(try SelectionValues.keep(call.value("keep")))).value]
        }
    }

    private static func threshold(
        _ name: String, _ doc: String, _ make: @escaping (SelectionRule.Threshold) -> SelectionRule
    ) -> LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.\(name)", doc: doc,
            parameters: [
                LuaField(
                    "x", SelectionValues.thresholdType, required: true, doc: "a score, or rho.select.quantile(share)")
            ],
            returns: [LuaResult(.object("Rule"), "the rule")]
        ) { call in
            [RuleBox(try make(SelectionValues.threshold(call.value("x"))).validated()).value]
        }
    }

    private static var middle: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.middle", doc: "Tokens whose rank, counted from the lowest score, lies between two shares.",
            parameters: [
                LuaField("low", .number(min: 0, max: 1), required: true, doc: "share of the lowest scores to drop"),
                LuaField(
                    "high", .number(min: 0, max: 1), required: true, doc: "1 - share of the highest scores to drop"),
            ], returns: [LuaResult(.object("Rule"), "the rule")], example: "return rho.select.middle(0.2, 0.8)"
        ) { call in
            [RuleBox(try SelectionRule.middle(low: call.double("low"), high: call.double("high")).validated()).value]
        }
    }

    private static var quantile: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.quantile", doc: "A threshold relative to the competing scores, for above and below.",
            parameters: [
                LuaField("share", .number(min: 0, max: 1), required: true, doc: "share of scores below the threshold")
            ],
            returns: [LuaResult(.object("Quantile"), "the threshold")],
            example: "return rho.select.below(rho.select.quantile(0.99))"
        ) { call in
            [.object(QuantileBox(try call.double("share")), class: "Quantile")]
        }
    }

    private static var rows: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.rows", doc: "A rule applied to whole rows, each scored by the mean over its tokens.",
            parameters: [LuaField("rule", .object("Rule"), required: true, doc: "the rule for rows")],
            returns: [LuaResult(.object("Rule"), "the rule")], example: "return rho.select.rows(rho.select.top(0.5))"
        ) { call in
            [RuleBox(try SelectionRule.rows(call.object("rule", as: RuleBox.self).rule).validated()).value]
        }
    }

    private static let unitField = LuaField(
        "by", .oneOf(KeepSchedule.Unit.allCases.map(\.rawValue)), default: "progress",
        doc: "what the points are counted in: share of the run, steps or tokens")

    static let scheduleRecord = LuaRecord(
        "KeepScheduleOptions",
        [
            LuaField(
                "points", .list(.list(.number())), required: true, positional: true,
                doc: "{ {at, keep}, ... }, rising, the first at 0"),
            unitField,
            LuaField(
                "interpolation", .oneOf(KeepSchedule.Interpolation.allCases.map(\.rawValue)), default: "step",
                doc: "hold each value, or draw straight lines"),
        ])

    private static var schedule: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.schedule", doc: "A share that changes during the run.",
            parameters: [
                LuaField("options", .options(scheduleRecord.name), required: true, doc: "points and their unit")
            ],
            returns: [LuaResult(.object("KeepSchedule"), "for the keep of a rule or policy")],
            example: "return rho.select.schedule { {0, 1.0}, {0.1, 0.6} }"
        ) { call in
            let options = try call.options("options")
            var points: [KeepSchedule.Point] = []
            for (index, value) in try options.list("points").enumerated() {
                guard let pair = value.listValue, pair.count == 2, let at = pair[0].doubleValue,
                    let keep = pair[1].doubleValue
                else { throw RhoError(.value, "point \(index + 1) must be {at, keep}") }
                points.append(KeepSchedule.Point(at: at, keep: keep))
            }
            let made = try KeepSchedule(
                points, unit: KeepSchedule.Unit(rawValue: options.string("by")) ?? .progress,
                interpolation: KeepSchedule.Interpolation(rawValue: options.string("interpolation")) ?? .step)
            return [.object(KeepBox(made), class: "KeepSchedule")]
        }
    }

    static let stagesRecord = LuaRecord(
        "RuleStagesOptions",
        [
            LuaField(
                "stages", .list(.list(.any)), required: true, positional: true,
                doc: "{ {start, rule}, ... }, rising, the first at 0"),
            unitField,
        ])

    private static var stages: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.stages", doc: "Different rules in turn, each from its start to the next one's.",
            parameters: [
                LuaField("options", .options(stagesRecord.name), required: true, doc: "stages and their unit")
            ],
            returns: [LuaResult(.object("Rule"), "the rule")],
            example: "local s = rho.select; return s.stages { {0, s.everything()}, {0.1, s.top(0.6)} }"
        ) { call in
            let options = try call.options("options")
            var stages: [SelectionRule.Stage] = []
            for (index, value) in try options.list("stages").enumerated() {
                guard let pair = value.listValue, pair.count == 2, let start = pair[0].doubleValue,
                    let rule = pair[1].object(as: RuleBox.self)
                else { throw RhoError(.value, "stage \(index + 1) must be {start, rule}") }
                stages.append(SelectionRule.Stage(start: start, rule: rule.rule))
            }
            let unit = KeepSchedule.Unit(rawValue: try options.string("by")) ?? .progress
            return [RuleBox(try SelectionRule.stages(unit, stages).validated()).value]
        }
    }

    private static var nothing: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.nothing", doc: "Keeps no token.", returns: [LuaResult(.object("Rule"), "the rule")]
        ) { _ in [RuleBox(.nothing).value] }
    }

    private static var everything: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.select.everything", doc: "Keeps every token.", returns: [LuaResult(.object("Rule"), "the rule")]
        ) { _ in [RuleBox(.all).value] }
    }
}
