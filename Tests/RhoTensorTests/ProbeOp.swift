import RhoCore
import RhoTensor

/// Identity that notes which rows of the gradient it was given, and may spoil the gradient on purpose.
struct ProbeOp: Op {
    final class Record {
        var rows: [Int32]?
        var calls = 0
    }

    let record = Record()
    var spoiling: Float = 0
    var name: String { "probe" }
    static var samples: [OpSample] { [OpSample(ProbeOp(spoiling: 0.01), [[3, 4]])] }

    func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape { inputs[0] }

    func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Void) { (x[0], ()) }

    func backward(_ saved: consuming Void, _ flow: GradientFlow) throws(RhoError) {
        record.rows = flow.rows?.indices
        record.calls += 1
        guard spoiling != 0 else { return try flow.give(0, flow.gradient) }
        let dx = try flow.dense().copied()
        dx.backend.scale(dx, dx, 1 + spoiling)
        try flow.give(0, Gradient(dx))
    }
}
