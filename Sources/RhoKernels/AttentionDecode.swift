import Glibc

/// Attention of one new query a sequence against cached keys and values: out_B(HE) = softmax(q·kᵀ/√E)·v.
///
/// Caches are [batch, kvHeads, capacity, E]; the first `lengths[b]` keys of sequence b count, the query's own included
/// (store it first with `keyValueStore`). `q` rows start `qStride` floats apart, so a fused qkv row serves as it is. With
/// `window`, only the last `window` keys count. A sequence of length 0 gives zeros.
public func attentionDecode(
    _ out: MutableFloats, _ q: Floats, _ kCache: Floats, _ vCache: Floats, _ lengths: UnsafePointer<Int32>,
    batch: Int, heads: Int, kvHeads: Int, headWidth: Int, capacity: Int, qStride: Int, window: Int? = nil
) {
    guard batch > 0 && kvHeads > 0 else { return }
    let group = heads / kvHeads
    let scale = 1 / Float(headWidth).squareRoot()
    Parallel.blocks(batch &* heads) { task in
        let b = task / heads
        let head = task % heads
        let end = min(Int(lengths[b]), capacity)
        let start = max(0, end &- max(1, window ?? end))
        let target = out + task &* headWidth
        let query = q + b &* qStride &+ head &* headWidth
        let cache = ((b &* kvHeads &+ head / group) &* capacity &+ start) &* headWidth
        let count = end &- start
        target.update(repeating: 0, count: headWidth)
        guard count > 0 else { return }
        Scratch.with(count) { scores in
            for j in 0 ..< count {
                let key = kCache + cache &+ j &* headWidth
                scores[j] = scale * sumVectors(headWidth) { load(query + $0, lanes: $1) * load(key + $0, lanes: $1) }
            }
            let sum = exponentials(scores, scores, count, minus: maxVectors(scores, count))
            let inverse = 1 / sum
            var e = 0
            while e < headWidth {
                let lanes = min(16, headWidth &- e)
                var total = Vec.zero
                for j in 0 ..< count {
                    total = fma(Vec(repeating: scores[j]), load(vCache + cache &+ j &* headWidth &+ e, lanes: lanes), total)
                }
                store(total * inverse, target + e, lanes: lanes)
                e &+= 16
            }
        }
    }
}

/// Copies keys and values of qkv rows into caches of [batch, kvHeads, capacity, E]: token t < counts[b] of sequence b goes
/// to position starts[b] + t. `counts` nil means all `tokens`. Positions beyond the capacity are left out.
public func keyValueStore(
    _ kCache: MutableFloats, _ vCache: MutableFloats, _ qkv: Floats, _ starts: UnsafePointer<Int32>,
    counts: UnsafePointer<Int32>? = nil, batch: Int, tokens: Int, heads: Int, kvHeads: Int, headWidth: Int, capacity: Int
) {
    let stride = (heads &+ 2 &* kvHeads) &* headWidth
    Parallel.blocks(batch &* kvHeads) { task in
        let b = task / kvHeads
        let kv = task % kvHeads
        let count = min(tokens, counts.map { Int($0[b]) } ?? tokens)
        for t in 0 ..< max(count, 0) {
            let position = Int(starts[b]) &+ t
            guard position >= 0 && position < capacity else { continue }
            let key = qkv + (b &* tokens &+ t) &* stride &+ (heads &+ kv) &* headWidth
            let place = (task &* capacity &+ position) &* headWidth
            (kCache + place).update(from: key, count: headWidth)
            (vCache + place).update(from: key + kvHeads &* headWidth, count: headWidth)
        }
    }
}
