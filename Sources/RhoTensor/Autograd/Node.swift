import RhoCore
import Synchronization

/// One recorded op: where its gradient goes and what its backward needs.
///
/// The sequence number is the position on the tape: every consumer of a node has a greater one, so going through
/// nodes by falling sequence number meets each one after all its gradients have arrived.
package class Node {
    package let sequence: UInt64
    /// Shape of the op's result.
    package let shape: Shape
    private var inputs: [Edge]
    /// Gradient collected so far from the consumers of the result.
    package var pending: Gradient?
    /// Whether a backward pass has used this node up.
    package private(set) var isSpent = false

    private static let counter = Atomic<UInt64>(0)

    init(shape: Shape, inputs: [Edge]) {
        sequence = Node.counter.add(1, ordering: .relaxed).newValue
        self.shape = shape
        self.inputs = inputs
    }

    /// Name of the op, for errors.
    package var name: String { "node" }

    /// Sends `gradient` to the inputs, drops everything saved, and returns the nodes reached for the first time.
    package func run(_ gradient: Gradient) throws(RhoError) -> [Node] { [] }

    /// Hands out the edges and marks the node as used up.
    func spend() -> [Edge] {
        isSpent = true
        defer { inputs = [] }
        return inputs
    }

    deinit {
        // A chain of 100,000 nodes must not be released by 100,000 nested deinits: uniquely owned parents are
        // taken apart here, in a loop.
        var chain = Node.parents(of: inputs)
        inputs = []
        while var node = chain.popLast() {
            guard isKnownUniquelyReferenced(&node) else { continue }
            chain.append(contentsOf: Node.parents(of: node.inputs))
            node.inputs = []
        }
    }

    private static func parents(of inputs: [Edge]) -> [Node] {
        inputs.compactMap { if case .node(let parent) = $0 { parent } else { nil } }
    }
}

/// Where the gradient of one op input goes.
package enum Edge {
    /// The input needs no gradient.
    case none
    /// A parameter or another tensor made with `requiresGrad`.
    case leaf(Tensor)
    /// The result of an earlier op.
    case node(Node)
}

/// Node of op type `O` with what its forward saved.
final class OpNode<O: Op>: Node {
    private let op: O
    private var saved: O.Saved?

    init(_ op: O, saved: O.Saved, shape: Shape, inputs: [Edge]) {
        self.op = op
        self.saved = saved
        super.init(shape: shape, inputs: inputs)
    }

    override var name: String { op.name }

    override func run(_ gradient: Gradient) throws(RhoError) -> [Node] {
        guard let saved = self.saved.take() else { throw Autograd.spent(name) }
        let flow = GradientFlow(gradient, shape: shape, inputs: spend())
        try op.backward(consume saved, flow)
        return flow.reached
    }
}
