import RhoCore

/// A share of tokens in [0, 1] that may change during a run, over progress, steps or tokens.
///
///     0.6                                           a constant
///     [(0, 1.0), (0.1, 0.6)] over progress          full loss for the first tenth, then 60 %
public struct KeepSchedule: Sendable, Equatable {
    public enum Unit: String, Sendable, CaseIterable {
        /// Share of the run done, 0 to 1.
        case progress
        /// Optimiser steps done.
        case steps
        /// Tokens seen.
        case tokens
    }

    public enum Interpolation: String, Sendable, CaseIterable {
        /// Holds each value until the next point.
        case step
        /// Straight line between points.
        case linear
    }

    public struct Point: Sendable, Equatable {
        public var at: Double
        public var keep: Double
        public init(at: Double, keep: Double) {
            self.at = at
            self.keep = keep
        }
    }

    public let points: [Point]
    public let unit: Unit
    public let interpolation: Interpolation

    /// A constant share.
    public init(_ keep: Double) throws(RhoError) {
        try self.init([Point(at: 0, keep: keep)])
    }

    /// Points must start at 0 and rise strictly; shares must be in [0, 1].
    public init(_ points: [Point], unit: Unit = .progress, interpolation: Interpolation = .step) throws(RhoError) {
        guard let first = points.first else { throw RhoError(.value, "a keep schedule needs at least one point") }
        guard first.at == 0 else {
            throw RhoError(.value, "a keep schedule must start at 0, got \(Scalar.text(first.at))")
        }
        for (point, next) in zip(points, points.dropFirst()) where !(next.at > point.at) {
            throw RhoError(
                .value,
                "keep schedule points must rise, got \(Scalar.text(next.at)) after \(Scalar.text(point.at))")
        }
        if unit == .progress, let last = points.last, last.at > 1 {
            throw RhoError(
                .value, "keep schedule points over progress must be in [0, 1], got \(Scalar.text(last.at))",
                hint: "use unit steps or tokens for absolute positions")
        }
        for point in points { try Self.check(point.keep) }
        self.points = points
        self.unit = unit
        self.interpolation = interpolation
    }

    private static func check(_ keep: Double) throws(RhoError) {
        if keep >= 0, keep <= 1 { return }
        let guess = keep > 1 && keep <= 100 ? " (did you mean \(Scalar.text(keep / 100))?)" : ""
        throw RhoError(.value, "keep must be in [0, 1], got \(Scalar.text(keep))\(guess)")
    }

    /// Share at a moment of the run.
    public func keep(at moment: SelectionMoment) -> Double {
        let x: Double =
            switch unit {
            case .progress: moment.progress
            case .steps: Double(moment.step)
            case .tokens: Double(moment.tokens)
            }
        guard let next = points.firstIndex(where: { $0.at > x }) else { return points[points.count - 1].keep }
        guard next > 0 else { return points[0].keep }
        let (left, right) = (points[next - 1], points[next])
        guard interpolation == .linear else { return left.keep }
        return left.keep + (right.keep - left.keep) * (x - left.at) / (right.at - left.at)
    }

    /// k = floor(keep · valid + 0.5), at least 1 if keep > 0 and valid > 0.
    public static func count(keep: Double, of valid: Int) -> Int {
        guard keep > 0, valid > 0 else { return 0 }
        return min(valid, max(1, Int((keep * Double(valid) + 0.5).rounded(.down))))
    }
}

extension KeepSchedule: CustomStringConvertible {
    public var description: String {
        if points.count == 1 { return Scalar.text(points[0].keep) }
        let list = points.map { "\(Scalar.text($0.at)): \(Scalar.text($0.keep))" }.joined(separator: ", ")
        return "{\(list)} by \(unit.rawValue)\(interpolation == .linear ? ", linear" : "")"
    }

    /// A number, or {"by": unit, "interpolation": ..., "points": [[at, keep], ...]}.
    public var json: JSON {
        if points.count == 1 { return .number(points[0].keep) }
        return .object([
            "by": .string(unit.rawValue), "interpolation": .string(interpolation.rawValue),
            "points": .array(points.map { .array([.number($0.at), .number($0.keep)]) }),
        ])
    }

    public init(json: JSON) throws(RhoError) {
        if let keep = json.doubleValue {
            try self.init(keep)
            return
        }
        guard let list = json["points"]?.arrayValue else {
            throw RhoError(.value, "keep must be a number or a schedule, got \(json.serialized())")
        }
        var points: [Point] = []
        for item in list {
            guard let at = item[0]?.doubleValue, let keep = item[1]?.doubleValue else {
                throw RhoError(.value, "a schedule point must be [at, keep], got \(item.serialized())")
            }
            points.append(Point(at: at, keep: keep))
        }
        let unitName = json["by"]?.stringValue ?? Unit.progress.rawValue
        guard let unit = Unit(rawValue: unitName) else {
            throw RhoError.unknownName("schedule unit", unitName, among: Unit.allCases.map(\.rawValue))
        }
        let shape = json["interpolation"]?.stringValue ?? Interpolation.step.rawValue
        guard let interpolation = Interpolation(rawValue: shape) else {
            throw RhoError.unknownName("interpolation", shape, among: Interpolation.allCases.map(\.rawValue))
        }
        try self.init(points, unit: unit, interpolation: interpolation)
    }
}
