import LuaRuntime
import RhoCore
import RhoSelection

/// A score as scripts hold it: `rho.select.loss - rho.select.reference_loss`.
final class ColumnBox {
    let expression: ScoreExpression
    init(_ expression: ScoreExpression) { self.expression = expression }
    var value: LuaValue { .object(self, class: "Column") }
}

/// A rule as scripts hold it: `rho.select.top(0.6) & rho.select.below(3)`.
final class RuleBox {
    let rule: SelectionRule
    init(_ rule: SelectionRule) { self.rule = rule }
    var value: LuaValue { .object(self, class: "Rule") }
}

/// A quantile as the threshold of a rule: `rho.select.below(rho.select.quantile(0.99))`.
final class QuantileBox {
    let share: Double
    init(_ share: Double) { self.share = share }
}

/// A share that changes during a run.
final class KeepBox {
    let schedule: KeepSchedule
    init(_ schedule: KeepSchedule) { self.schedule = schedule }
}

/// Readings of script values as selection values. Numbers stand for constants everywhere.
enum SelectionValues {
    static func expression(_ value: LuaValue, _ name: String) throws(RhoError) -> ScoreExpression {
        if let box = value.object(as: ColumnBox.self) { return box.expression }
        if let number = value.doubleValue { return .constant(number) }
        throw RhoError(.value, "\(name) must be a column or a number, got \(value.typeName)")
    }

    static func keep(_ value: LuaValue) throws(RhoError) -> KeepSchedule {
        if let box = value.object(as: KeepBox.self) { return box.schedule }
        if let number = value.doubleValue { return try KeepSchedule(number) }
        throw RhoError(.value, "keep must be a number in [0, 1] or a schedule, got \(value.typeName)")
    }

    static func threshold(_ value: LuaValue) throws(RhoError) -> SelectionRule.Threshold {
        if let box = value.object(as: QuantileBox.self) { return .quantile(box.share) }
        if let number = value.doubleValue { return .value(number) }
        throw RhoError(.value, "a threshold must be a number or rho.select.quantile(share), got \(value.typeName)")
    }

    static let keepType = LuaType.anyOf([.number(), .object("KeepSchedule")])
    static let thresholdType = LuaType.anyOf([.number(), .object("Quantile")])
    static let scoreType = LuaType.anyOf([.object("Column"), .number()])
}
