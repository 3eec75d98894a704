import Glibc

extension Reference {
    public static func ropeRotate(
        _ x: MutableFloats, rows: Int, rowStride: Int, heads: Int, headWidth: Int, tokens: Int,
        _ cosines: Floats, _ sines: Floats, rotaryWidth: Int? = nil, offset: Int = 0,
        positions: UnsafePointer<Int32>? = nil, inverse: Bool
    ) {
        let half = (rotaryWidth ?? headWidth) / 2
        for row in 0..<rows {
            let position = positions.map { Int($0[row]) } ?? offset + row % tokens
            for head in 0..<heads {
                for i in 0..<half {
                    let low = x + row * rowStride + head * headWidth + i
                    let c = cosines[position * half + i]
                    let s = inverse ? -sines[position * half + i] : sines[position * half + i]
                    let (a, b) = (low[0], low[half])
                    low[0] = a * c - b * s
                    low[half] = b * c + a * s
                }
            }
        }
    }

    public static func attentionForward(
        _ out: MutableFloats, _ lse: MutableFloats, _ qkv: Floats,
        batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int,
        window: Int? = nil, scale: Float? = nil, segmentStart: UnsafePointer<Int32>? = nil
    ) {
        let factor = Double(scale ?? 1 / Float(headWidth).squareRoot())
        let stride = (heads + 2 * kvHeads) * headWidth
        for b in 0..<batch {
            for head in 0..<heads {
                let keyColumn = (heads + head / (heads / kvHeads)) * headWidth
                for i in 0..<tokens {
                    let row = b * tokens + i
                    let first = firstKey(row, i, window, segmentStart)
                    var scores = [Double]()
                    for j in first...i {
                        var sum = 0.0
                        for e in 0..<headWidth {
                            sum +=
                                Double(qkv[row * stride + head * headWidth + e])
                                * Double(qkv[(b * tokens + j) * stride + keyColumn + e])
                        }
                        scores.append(sum * factor)
                    }
                    let top = scores.max() ?? 0
                    let sum = scores.reduce(0) { $0 + Glibc.exp($1 - top) }
                    lse[row * heads + head] = Float(top + Glibc.log(sum))
                    for e in 0..<headWidth {
                        var value = 0.0
                        for j in first...i {
                            let v = Double(qkv[(b * tokens + j) * stride + keyColumn + kvHeads * headWidth + e])
                            value += Glibc.exp(scores[j - first] - top) / sum * v
                        }
                        out[(row * heads + head) * headWidth + e] = Float(value)
                    }
                }
            }
        }
    }

    public static func attentionBackward(
        _ dqkv: MutableFloats, _ dout: Floats, _ out: Floats, _ lse: Floats, _ qkv: Floats,
        batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int,
        window: Int? = nil, scale: Float? = nil, segmentStart: UnsafePointer<Int32>? = nil
    ) {
        let factor = Double(scale ?? 1 / Float(headWidth).squareRoot())
        let stride = (heads + 2 * kvHeads) * headWidth
        for i in 0..<batch * tokens * stride { dqkv[i] = 0 }
        for row in 0..<batch * tokens {
            let (b, i) = (row / tokens, row % tokens)
            for head in 0..<heads {
                let q = row * stride + head * headWidth
                let doRow = dout + (row * heads + head) * headWidth
                let oRow = out + (row * heads + head) * headWidth
                var delta = 0.0
                for e in 0..<headWidth { delta += Double(doRow[e]) * Double(oRow[e]) }
                for j in firstKey(row, i, window, segmentStart)...i {
                    let k = (b * tokens + j) * stride + (heads + head / (heads / kvHeads)) * headWidth
                    let v = k + kvHeads * headWidth
                    var score = 0.0
                    var dp = 0.0
                    for e in 0..<headWidth {
                        score += Double(qkv[q + e]) * Double(qkv[k + e])
                        dp += Double(doRow[e]) * Double(qkv[v + e])
                    }
                    let p = Glibc.exp(score * factor - Double(lse[row * heads + head]))
                    let ds = p * (dp - delta) * factor
                    for e in 0..<headWidth {
                        dqkv[q + e] += Float(ds * Double(qkv[k + e]))
                        dqkv[k + e] += Float(ds * Double(qkv[q + e]))
                        dqkv[v + e] += Float(p * Double(doRow[e]))
                    }
                }
            }
        }
    }

    private static func firstKey(_ row: Int, _ i: Int, _ window: Int?, _ segmentStart: UnsafePointer<Int32>?) -> Int {
        var first = 0
        if let window { first = max(0, i - max(1, window) + 1) }
        if let segmentStart { first = max(first, min(i, Int(segmentStart[row]))) }
        return first
    }
}
