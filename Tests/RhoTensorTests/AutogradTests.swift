import RhoCore
import RhoTensor
import Testing

@Suite("Autograd")
struct AutogradTests {
    @Test("a chain of 100,000 nodes runs backward and is released without deep recursion")
    func deepChain() throws {
        let x = try Tensor.full([2], 1)
        x.requiresGrad = true
        var y = x
        for _ in 0..<100_000 { y = try y.unary(.neg) }
        try y.sum().backward()
        #expect(x.grad?.toArray() == [1, 1])
        // A second chain that is dropped unused.
        y = x
        for _ in 0..<100_000 { y = try y.add(x) }
        y = x
    }

    @Test("a graph that branches widely is released without deep recursion")
    func diamonds() throws {
        let x = try Tensor.full([1], 1e-30)
        x.requiresGrad = true
        var y = x
        for _ in 0..<20_000 { y = try y.sub(y.unary(.neg)).unary(.tanh) }
        y = x
        #expect(x.grad == nil)
    }

    @Test("gradients add up over backward calls and stay where they are until cleared")
    func accumulates() throws {
        let w = Parameter(name: "w", tensor: try Tensor.from([2, 3], [2]))
        for _ in 0..<3 { try w.tensor.mul(w.tensor).sum().backward() }
        #expect(w.tensor.grad?.toArray() == [12, 18])
        w.zeroGrad()
        try w.tensor.sum().backward()
        #expect(w.tensor.grad?.toArray() == [1, 1])
    }

    @Test("one gradient handed to several inputs does not leak from one into the other")
    func sharedGradients() throws {
        let a = try Tensor.from([1, 2], [2])
        let b = try Tensor.from([3, 4], [2])
        a.requiresGrad = true
        b.requiresGrad = true
        // a + b hands the same buffer to both; a then gets more.
        let sum = try a.add(b)
        let all = try sum.add(a.mul(a)).add(a)
        let seed = try Tensor.from([10, 100], [2])
        try all.backward(gradient: seed)
        #expect(b.grad?.toArray() == [10, 100])
        #expect(a.grad?.toArray() == [40, 600])
        #expect(seed.toArray() == [10, 100])
        let held = try #require(a.grad)
        try a.sum().backward()
        #expect(held.toArray() == [40, 600], "a gradient that was read must not change")
        #expect(a.grad?.toArray() == [41, 601])
    }

    @Test("x + x, and a residual around an op of the same tensor")
    func sameTensorTwice() throws {
        let x = try Tensor.from([1, -2, 3, 4], [2, 2])
        x.requiresGrad = true
        try x.add(x).sum().backward()
        #expect(x.grad?.toArray() == [2, 2, 2, 2])
        let w = try Tensor.from([1, 0, 0, 1], [2, 2])
        let y = try Tensor.from([1, -2, 3, 4], [2, 2])
        y.requiresGrad = true
        try Fused.linear(y, w, residual: y).sum().backward()
        #expect(y.grad?.toArray() == [2, 2, 2, 2])
    }

    @Test("withoutGrad, detach and constants record nothing")
    func noRecording() throws {
        let x = try Tensor.from([1, 2], [2])
        x.requiresGrad = true
        let quiet = try Autograd.withoutGrad { () throws(RhoError) in try x.mul(x) }
        #expect(!quiet.tracksGradient)
        #expect(try !x.detach().mul(x.detach()).tracksGradient)
        #expect(try x.mul(x).tracksGradient)
        #expect(try !x.binary(.lt, 1).tracksGradient)
        try x.detach().mul(x).sum().backward()
        #expect(x.grad?.toArray() == [1, 2])
    }

    @Test("an error inside withoutGrad switches recording on again")
    func recordingAfterError() throws {
        let x = try Tensor.zeros([2])
        #expect(throws: RhoError.self) {
            try Autograd.withoutGrad { () throws(RhoError) in try x.add(Tensor.zeros([3])) }
        }
        #expect(Autograd.isRecording)
    }

    @Test("backward explains what it needs")
    func errors() throws {
        let x = try Tensor.from([1, 2], [2])
        #expect(throws: RhoError(.value, "backward: nothing this tensor was computed from requires a gradient")) {
            try x.sum().backward()
        }
        x.requiresGrad = true
        let vector = try x.mul(x)
        #expect(throws: RhoError.self) { try vector.backward() }
        #expect(throws: RhoError(.shape, "backward: the gradient has shape (3), the tensor (2)")) {
            try vector.backward(gradient: Tensor.zeros([3]))
        }
        let loss = try vector.sum()
        try loss.backward()
        do {
            try loss.backward()
            Issue.record("a spent graph ran again")
        } catch {
            #expect(error.code == .value)
            #expect(error.message.contains("used up by an earlier backward"))
        }
        // Part of a spent graph under a new op.
        let second = try vector.sum()
        #expect(throws: RhoError.self) { try second.backward() }
        #expect(x.grad?.toArray() == [2, 4], "a failed backward changes nothing")
    }
}
