import RhoCore
import RhoKernels

extension CPUBackend {
    package func fill(_ y: Buffer, _ value: Float) { RhoKernels.fill(y.floats, value, count: y.count) }

    package func copy(_ y: Buffer, _ x: Buffer) {
        if y.format == .f32, x.format == .f32 { return RhoKernels.copy(y.floats, x.reading, count: y.count) }
        read(x).withUnsafeBufferPointer { write(y, $0) }
    }

    package func axpy(_ y: Buffer, _ x: Buffer, _ alpha: Float) {
        RhoKernels.axpy(y.floats, x.reading, alpha, count: y.count)
    }

    package func scale(_ y: Buffer, _ x: Buffer, _ alpha: Float) {
        RhoKernels.scale(y.floats, x.reading, alpha, count: y.count)
    }

    package func unary(_ y: Buffer, _ x: Buffer, _ function: UnaryFunction) {
        RhoKernels.unary(y.floats, x.reading, count: y.count, function.kernel)
    }

    package func binary(_ y: Buffer, _ a: Buffer, _ b: Buffer, _ function: BinaryFunction) {
        guard y.count > 0 else { return }
        if a.shape == b.shape, a.count == y.count {
            return RhoKernels.binary(y.floats, a.reading, b.reading, count: y.count, function.kernel)
        }
        let sizes = y.shape.padded
        let strides = [a, b].map { $0.shape.strides(broadcastTo: y.shape) }
        RhoKernels.binary(
            y.floats, a.reading, b.reading, sizes: SIMD4(sizes), aStrides: SIMD4(strides[0]),
            bStrides: SIMD4(strides[1]), function.kernel)
    }

    package func select(_ y: Buffer, _ condition: Buffer, _ a: Buffer, _ b: Buffer) {
        let (target, test, yes, no) = (y.floats, condition.reading, a.reading, b.reading)
        for i in 0..<y.count { target[i] = test[i] != 0 ? yes[i] : no[i] }
    }

    package func clamp(_ y: Buffer, _ x: Buffer, _ low: Float, _ high: Float) {
        let (target, source) = (y.floats, x.reading)
        // Written so that NaN stays NaN.
        for i in 0..<y.count {
            let value = source[i]
            target[i] = value < low ? low : value > high ? high : value
        }
    }

    package func dropout(_ y: Buffer, _ x: Buffer, probability: Float, seed: UInt64, stream: UInt64) {
        dropoutForward(y.floats, x.reading, count: y.count, p: probability, seed: seed, stream: stream)
    }
}

extension UnaryFunction {
    var kernel: RhoKernels.UnaryOp {
        switch self {
        case .neg: .neg
        case .exp: .exp
        case .log: .log
        case .sqrt: .sqrt
        case .abs: .abs
        case .relu: .relu
        case .sigmoid: .sigmoid
        case .tanh: .tanh
        case .silu: .silu
        case .square: .square
        case .reciprocal: .reciprocal
        case .sign: .sign
        case .floor: .floor
        }
    }
}

extension BinaryFunction {
    var kernel: RhoKernels.BinaryOp {
        switch self {
        case .add: .add
        case .sub: .sub
        case .mul: .mul
        case .div: .div
        case .pow: .pow
        case .min: .min
        case .max: .max
        case .lt: .lt
        case .le: .le
        case .gt: .gt
        case .ge: .ge
        case .eq: .eq
        case .ne: .ne
        }
    }
}
