import RhoCore
import RhoTensor
import Testing

@Suite("Values of the general ops")
struct ValueTests {
    let x: Tensor

    init() throws { x = try Tensor.from([1, 5, 2, 8, 3, 9], [2, 3]) }

    @Test func reductions() throws {
        #expect(try x.sum().item() == 28)
        #expect(try x.sum(0).toArray() == [9, 8, 11])
        #expect(try x.sum(-1, keeping: true).shape.dims == [2, 1])
        #expect(try x.mean(1).toArray() == [8 / 3, 20 / 3])
        #expect(try x.max(1).toArray() == [5, 9])
        #expect(try x.min(0).toArray() == [1, 3, 2])
        #expect(try x.cumsum(1).toArray() == [1, 6, 8, 8, 11, 20])
        #expect(try x.cumsum(0).toArray() == [1, 5, 2, 9, 8, 11])
    }

    @Test func broadcasting() throws {
        #expect(try x.add(Tensor.from([10, 20, 30], [3])).toArray() == [11, 25, 32, 18, 23, 39])
        #expect(try x.mul(Tensor.from([1, 2], [2, 1])).toArray() == [1, 5, 2, 16, 6, 18])
        #expect(try x.binary(.sub, 1).toArray() == [0, 4, 1, 7, 2, 8])
        #expect(try x.binary(.ge, 5).toArray() == [0, 1, 0, 1, 0, 1])
        let outer = try Tensor.from([1, 2], [2, 1]).mul(Tensor.from([3, 4, 5], [1, 3]))
        #expect(outer.toArray() == [3, 4, 5, 6, 8, 10])
        #expect(try x.clamp(low: 2, high: 5).toArray() == [2, 5, 2, 5, 3, 5])
        #expect(try Tensor.select(x.binary(.gt, 4), Tensor.scalar(-1), x).toArray() == [1, -1, 2, -1, 3, -1])
    }

    @Test func arrangement() throws {
        #expect(try x.transpose().toArray() == [1, 8, 5, 3, 2, 9])
        #expect(try x.reshape([3, -1]).shape.dims == [3, 2])
        #expect(try x.slice(start: 1, count: 1).toArray() == [8, 3, 9])
        #expect(try x.slice(1, start: 1, count: 2).toArray() == [5, 2, 3, 9])
        #expect(try Tensor.concat([x, x], axis: 1).toArray() == [1, 5, 2, 1, 5, 2, 8, 3, 9, 8, 3, 9])
        #expect(try Tensor.concat([x.slice(start: 1, count: 1), x]).toArray() == [8, 3, 9, 1, 5, 2, 8, 3, 9])
        #expect(try x.gather([2, 0]).toArray() == [2, 8])
        #expect(try x.rows([1, 1, 0]).toArray() == [8, 3, 9, 8, 3, 9, 1, 5, 2])
        #expect(try x.matmul(x, transposeOther: true).toArray() == [30, 41, 41, 154])
    }

    @Test func order() throws {
        let top = try x.topk(2)
        #expect(top.values.toArray() == [5, 2, 9, 8])
        #expect(top.indices.toArray() == [1, 2, 2, 0])
        #expect(try x.sort().values.toArray() == [1, 2, 5, 3, 8, 9])
        let odd = try Tensor.from([2, .nan, 1, 2, -.infinity], [5])
        #expect(try odd.sort(descending: true).indices.toArray() == [0, 3, 2, 4, 1])
        #expect(try odd.sort().indices.toArray() == [4, 2, 0, 3, 1])
        #expect(try x.quantile(0) == 1)
        #expect(try x.quantile(1) == 9)
        #expect(try x.quantile(0.5) == 4)
        #expect(try odd.quantile(0.5).isNaN)
        #expect(throws: RhoError(.value, "quantile: q must be in [0, 1], got 60.0")) { try x.quantile(60) }
    }

    @Test func softmaxRows() throws {
        let rows = try x.softmax()
        for total in try rows.sum(1).toArray() { #expect(abs(total - 1) < 1e-6) }
        let logs = try x.logSoftmax().unary(.exp)
        for (a, b) in zip(rows.toArray(), logs.toArray()) { #expect(abs(a - b) < 1e-6) }
        #expect(try Tensor.from([1000, 1000], [2]).softmax().toArray() == [0.5, 0.5])
    }

    @Test func randomTensorsDependOnTheirStreamOnly() throws {
        var one = RandomStream(seed: 3, name: "a")
        var same = RandomStream(seed: 3, name: "a")
        var other = RandomStream(seed: 3, name: "b")
        let a = try Tensor.normal([300, 300], stream: &one).toArray()
        #expect(try a == Tensor.normal([300, 300], stream: &same).toArray())
        #expect(try a != Tensor.normal([300, 300], stream: &other).toArray())
        let mean = a.reduce(0, +) / Float(a.count)
        #expect(abs(mean) < 0.02)
        let u = try Tensor.uniform([1000], low: -2, high: 3, stream: &one).toArray()
        #expect(u.allSatisfy { $0 >= -2 && $0 < 3 })
    }

    @Test func readAndWriteParts() throws {
        let t = try Tensor.zeros([4])
        try t.write(1..<3, [7, 8])
        #expect(t.toArray() == [0, 7, 8, 0])
        #expect(try t.read(2..<4) == [8, 0])
        #expect(throws: RhoError.self) { try t.write(3..<5, [1, 2]) }
        #expect(throws: RhoError.self) { try t.read(-1..<2) }
        #expect("\(t)" == "Tensor (4) [0.0, 7.0, 8.0, 0.0]")
    }
}
