import RhoCore
import RhoTensor
import Testing

@Suite("AdamW")
struct AdamWTests {
    private func parameters() throws -> [Parameter] {
        [
            Parameter(name: "w", tensor: try Tensor.from([1, -2, 3, -4], [2, 2])),
            Parameter(name: "norm", tensor: try Tensor.from([1, 1], [2])),
        ]
    }

    @Test("steps agree with the formula in Double; decay touches matrices only")
    func formula() throws {
        let list = try parameters()
        let optimiser = try AdamW(list, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1)
        var p = list.map { $0.tensor.toArray().map(Double.init) }
        var m = p.map { $0.map { _ in 0.0 } }
        var v = m
        for t in 1...5 {
            let g = p.enumerated().map { i, values in values.indices.map { Double(i + $0 + t) / 3 - 1 } }
            for (i, parameter) in list.enumerated() {
                parameter.tensor.grad = try Tensor.from(g[i].map(Float.init), parameter.tensor.shape.dims)
            }
            let norm = g.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
            let reported = try optimiser.step(lr: 0.01, clip: 1)
            #expect(abs(reported - norm) < 1e-5)
            let factor = norm > 1 ? 1 / norm : 1
            for i in p.indices {
                for j in p[i].indices {
                    let gradient = g[i][j] * factor
                    m[i][j] = 0.9 * m[i][j] + 0.1 * gradient
                    v[i][j] = 0.95 * v[i][j] + 0.05 * gradient * gradient
                    let mHat = m[i][j] / (1 - pow(0.9, t))
                    let vHat = v[i][j] / (1 - pow(0.95, t))
                    p[i][j] -= 0.01 * (mHat / (vHat.squareRoot() + 1e-8) + (i == 0 ? 0.1 : 0) * p[i][j])
                }
            }
        }
        for (i, parameter) in list.enumerated() {
            for (a, b) in zip(parameter.tensor.toArray(), p[i]) { #expect(abs(Double(a) - b) < 1e-5) }
        }
        #expect(optimiser.stepCount == 5)
    }

    @Test("a gradient that is not finite skips the step and says so", arguments: [Float.nan, .infinity])
    func skips(_ bad: Float) throws {
        let list = try parameters()
        let optimiser = try AdamW(list)
        list[0].tensor.grad = try Tensor.from([1, bad, 0, 0], [2, 2])
        #expect(try !optimiser.step(lr: 0.1, clip: 1).isFinite)
        #expect(optimiser.skippedSteps == 1)
        #expect(optimiser.stepCount == 0)
        #expect(list[0].tensor.toArray() == [1, -2, 3, -4])
    }

    @Test("state goes out by name and back in bit for bit")
    func state() throws {
        let list = try parameters()
        let optimiser = try AdamW(list)
        list[0].tensor.grad = try Tensor.from([1, 2, 3, 4], [2, 2])
        list[1].tensor.grad = try Tensor.from([1, 2], [2])
        try optimiser.step(lr: 0.1)
        let saved = try optimiser.exportState().map { NamedTensor($0.name, try $0.tensor.clone()) }
        #expect(saved.map(\.name) == ["m/w", "v/w", "m/norm", "v/norm"])
        let weights = list.map { $0.tensor.toArray() }

        let again = try parameters()
        for (parameter, values) in zip(again, weights) { try parameter.tensor.write(0..<values.count, values) }
        let restored = try AdamW(again)
        try restored.importState(saved, stepCount: 1)
        for (a, b) in zip(list, again) { b.tensor.grad = a.tensor.grad }
        try optimiser.step(lr: 0.1)
        try restored.step(lr: 0.1)
        for (a, b) in zip(list, again) { #expect(a.tensor.toArray() == b.tensor.toArray()) }

        #expect(throws: RhoError(.checkpoint, "optimizer state: 'm/norm' is missing")) {
            try restored.importState(Array(saved.prefix(2)), stepCount: 1)
        }
        #expect(throws: RhoError(.checkpoint, "optimizer state: 'm/w' has shape (2), expected (2, 2)")) {
            try restored.importState([NamedTensor("m/w", Tensor.zeros([2]))], stepCount: 1)
        }
    }

    @Test("parameters without a gradient decay only; options are checked")
    func missingGradientsAndOptions() throws {
        let list = try parameters()
        let optimiser = try AdamW(list, weightDecay: 0.5)
        #expect(try optimiser.step(lr: 0.1) == 0)
        #expect(list[1].tensor.toArray() == [1, 1])
        #expect(abs(list[0].tensor.toArray()[0] - 0.95) < 1e-6)
        #expect(throws: RhoError(.value, "adamw: beta1 must be in [0, 1), got 1.0")) { try AdamW(list, beta1: 1) }
        #expect(throws: RhoError(.value, "adamw: two parameters are named 'w'")) { try AdamW([list[0], list[0]]) }
        #expect(throws: RhoError(.value, "adamw: lr must be a finite number >= 0, got nan")) {
            try optimiser.step(lr: .nan)
        }
        #expect(throws: RhoError(.value, "adamw: clip must be > 0, got 0.0")) { try optimiser.step(lr: 1, clip: 0) }
    }

    private func pow(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { x, _ in x * base } }
}
