import Glibc
import RhoCore

/// Learning rate as a function of the optimiser step, counted from 0.
///
///     warm-up     peak · (s + 1) / warmup                                     s < warmup
///     constant    peak
///     linear      peak · (1 - p · (1 - final))                                p = (s - warmup) / (steps - warmup)
///     cosine      peak · (final + (1 - final) · (1 + cos πp) / 2)
///     wsd         peak until steps - decay, then linear to peak · final       (arXiv:2404.06395)
///
/// After `steps` the last value holds.
public struct Schedule: Sendable, Equatable {
    public enum Shape: String, Sendable, CaseIterable {
        case constant, linear, cosine, wsd
    }

    public let shape: Shape
    /// Highest learning rate.
    public let peak: Double
    /// Warm-up steps.
    public let warmup: Int
    /// Steps of the whole run, warm-up included.
    public let steps: Int
    /// Last learning rate as a share of the peak.
    public let final: Double
    /// Steps of the closing decay of `wsd`.
    public let decay: Int

    /// - Parameters:
    ///   - steps: needed by every shape but `constant`.
    ///   - decay: only for `wsd`; a fifth of the run if not given.
    public init(
        _ shape: Shape, peak: Double, warmup: Int = 0, steps: Int = 0, final: Double = 0, decay: Int? = nil
    ) throws(RhoError) {
        guard peak > 0, peak.isFinite else { throw RhoError(.value, "peak must be a number above 0, got \(peak)") }
        guard warmup >= 0 else { throw RhoError(.value, "warmup must be >= 0 steps, got \(warmup)") }
        guard final >= 0, final <= 1 else {
            throw RhoError(.value, "final must be a share of the peak in [0, 1], got \(final)")
        }
        if shape != .constant {
            guard steps > 0 else {
                throw RhoError(.value, "a \(shape.rawValue) schedule needs steps > 0, got \(steps)")
            }
            guard warmup <= steps else {
                throw RhoError(.value, "warmup must not exceed the run's \(steps) steps, got \(warmup)")
            }
        }
        let decay = decay ?? max(1, steps / 5)
        if shape == .wsd {
            guard decay >= 0, decay <= steps - warmup else {
                throw RhoError(.value, "decay must be in [0, \(steps - warmup)] steps, got \(decay)")
            }
        }
        self.shape = shape
        self.peak = peak
        self.warmup = warmup
        self.steps = steps
        self.final = final
        self.decay = shape == .wsd ? decay : 0
    }

    /// Learning rate of the step.
    public func callAsFunction(_ step: Int) -> Double {
        if step < warmup { return peak * Double(step + 1) / Double(warmup) }
        let length = shape == .wsd ? decay : steps - warmup
        let start = shape == .wsd ? steps - decay : warmup
        let progress = length > 0 ? min(1, max(0, Double(step - start) / Double(length))) : step < start ? 0 : 1
        switch shape {
        case .constant: return peak
        case .linear, .wsd: return peak * (1 - progress * (1 - final))
        case .cosine: return peak * (final + (1 - final) * (1 + cos(.pi * progress)) / 2)
        }
    }

    /// The parameters under their names.
    public var json: JSON {
        var object: JSONObject = ["shape": .string(shape.rawValue), "peak": .number(peak), "warmup": JSON(warmup)]
        if shape != .constant {
            object["steps"] = JSON(steps)
            object["final"] = .number(final)
        }
        if shape == .wsd { object["decay"] = JSON(decay) }
        return .object(object)
    }
}

extension Schedule: CustomStringConvertible {
    public var description: String {
        var text = "\(shape.rawValue) peak \(peak), warm-up \(warmup) steps"
        if shape == .wsd { text += ", decay over the last \(decay)" }
        if shape != .constant { text += ", down to \(final) of the peak at step \(steps)" }
        return text
    }
}
