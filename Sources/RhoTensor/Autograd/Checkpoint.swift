import RhoCore

extension Autograd {
    /// body(x), whose intermediate values are not kept for backward but computed again from x.
    ///
    /// Trades one more forward of `body` for its activations (arXiv 1604.06174). `body` must depend on nothing but its
    /// argument and on parameters, and give the same result when called again; gradients are then the same bit for bit.
    /// Parameters used inside receive their gradients as usual. Without recording, this is just body(x).
    public static func checkpoint(
        _ x: Tensor, _ body: @escaping (Tensor) throws(RhoError) -> Tensor
    ) throws(RhoError) -> Tensor {
        guard isRecording else { return try body(x) }
        let input = x.buffer
        let y = try withoutGrad { () throws(RhoError) in try body(Tensor(input)) }
        return Tensor(y.buffer, node: CheckpointNode(input, body, shape: y.shape, inputs: [x.edge]))
    }
}

/// Node of `Autograd.checkpoint`.
private final class CheckpointNode: Node {
    private var body: ((Tensor) throws(RhoError) -> Tensor)?
    private var input: Buffer?

    init(
        _ input: Buffer, _ body: @escaping (Tensor) throws(RhoError) -> Tensor, shape: Shape, inputs: [Edge]
    ) {
        self.input = input
        self.body = body
        super.init(shape: shape, inputs: inputs)
    }

    override var name: String { "checkpoint" }

    override func run(_ gradient: Gradient) throws(RhoError) -> [Node] {
        guard let body = body.take(), let input = input.take() else { throw Autograd.spent(name) }
        let flow = GradientFlow(gradient, shape: shape, inputs: spend())
        let leaf = Tensor(input)
        leaf.requiresGrad = flow.needs(0)
        let y = try body(leaf)
        guard y.shape == shape else {
            throw RhoError(
                .shape, "checkpoint: the function gave shape \(shape) first and \(y.shape) when called again")
        }
        if let node = y.node {
            try Autograd.backward(from: node, gradient: gradient)
        } else if y === leaf {
            try flow.give(0, gradient)
        }
        if let arrived = leaf.takeGradient() { try flow.give(0, arrived) }
        return flow.reached
    }
}
