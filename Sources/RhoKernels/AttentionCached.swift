import Glibc

/// Attention of new rows against cached keys and values.
///
/// Stores row n's k and v at position position_N[n] of sequence slot_N[n], all rows first; then out_N(HE) is the
/// attention of q_n over positions max(0, position - window + 1) ... position of its slot. Rows are [q(H·E) | k(K·E) |
/// v(K·E)]; `keys` and `values` are [slots, K, capacity, E]. Several rows may share a slot: each sees those before it.
/// Every position must lie in `0 ..< capacity` and the ones before it must have been stored. `scale` nil means 1/√E.
public func attentionCached(
    _ out: MutableFloats, _ qkv: Floats, keys: MutableFloats, values: MutableFloats, rows: Int,
    slot: UnsafePointer<Int32>, position: UnsafePointer<Int32>, capacity: Int,
    heads: Int, kvHeads: Int, headWidth: Int, window: Int? = nil, scale: Float? = nil
) {
    guard rows > 0 && kvHeads > 0 && headWidth > 0 else { return }
    keyValueStore(
        keys, values, qkv, rows: rows, slot: slot, position: position, capacity: capacity, heads: heads,
        kvHeads: kvHeads,
        headWidth: headWidth)
    let stride = (heads &+ 2 &* kvHeads) &* headWidth
    let group = heads / kvHeads
    let factor = scale ?? 1 / Float(headWidth).squareRoot()
    Parallel.blocks(rows &* kvHeads) { task in
        let row = task / kvHeads
        let kv = task % kvHeads
        let end = Int(position[row]) &+ 1
        let start = max(0, end &- max(1, window ?? end))
        let count = end &- start
        let cache = ((Int(slot[row]) &* kvHeads &+ kv) &* capacity &+ start) &* headWidth
        Scratch.with((count &+ 15) & ~15) { scores in
            for head in kv &* group..<(kv &+ 1) &* group {
                attendOne(
                    out + (row &* heads &+ head) &* headWidth, qkv + row &* stride &+ head &* headWidth,
                    UnsafePointer(keys) + cache, UnsafePointer(values) + cache, scores, count: count, width: headWidth,
                    scale: factor)
            }
        }
    }
}

/// out_E = softmax(scale·q·kᵀ)·v for one query over `count` neighbouring rows of keys and values.
private func attendOne(
    _ out: MutableFloats, _ q: Floats, _ k: Floats, _ v: Floats, _ scores: MutableFloats, count: Int, width: Int,
    scale: Float
) {
    for j in 0..<count {
        let key = k + j &* width
        scores[j] = scale * dot(q, key, width)
    }
    let inverse = 1 / exponentials(scores, scores, count, minus: maxVectors(scores, count))
    var e = 0
    while e < width {
        let lanes = min(16, width &- e)
        var total = Vec.zero
        for j in 0..<count { total = fma(Vec(repeating: scores[j]), load(v + j &* width &+ e, lanes: lanes), total) }
        store(total * inverse, out + e, lanes: lanes)
        e &+= 16
    }
}

/// Copies the k and v of each qkv row to position position_N of sequence slot_N in caches of [slots, K, capacity, E]. A
/// row whose position lies outside `0 ..< capacity` is left out, so padding can be given position -1.
public func keyValueStore(
    _ keys: MutableFloats, _ values: MutableFloats, _ qkv: Floats, rows: Int,
    slot: UnsafePointer<Int32>, position: UnsafePointer<Int32>, capacity: Int, heads: Int, kvHeads: Int, headWidth: Int
) {
    let stride = (heads &+ 2 &* kvHeads) &* headWidth
    Parallel.ranges(rows, size: normBlock) { start, end in
        for row in start..<end where position[row] >= 0 && Int(position[row]) < capacity {
            for kv in 0..<kvHeads {
                let key = qkv + row &* stride &+ (heads &+ kv) &* headWidth
                let place = ((Int(slot[row]) &* kvHeads &+ kv) &* capacity &+ Int(position[row])) &* headWidth
                (keys + place).update(from: key, count: headWidth)
                (values + place).update(from: key + kvHeads &* headWidth, count: headWidth)
            }
        }
    }
}
