import RhoCore
import RhoTensor
import Testing

@Suite("Shapes and their errors")
struct ShapeErrorTests {
    @Test("a bad shape is one sentence and no crash")
    func creation() {
        expect("shape: sizes must be >= 0, got (-1, 3)") { () throws(RhoError) in _ = try Tensor.zeros([-1, 3]) }
        expect("shape: a tensor has at most 4 dimensions, got 5") { () throws(RhoError) in
            _ = try Tensor.zeros([1, 1, 1, 1, 1])
        }
        let huge = 1 << 40
        expect("shape: (\(huge), \(huge)) holds more elements than a tensor can") { () throws(RhoError) in
            _ = try Tensor.zeros([huge, huge])
        }
        expect("shape: (0, \(huge), \(huge)) holds more elements than a tensor can") { () throws(RhoError) in
            _ = try Tensor.zeros([0, huge, huge])
        }
        // Empty, so they exist, but their product would not.
        expect("matmul: (\(huge), \(huge)) holds more elements than a tensor can") { () throws(RhoError) in
            _ = try Tensor.zeros([huge, 0]).matmul(Tensor.zeros([0, huge]))
        }
        expect("linear: (\(huge), \(huge)) holds more elements than a tensor can") { () throws(RhoError) in
            _ = try Fused.linear(Tensor.zeros([huge, 0]), Tensor.zeros([huge, 0]))
        }
        expect("add: (\(huge), \(huge), 0) holds more elements than a tensor can") { () throws(RhoError) in
            _ = try Tensor.zeros([huge, 1, 0]).add(Tensor.zeros([1, huge, 0]))
        }
        expect("from: 3 values do not fill shape (2, 2) of 4") { () throws(RhoError) in
            _ = try Tensor.from([1, 2, 3], [2, 2])
        }
    }

    @Test("an allocation above the machine's memory is a memory error")
    func memory() {
        do {
            _ = try Tensor.zeros([1 << 44])
            Issue.record("no error")
        } catch {
            #expect(error.code == .memory)
        }
    }

    @Test("ops name themselves and both shapes")
    func ops() throws {
        let a = try Tensor.zeros([4, 128])
        let b = try Tensor.zeros([64, 32])
        expect("add: shapes (4, 128) and (64, 32) do not broadcast") { () throws(RhoError) in _ = try a.add(b) }
        expect("lt: shapes (4, 128) and (64, 32) do not broadcast") { () throws(RhoError) in _ = try a.binary(.lt, b) }
        expect("matmul: inner sizes differ, (4, 128) × (64, 32)") { () throws(RhoError) in _ = try a.matmul(b) }
        expect("matmul: inner sizes differ, (4, 128) × (64, 32)ᵀ") { () throws(RhoError) in
            _ = try a.matmul(b, transposeOther: true)
        }
        expect("reshape: shape (4, 128) has 512 elements, (3, -1) does not fit") { () throws(RhoError) in
            _ = try a.reshape([3, -1])
        }
        expect("sum: dimension 2 is outside shape (4, 128)") { () throws(RhoError) in _ = try a.sum(2) }
        expect("slice: 5 entries from 0 are outside dimension 0 of shape (4, 128)") { () throws(RhoError) in
            _ = try a.slice(start: 0, count: 5)
        }
        expect("concat: shapes (4, 128) and (64, 32) differ outside dimension 0") { () throws(RhoError) in
            _ = try Tensor.concat([a, b])
        }
        expect("gather: index 128 of row 0 is outside 0..<128") { () throws(RhoError) in
            _ = try a.gather([128, 0, 0, 0])
        }
        expect("embedding: id 4 at position 1 is outside 0..<4") { () throws(RhoError) in
            _ = try Fused.embedding(ids: [0, 4], a)
        }
        expect("token_loss: 2 targets for 4 rows") { () throws(RhoError) in
            _ = try Fused.tokenLoss(a, head: a, targets: [0, 1])
        }
        expect("linear: input (4, 128) and weight (64, 32) do not fit, expected weight (outputs, 128)") {
            () throws(RhoError) in _ = try Fused.linear(a, b)
        }
        expect("item: needs a tensor of one element, got shape (4, 128)") { () throws(RhoError) in _ = try a.item() }
        expect("topk: k must be in [0, 128], got 129") { () throws(RhoError) in _ = try a.topk(129) }
        expect("clamp: low must not exceed high, got 1.0 and 0.0") { () throws(RhoError) in
            _ = try a.clamp(low: 1, high: 0)
        }
        expect("attention: expected qkv of shape (4, 24), got (4, 128)") { () throws(RhoError) in
            _ = try Fused.attention(a, heads: 2, kvHeads: 2, headWidth: 4, batch: 2, tokens: 2)
        }
        expect("dropout: probability must be in [0, 1], got 1.5") { () throws(RhoError) in
            _ = try Fused.dropout(a, p: 1.5, seed: 0, stream: 0)
        }
        expect("index: element 0 must be a whole number, got 0.5") { () throws(RhoError) in
            _ = try Tensor.full([2], 0.5).toIndices()
        }
    }

    @Test("every op takes empty tensors", arguments: [[0], [0, 3], [3, 0], [2, 0, 3]])
    func empty(_ dims: [Int]) throws {
        let x = try Tensor.zeros(dims)
        x.requiresGrad = true
        for function in UnaryFunction.allCases { #expect(try x.unary(function).shape.dims == dims) }
        for function in BinaryFunction.allCases { #expect(try x.binary(function, x).shape.dims == dims) }
        #expect(try x.sum().item() == 0)
        #expect(try x.max().item() == -.infinity)
        #expect(try x.mean().item().isNaN)
        #expect(try x.softmax().shape.dims == dims)
        #expect(try x.logSoftmax().shape.dims == dims)
        #expect(try x.sort().values.shape.dims == dims)
        #expect(try x.cumsum().shape.dims == dims)
        for axis in dims.indices {
            _ = try x.sum(axis)
            _ = try x.max(axis)
            _ = try Tensor.concat([x, x], axis: axis)
            _ = try x.slice(axis, start: 0, count: 0)
        }
        try x.mul(x).sum().backward()
        #expect(x.grad?.shape.dims == dims)
        #expect(throws: RhoError(.value, "quantile: the tensor is empty")) { try x.quantile(0.5) }
        if dims.count == 2 {
            let y = try x.matmul(x.transpose())
            #expect(y.toArray().allSatisfy { $0 == 0 })
            let w = try Tensor.zeros([5, dims[1]])
            w.requiresGrad = true
            try Fused.linear(x, w).sum().backward()
            _ = try Fused.norm(x, NormWeights(weight: Tensor.ones([dims[1]]), epsilon: 1e-5))
            _ = try Fused.tokenLoss(x, head: w, targets: [Int32](repeating: 0, count: dims[0]))
        }
    }

    private func expect(_ message: String, _ body: () throws(RhoError) -> Void) {
        do throws(RhoError) {
            try body()
            Issue.record("no error, expected: \(message)")
        } catch {
            #expect(error.message == message)
        }
    }
}
