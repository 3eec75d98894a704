import RhoCore

/// JSON form: an object with one key, the rule's name.
///
///     {"top": 0.6}      {"above": 1}      {"below": {"quantile": 0.99}}      {"and": [rule, rule]}
///     {"on": ["reference_loss", {"bottom": 0.7}]}      "all"
extension SelectionRule {
    public var json: JSON {
        switch self {
        case .all: .string("all")
        case .nothing: .string("nothing")
        case .top(let keep): ["top": keep.json]
        case .bottom(let keep): ["bottom": keep.json]
        case .middle(let low, let high): ["middle": .array([.number(low), .number(high)])]
        case .above(let threshold): ["above": threshold.json]
        case .below(let threshold): ["below": threshold.json]
        case .sample(let keep): ["sample": keep.json]
        case .and(let left, let right): ["and": .array([left.json, right.json])]
        case .or(let left, let right): ["or": .array([left.json, right.json])]
        case .not(let rule): ["not": rule.json]
        case .on(let score, let rule): ["on": .array([score.json, rule.json])]
        case .rows(let rule): ["rows": rule.json]
        case .stages(let unit, let stages):
            ["by": .string(unit.rawValue), "stages": .array(stages.map { .array([.number($0.start), $0.rule.json]) })]
        }
    }

    /// Names of all rules, in the order documentation lists them.
    public static let names = [
        "all", "nothing", "top", "bottom", "middle", "above", "below", "sample", "and", "or", "not", "on", "rows",
        "stages",
    ]

    public init(json: JSON) throws(RhoError) {
        self = try Self.parse(json).validated()
    }

    private static func parse(_ json: JSON) throws(RhoError) -> SelectionRule {
        if json.stringValue == "all" { return .all }
        if json.stringValue == "nothing" { return .nothing }
        if json["stages"] != nil { return try parseStages(json) }
        guard let object = json.objectValue, object.keys.count == 1, let name = object.keys.first,
            let value = object[name]
        else {
            throw RhoError(.value, "a rule must be \"all\" or an object with one key, got \(json.serialized())")
        }
        switch name {
        case "top": return .top(try KeepSchedule(json: value))
        case "bottom": return .bottom(try KeepSchedule(json: value))
        case "sample": return .sample(try KeepSchedule(json: value))
        case "above": return .above(try Threshold(json: value))
        case "below": return .below(try Threshold(json: value))
        case "middle":
            guard let low = value[0]?.doubleValue, let high = value[1]?.doubleValue else {
                throw RhoError(.value, "middle needs [low, high], got \(value.serialized())")
            }
            return .middle(low: low, high: high)
        case "and", "or":
            guard let list = value.arrayValue, list.count == 2 else {
                throw RhoError(.value, "\(name) needs two rules, got \(value.serialized())")
            }
            let (left, right) = (try parse(list[0]), try parse(list[1]))
            return name == "and" ? .and(left, right) : .or(left, right)
        case "not": return .not(try parse(value))
        case "rows": return .rows(try parse(value))
        case "on":
            guard let list = value.arrayValue, list.count == 2 else {
                throw RhoError(.value, "on needs [score, rule], got \(value.serialized())")
            }
            return .on(try ScoreExpression(json: list[0]), try parse(list[1]))
        default:
            throw RhoError.unknownName("rule", name, among: names)
        }
    }

    private static func parseStages(_ json: JSON) throws(RhoError) -> SelectionRule {
        let unitName = json["by"]?.stringValue ?? KeepSchedule.Unit.progress.rawValue
        guard let unit = KeepSchedule.Unit(rawValue: unitName) else {
            throw RhoError.unknownName("schedule unit", unitName, among: KeepSchedule.Unit.allCases.map(\.rawValue))
        }
        var stages: [Stage] = []
        for item in json["stages"]?.arrayValue ?? [] {
            guard let start = item[0]?.doubleValue, let rule = item[1] else {
                throw RhoError(.value, "a stage must be [start, rule], got \(item.serialized())")
            }
            stages.append(Stage(start: start, rule: try parse(rule)))
        }
        return .stages(unit, stages)
    }
}

extension SelectionRule.Threshold {
    var json: JSON {
        switch self {
        case .value(let value): .number(value)
        case .quantile(let share): ["quantile": .number(share)]
        }
    }

    init(json: JSON) throws(RhoError) {
        if let value = json.doubleValue {
            self = .value(value)
        } else if let share = json["quantile"]?.doubleValue {
            self = .quantile(share)
        } else {
            throw RhoError(.value, "a threshold must be a number or a quantile, got \(json.serialized())")
        }
    }
}
