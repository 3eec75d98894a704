import RhoCore

/// AdamW with decoupled weight decay (arXiv 1711.05101):
///
/// m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², p ← p - lr · (m̂ / (√v̂ + ε) + λp), m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ).
///
/// λ applies to parameters whose `decays` is true. Gradients are clipped to a global norm first. Parameters that have
/// received no gradient are updated with zero, so a step depends on values only, not on which ops ran.
public final class AdamW {
    /// Parameters in the order they are updated and exported.
    public let parameters: [Parameter]
    /// Decay rate of the first moment.
    public var beta1: Float
    /// Decay rate of the second moment.
    public var beta2: Float
    /// Added to the root of the second moment.
    public var epsilon: Float
    /// Weight decay λ.
    public var weightDecay: Float
    /// Updates made so far (t).
    public private(set) var stepCount = 0
    /// Steps that were left out because the gradient norm was not finite.
    public private(set) var skippedSteps = 0
    private var first: [Buffer] = []
    private var second: [Buffer] = []

    /// Throws `.value` when a rate is out of range or two parameters share a name.
    public init(
        _ parameters: [Parameter], beta1: Float = 0.9, beta2: Float = 0.95, epsilon: Float = 1e-8,
        weightDecay: Float = 0.1
    ) throws(RhoError) {
        for (name, beta) in [("beta1", beta1), ("beta2", beta2)] {
            guard beta >= 0, beta < 1 else { throw RhoError(.value, "adamw: \(name) must be in [0, 1), got \(beta)") }
        }
        guard epsilon > 0, epsilon.isFinite else {
            throw RhoError(.value, "adamw: epsilon must be > 0, got \(epsilon)")
        }
        guard weightDecay >= 0, weightDecay.isFinite else {
            throw RhoError(.value, "adamw: weight_decay must be >= 0, got \(weightDecay)")
        }
        var names: Set<String> = []
        for parameter in parameters {
            guard names.insert(parameter.name).inserted else {
                throw RhoError(.value, "adamw: two parameters are named '\(parameter.name)'")
            }
            first.append(try Buffer.zeros(parameter.tensor.shape, on: parameter.tensor.buffer.backend))
            second.append(try Buffer.zeros(parameter.tensor.shape, on: parameter.tensor.buffer.backend))
        }
        self.parameters = parameters
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// Updates every parameter and returns the norm of `scale` · gradient before clipping.
    ///
    /// With `clip`, gradients are scaled down so that their global norm does not exceed it. When the norm is not
    /// finite nothing changes, `skippedSteps` counts it, and the returned norm says so. Gradients are kept; call
    /// `zeroGrad()`.
    @discardableResult
    public func step(lr: Float, clip: Float? = nil, scale: Float = 1) throws(RhoError) -> Double {
        guard lr >= 0, lr.isFinite else { throw RhoError(.value, "adamw: lr must be a finite number >= 0, got \(lr)") }
        if let clip, !(clip > 0) { throw RhoError(.value, "adamw: clip must be > 0, got \(clip)") }
        let norm = GradientNorm.global(parameters) * Double(abs(scale))
        guard norm.isFinite else {
            skippedSteps += 1
            return norm
        }
        stepCount += 1
        var factor = scale
        if let clip, norm > Double(clip) { factor = Float(Double(scale) * Double(clip) / norm) }
        var zeros: Buffer?
        for (index, parameter) in parameters.enumerated() {
            let weights = parameter.tensor.buffer
            let rates = AdamWRates(
                lr: lr, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: parameter.decays ? weightDecay : 0,
                step: stepCount, gradScale: factor)
            let gradient: Buffer
            if let held = parameter.tensor.gradientBuffer {
                gradient = held
            } else {
                if zeros.map({ $0.count < weights.count }) ?? true {
                    zeros = try Buffer.zeros(weights.shape, on: weights.backend)
                }
                gradient = zeros ?? weights
            }
            weights.backend.adamW(weights, first[index], second[index], gradient, rates)
        }
        return norm
    }

    /// Forgets every gradient, which then counts as zero.
    public func zeroGrad() {
        for parameter in parameters { parameter.zeroGrad() }
    }

    /// Moments under the names `m/<parameter>` and `v/<parameter>`, sharing memory with the optimiser.
    public func exportState() -> [NamedTensor] {
        parameters.indices.flatMap { index in
            [
                NamedTensor("m/" + parameters[index].name, Tensor(first[index])),
                NamedTensor("v/" + parameters[index].name, Tensor(second[index])),
            ]
        }
    }

    /// Restores what `exportState()` and the counters said. Throws `.checkpoint` when a tensor is missing or has
    /// another shape; nothing changes then.
    public func importState(_ state: [NamedTensor], stepCount: Int, skippedSteps: Int = 0) throws(RhoError) {
        guard stepCount >= 0 else {
            throw RhoError(.checkpoint, "optimizer state: the step must be >= 0, got \(stepCount)")
        }
        let byName = Dictionary(state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        var sources: [Tensor] = []
        for wanted in exportState() {
            guard let found = byName[wanted.name] else {
                throw RhoError(.checkpoint, "optimizer state: '\(wanted.name)' is missing")
            }
            guard found.shape == wanted.tensor.shape else {
                throw RhoError(
                    .checkpoint,
                    "optimizer state: '\(wanted.name)' has shape \(found.shape), expected \(wanted.tensor.shape)")
            }
            sources.append(found)
        }
        for (target, source) in zip(exportState(), sources) { try target.tensor.assign(source) }
        self.stepCount = stepCount
        self.skippedSteps = skippedSteps
    }
}

/// Norms of gradients over all parameters.
public enum GradientNorm {
    /// √(Σ g²) over every parameter's gradient, summed in Double over fixed blocks in parameter order.
    public static func global(_ parameters: [Parameter]) -> Double {
        var sum = 0.0
        for parameter in parameters {
            if let gradient = parameter.tensor.gradientBuffer { sum += gradient.backend.sumOfSquares(gradient) }
        }
        return sum.squareRoot()
    }

    /// Scales gradients down so that their global norm does not exceed `limit`; returns the norm before. A norm that
    /// is not finite leaves them as they are.
    @discardableResult
    public static func clip(_ parameters: [Parameter], to limit: Float) throws(RhoError) -> Double {
        guard limit > 0 else { throw RhoError(.value, "clip: the limit must be > 0, got \(limit)") }
        let norm = global(parameters)
        guard norm.isFinite, norm > Double(limit) else { return norm }
        for parameter in parameters {
            guard let gradient = parameter.tensor.gradientBuffer else { continue }
            gradient.backend.scale(gradient, gradient, Float(Double(limit) / norm))
        }
        return norm
    }
}
