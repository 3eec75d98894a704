extension Reference {
    public static func rmsNormForward(
        _ y: MutableFloats, _ rstd: MutableFloats, _ x: Floats, _ w: Floats, rows: Int, width: Int, eps: Float
    ) {
        for row in 0..<rows {
            var squares = 0.0
            for i in 0..<width { squares += Double(x[row * width + i]) * Double(x[row * width + i]) }
            let scale = 1 / (squares / Double(width) + Double(eps)).squareRoot()
            rstd[row] = Float(scale)
            for i in 0..<width { y[row * width + i] = Float(Double(x[row * width + i]) * scale * Double(w[i])) }
        }
    }

    public static func rmsNormBackward(
        _ dx: MutableFloats, _ dw: MutableFloats?, _ dy: Floats, _ x: Floats, _ w: Floats, _ rstd: Floats,
        rows: Int, width: Int, accumulate: Bool
    ) {
        for row in 0..<rows {
            let scale = Double(rstd[row])
            var mean = 0.0
            for i in row * width..<(row + 1) * width {
                mean += Double(dy[i]) * Double(w[i - row * width]) * Double(x[i]) * scale / Double(width)
            }
            for i in row * width..<(row + 1) * width {
                let hat = Double(x[i]) * scale
                put(dx + i, scale * (Double(dy[i]) * Double(w[i - row * width]) - hat * mean), accumulate)
            }
        }
        guard let dw else { return }
        for i in 0..<width {
            var sum = 0.0
            for row in 0..<rows { sum += Double(dy[row * width + i]) * Double(x[row * width + i]) * Double(rstd[row]) }
            put(dw + i, sum, true)
        }
    }

    public static func layerNormForward(
        _ y: MutableFloats, _ mean: MutableFloats, _ rstd: MutableFloats, _ x: Floats, _ w: Floats, _ b: Floats,
        rows: Int, width: Int, eps: Float
    ) {
        for row in 0..<rows {
            var sum = 0.0
            for i in 0..<width { sum += Double(x[row * width + i]) }
            let average = sum / Double(width)
            var squares = 0.0
            for i in 0..<width {
                let d = Double(x[row * width + i]) - average
                squares += d * d
            }
            mean[row] = Float(average)
            rstd[row] = Float(1 / (squares / Double(width) + Double(eps)).squareRoot())
        }
        for row in 0..<rows {
            for i in 0..<width {
                y[row * width + i] = (x[row * width + i] - mean[row]) * rstd[row] * w[i] + b[i]
            }
        }
    }

    public static func layerNormBackward(
        _ dx: MutableFloats, _ dw: MutableFloats?, _ db: MutableFloats?, _ dy: Floats, _ x: Floats, _ w: Floats,
        _ mean: Floats, _ rstd: Floats, rows: Int, width: Int, accumulate: Bool
    ) {
        for row in 0..<rows {
            let line = row * width
            func hat(_ i: Int) -> Double { (Double(x[line + i]) - Double(mean[row])) * Double(rstd[row]) }
            func g(_ i: Int) -> Double { Double(dy[line + i]) * Double(w[i]) }
            var meanG = 0.0
            var meanGX = 0.0
            for i in 0..<width {
                meanG += g(i) / Double(width)
                meanGX += g(i) * hat(i) / Double(width)
            }
            // All of a row before any is written: dx may be dy.
            let values = (0..<width).map { Double(rstd[row]) * (g($0) - meanG - hat($0) * meanGX) }
            for i in 0..<width {
                if let dw { put(dw + i, Double(dy[line + i]) * hat(i), true) }
                if let db { put(db + i, Double(dy[line + i]), true) }
            }
            for i in 0..<width { put(dx + line + i, values[i], accumulate) }
        }
    }
}
