import RhoCore

/// A differentiable operation: its shape rule, its forward, its backward and the samples it is tested on, in one file.
///
/// Parameters of the operation (an epsilon, an axis, token ids) are stored properties of the conforming struct;
/// tensors are `inputs`. Every conforming type is listed in `OpCatalog.all`.
package protocol Op {
    /// What forward keeps for backward.
    associatedtype Saved

    /// Name in error messages, `rms_norm`.
    var name: String { get }
    /// Cases for the gradient, determinism and shape tests.
    static var samples: [OpSample] { get }

    /// Shape of the result. The only place where the operation checks shapes; throws `.shape` with one sentence.
    func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape
    /// Computes the result, of the shape that `resultShape` gave.
    func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved)
    /// Sends gradients to the inputs.
    func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError)
}

extension Op {
    /// Checks shapes, computes, and records a node when recording is on and an input needs a gradient.
    package func callAsFunction(_ inputs: Tensor...) throws(RhoError) -> Tensor { try apply(inputs) }

    package func apply(_ inputs: [Tensor]) throws(RhoError) -> Tensor {
        let shape = try resultShape(inputs.map(\.shape))
        let (y, saved) = try forward(inputs.map(\.buffer), shape)
        guard Autograd.isRecording, inputs.contains(where: \.tracksGradient) else { return Tensor(y) }
        return Tensor(y, node: OpNode(self, saved: saved, shape: shape, inputs: inputs.map(\.edge)))
    }
}

/// One test case of an op: an instance with its options, input shapes, and where the inputs may lie.
package struct OpSample {
    /// Region inputs are drawn from, chosen so that finite differences do not step over a kink or a pole.
    package enum Region: Sendable {
        case normal, positive, awayFromZero, distinct
    }

    package let op: any Op
    package let shapes: [[Int]]
    package let region: Region
    /// Inputs without a gradient (masks, for example).
    package let constant: Set<Int>
    /// What to call the case in test output.
    package var label: String { "\(op.name) \(shapes)" }

    package init(_ op: any Op, _ shapes: [[Int]], _ region: Region = .normal, constant: Set<Int> = []) {
        self.op = op
        self.shapes = shapes
        self.region = region
        self.constant = constant
    }
}
