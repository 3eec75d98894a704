import Glibc

extension Reference {
    public static func tokenLossForward(
        _ loss: MutableFloats, _ lse: MutableFloats, _ hidden: Floats, _ head: Floats, _ targets: UnsafePointer<Int32>,
        rows: Int, width: Int, vocab: Int, extras: TokenLossExtras? = nil
    ) {
        for row in 0..<rows {
            let z = logits(hidden + row * width, head, width: width, vocab: vocab)
            let top = z.max() ?? 0
            let sum = z.reduce(0) { $0 + Glibc.exp($1 - top) }
            let total = top + Glibc.log(sum)
            lse[row] = Float(total)
            let target = Int(targets[row])
            let hasTarget = target >= 0 && target < vocab
            loss[row] = hasTarget ? Float(total - z[target]) : 0
            if let entropy = extras?.entropy {
                entropy[row] = Float(z.reduce(0) { $0 - Glibc.exp($1 - total) * ($1 - total) })
            }
            if let margin = extras?.margin {
                var best = -Double.infinity
                for v in 0..<vocab where v != target { best = max(best, z[v]) }
                margin[row] = hasTarget ? Float(z[target] - best) : 0
            }
        }
    }

    public static func tokenLossBackward(
        _ dhidden: MutableFloats, _ dhead: MutableFloats?, _ hidden: Floats, _ head: Floats,
        _ targets: UnsafePointer<Int32>, _ lse: Floats, _ weight: Floats, rows: Int, width: Int, vocab: Int,
        accumulate: Bool
    ) {
        for row in 0..<rows {
            let target = Int(targets[row])
            guard weight[row] != 0 && target >= 0 && target < vocab else {
                if !accumulate { for i in 0..<width { dhidden[row * width + i] = 0 } }
                continue
            }
            var dz = logits(hidden + row * width, head, width: width, vocab: vocab).map {
                Glibc.exp($0 - Double(lse[row]))
            }
            dz[target] -= 1
            for i in 0..<width {
                var sum = 0.0
                for v in 0..<vocab {
                    let slope = dz[v] * Double(weight[row])
                    sum += slope * Double(head[v * width + i])
                    if let dhead { dhead[v * width + i] += Float(slope * Double(hidden[row * width + i])) }
                }
                put(dhidden + row * width + i, sum, accumulate)
            }
        }
    }

    private static func logits(_ hidden: Floats, _ head: Floats, width: Int, vocab: Int) -> [Double] {
        (0..<vocab).map { v in
            var sum = 0.0
            for i in 0..<width { sum += Double(hidden[i]) * Double(head[v * width + i]) }
            return sum
        }
    }
}
