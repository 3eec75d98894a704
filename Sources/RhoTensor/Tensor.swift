import RhoCore

/// Row-major f32 tensor of rank 0 to 4 with a gradient history.
///
/// Values do not change after creation, except that an optimiser updates parameters. Tensors are confined to the
/// thread that made them; the kernels behind them use all cores.
public final class Tensor {
    /// The numbers.
    package var buffer: Buffer
    /// The op that made this tensor; nil for leaves and for results made without recording.
    package let node: Node?
    /// Whether gradients are collected in `grad`. Set on leaves only; on a recorded result it has no effect.
    public var requiresGrad = false
    private var gradient: Gradient?
    /// Memory of a cleared gradient, for the next one.
    private var spare: Buffer?

    package init(_ buffer: Buffer, node: Node? = nil) {
        self.buffer = buffer
        self.node = node
    }

    /// Sizes of the dimensions, outermost first.
    public var shape: Shape { buffer.shape }
    /// Number of elements.
    public var count: Int { buffer.count }
    /// Bytes the numbers of this tensor take (views report the part they see).
    public var byteCount: Int { count * MemoryLayout<Float>.stride }

    /// Gradient collected by `backward()` so far; nil if none has arrived. Same shape as the tensor.
    public var grad: Tensor? {
        get { gradient.map { Tensor($0.values) } }
        set {
            gradient = newValue.map { Gradient($0.buffer) }
            spare = nil
        }
    }

    /// Whether ops on this tensor are recorded.
    public var tracksGradient: Bool { node != nil || requiresGrad }

    /// Same numbers without history.
    public func detach() -> Tensor { Tensor(buffer) }

    /// Propagates `gradient` (default: 1 for a single number) to every leaf the tensor was computed from.
    ///
    /// Gradients add up in `grad` of the leaves. The graph is freed on the way and cannot be used twice.
    public func backward(gradient seed: Tensor? = nil) throws(RhoError) {
        if let seed, seed.shape != shape {
            throw RhoError(.shape, "backward: the gradient has shape \(seed.shape), the tensor \(shape)")
        }
        guard seed != nil || count == 1 else {
            throw RhoError(
                .shape, "backward: needs a single number to start from, got a tensor of shape \(shape)",
                hint: "reduce it first, for example with sum() or mean()")
        }
        guard tracksGradient else {
            throw RhoError(.value, "backward: nothing this tensor was computed from requires a gradient")
        }
        let start: Buffer
        if let seed { start = seed.buffer } else { start = try Tensor.full(shape.dims, 1).buffer }
        if let node {
            try Autograd.backward(from: node, gradient: Gradient(start))
        } else if var held = takeGradient() {
            try held.add(Gradient(start), shape: shape)
            storeGradient(held)
        } else {
            storeGradient(Gradient(start))
        }
    }

    /// Where the gradient of this tensor goes when it is an op's input.
    var edge: Edge {
        if let node { return .node(node) }
        return requiresGrad ? .leaf(self) : .none
    }

    /// Moves the collected gradient out, so that whoever adds to it is its only owner.
    func takeGradient() -> Gradient? { gradient.take() }

    /// Gradient values without a tensor around them.
    package var gradientBuffer: Buffer? { gradient?.values }

    func storeGradient(_ new: Gradient) { gradient = new }

    /// Forgets a collected gradient, keeping its memory for the next one: clearing that is left to whoever needs zeros.
    package func clearGradient() {
        guard var held = gradient.take() else { return }
        if held.values.isUnshared() { spare = held.values }
    }

    /// Memory of a cleared gradient with undefined contents.
    func takeSpare() -> Buffer? { spare.take() }
}
