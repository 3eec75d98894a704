import RhoCore

/// y = x / (1 - p) with probability 1 - p, else 0. (arXiv 1207.0580)
///
/// Which elements go is a pure function of (seed, stream, index); backward computes it again instead of keeping a mask.
package struct DropoutOp: Op {
    package let probability: Float
    package let seed: UInt64
    package let stream: UInt64

    package init(probability: Float, seed: UInt64, stream: UInt64) {
        self.probability = probability
        self.seed = seed
        self.stream = stream
    }

    package var name: String { "dropout" }
    package static var samples: [OpSample] {
        [OpSample(DropoutOp(probability: 0.3, seed: 1, stream: 7), [[5, 13]])]
    }

    package func resultShape(_ s: [Shape]) throws(RhoError) -> Shape {
        guard probability >= 0, probability <= 1 else {
            throw RhoError(.value, "dropout: probability must be in [0, 1], got \(probability)")
        }
        return s[0]
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Void) {
        (try masked(x[0]), ())
    }

    package func backward(_ saved: consuming Void, _ flow: GradientFlow) throws(RhoError) {
        // The map is linear and diagonal, so it is its own transpose.
        try flow.give(0, Gradient(masked(flow.dense())))
    }

    private func masked(_ x: Buffer) throws(RhoError) -> Buffer {
        let y = try x.like(x.shape)
        y.backend.dropout(y, x, probability: probability, seed: seed, stream: stream)
        return y
    }
}
