import RhoCore
import RhoKernels
import RhoTensor
import Testing

/// Sizes that span many blocks, where the order of sums could depend on threads.
@Suite("Bits of large tensors")
struct LargeTensorTests {
    typealias Function = @Sendable ([Tensor]) throws -> Tensor

    static let cases: [(String, Function)] = [
        ("sum", { try $0[0].sum() }), ("mean of rows", { try $0[0].mean(1) }),
        ("mean of columns", { try $0[0].mean(0) }),
        ("max", { try $0[0].max() }), ("softmax", { try $0[0].softmax() }), ("log softmax", { try $0[0].logSoftmax() }),
        ("product", { try $0[0].mul($0[1]) }), ("broadcast", { try $0[0].mul($0[2]) }),
        ("matmul", { try $0[0].matmul($0[1], transposeOther: true) }),
        ("transpose", { try $0[0].transpose() }), ("silu", { try $0[0].unary(.silu) }),
        ("rows", { x in try x[0].rows((0..<900).map { Int32($0 * 7 % 300) }) }),
        ("gather", { x in try x[0].gather((0..<700).map { Int32($0 % 90) }) }),
        ("layer norm", { try Fused.norm($0[0], NormWeights(weight: $0[2], bias: $0[2], epsilon: 1e-5)) }),
        ("gelu", { try Fused.geluLinear($0[0], $0[1], residual: $0[0].matmul($0[1], transposeOther: true)) }),
        ("dropout", { try Fused.dropout($0[0], p: 0.5, seed: 1, stream: 2) }),
    ]

    @Test("results and gradients do not depend on the thread count", arguments: cases.map(\.0))
    func threads(_ name: String) throws {
        let function = try #require(LargeTensorTests.cases.first { $0.0 == name }).1
        let before = Parallel.threadCount
        defer { Parallel.threadCount = before }
        var seen: [[[UInt32]]] = []
        for threads in [1, 2, 3] {
            Parallel.threadCount = threads
            var stream = RandomStream(seed: 4, name: name)
            let inputs = [
                try Tensor.normal([700, 90], stream: &stream), try Tensor.normal([700, 90], stream: &stream),
                try Tensor.normal([90], stream: &stream),
            ]
            for input in inputs { input.requiresGrad = true }
            let y = try function(inputs)
            try y.mul(y).sum().backward()
            seen.append(([y] + inputs.compactMap(\.grad)).map { $0.toArray().map(\.bitPattern) })
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0] == seen[2])
    }
}
