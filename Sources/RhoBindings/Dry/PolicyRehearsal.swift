import RhoCore
import RhoSelection
import RhoTensor

extension PolicyBox {
    /// Runs the policy once on a few made-up tokens: a function written in Lua runs, shapes and columns are checked.
    /// - Parameter isLabelled: whether the text will carry labels.
    func rehearse(isLabelled: Bool) throws {
        let (rows, tokens) = (2, 8)
        var random = RandomStream(seed: 1, name: "rehearsal")
        var given: [(name: String, tensor: Tensor)] = []
        func column(_ column: TokenColumn, _ value: () -> Float) throws {
            given.append((column.name, try Tensor.from((0..<rows * tokens).map { _ in value() }, [rows, tokens])))
        }
        func nats() -> Float { Float(random.uniform() * 5) }
        try column(.loss, nats)
        for name: TokenColumn in [.entropy, .margin, .history] { try column(name, nats) }
        try column(.id) { Float(random.below(200)) }
        try column(.source) { 0 }
        if isLabelled { try column(.label) { Float(random.below(3)) } }
        if let scores {
            try column(.referenceLoss, nats)
            if scores.columns.contains("entropy") { try column(.referenceEntropy, nats) }
        }
        for name in sources.names where !given.contains(where: { $0.name == name }) {
            try column(TokenColumn(name), nats)
        }
        for progress in [0, 0.5, 1] {
            _ = try apply(given, shape: [rows, tokens], at: SelectionMoment(progress: progress, seed: 1))
        }
    }
}
