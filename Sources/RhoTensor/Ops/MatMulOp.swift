import RhoCore

/// c = op(a) · op(b), op = transposition when asked for. (M, K) × (K, N) → (M, N), or a batch of such products.
package struct MatMulOp: Op {
    package var transA = false
    package var transB = false

    package var name: String { "matmul" }
    package static var samples: [OpSample] {
        [
            OpSample(MatMulOp(), [[4, 7], [7, 5]]), OpSample(MatMulOp(transA: true), [[7, 4], [7, 5]]),
            OpSample(MatMulOp(transB: true), [[4, 7], [5, 7]]),
            OpSample(MatMulOp(transA: true, transB: true), [[7, 4], [5, 7]]),
            OpSample(MatMulOp(), [[3, 2, 5], [3, 5, 4]]), OpSample(MatMulOp(transB: true), [[2, 2, 5], [2, 3, 5]]),
        ]
    }

    package struct Saved {
        var a: Buffer
        var b: Buffer
    }

    package func resultShape(_ inputs: [Shape]) throws(RhoError) -> Shape {
        let (a, b) = (inputs[0], inputs[1])
        guard a.rank == b.rank, a.rank == 2 || (a.rank == 3 && a[0] == b[0]) else {
            throw RhoError(.shape, "matmul: needs two matrices or two equal batches of matrices, got \(a) and \(b)")
        }
        let (m, k, n, other) = sizes(a, b)
        guard k == other else {
            throw RhoError(.shape, "matmul: inner sizes differ, \(text(a, transA)) × \(text(b, transB))")
        }
        return try Shape(Array(a.dims.dropLast(2)) + [m, n], for: name)
    }

    package func forward(_ x: [Buffer], _ shape: Shape) throws(RhoError) -> (Buffer, Saved) {
        let c = try x[0].like(shape)
        let (m, k, n, _) = sizes(x[0].shape, x[1].shape)
        eachMatrix([c, x[0], x[1]]) { part in
            c.backend.gemm(
                part[0], part[1], part[2], m: m, n: n, k: k, transA: transA, transB: transB, accumulate: false)
        }
        return (c, Saved(a: x[0], b: x[1]))
    }

    package func backward(_ saved: consuming Saved, _ flow: GradientFlow) throws(RhoError) {
        let dc = try flow.dense()
        let (a, b) = (saved.a, saved.b)
        let (m, k, n, _) = sizes(a.shape, b.shape)
        try flow.into(0) { (da, adding) throws(RhoError) in
            eachMatrix([da, dc, b]) { part in
                if transA {
                    dc.backend.gemm(
                        part[0], part[2], part[1], m: k, n: m, k: n, transA: transB, transB: true, accumulate: adding)
                } else {
                    dc.backend.gemm(
                        part[0], part[1], part[2], m: m, n: k, k: n, transA: false, transB: !transB, accumulate: adding)
                }
            }
        }
        try flow.into(1) { (db, adding) throws(RhoError) in
            eachMatrix([db, dc, a]) { part in
                if transB {
                    dc.backend.gemm(
                        part[0], part[1], part[2], m: n, n: k, k: m, transA: true, transB: transA, accumulate: adding)
                } else {
                    dc.backend.gemm(
                        part[0], part[2], part[1], m: k, n: n, k: m, transA: !transA, transB: false, accumulate: adding)
                }
            }
        }
    }

    /// (M, K, N, K as b has it)
    private func sizes(_ a: Shape, _ b: Shape) -> (Int, Int, Int, Int) {
        let first = a.rank - 2
        let (am, ak) = transA ? (a[first + 1], a[first]) : (a[first], a[first + 1])
        let (bk, bn) = transB ? (b[first + 1], b[first]) : (b[first], b[first + 1])
        return (am, ak, bn, bk)
    }

    private func text(_ shape: Shape, _ transposed: Bool) -> String { transposed ? "\(shape)ᵀ" : "\(shape)" }

    /// Calls `body` with the matrices at the same place of each batch.
    private func eachMatrix(_ buffers: [Buffer], _ body: ([Buffer]) -> Void) {
        guard buffers[0].shape.rank == 3 else { return body(buffers) }
        for index in 0..<buffers[0].shape[0] {
            body(
                buffers.map { buffer in
                    let shape = Shape(unchecked: Array(buffer.shape.dims.dropFirst()))
                    return buffer.slice(index, 1).reshaped(shape)
                })
        }
    }
}
