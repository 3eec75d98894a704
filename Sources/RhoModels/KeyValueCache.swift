import RhoCore
import RhoTensor

/// Keys and values of sequences being continued: per layer two blocks [S, K, C, E] with S slots of capacity C.
final class KeyValueCache {
    let keys: [Buffer]
    let values: [Buffer]
    let capacity: Int
    let layout: AttentionLayout

    /// Errors: `.memory`.
    init(_ config: ModelConfig, slots: Int, capacity: Int) throws(RhoError) {
        self.capacity = capacity
        layout = AttentionLayout(
            batch: 1, tokens: 1, heads: config.heads, kvHeads: config.kvHeads, headWidth: config.headWidth,
            window: config.window)
        let shape = try Shape([slots, config.kvHeads, capacity, config.headWidth], for: "key-value cache")
        var keys: [Buffer] = [], values: [Buffer] = []
        for _ in 0..<config.layers {
            keys.append(try Buffer.zeros(shape))
            values.append(try Buffer.zeros(shape))
        }
        self.keys = keys
        self.values = values
    }
}

/// Reads prompts, padded on the right to one length, and leaves their keys and values in the first slots of a cache.
/// Padding comes after what it could disturb, and attention is causal, so it needs no mask.
final class PrefillAttention: AttentionPath {
    private let cache: KeyValueCache
    private let layout: AttentionLayout
    private let rope: RoPETable?
    let positions: [Int32]
    private let lengths: [Int]

    /// `lengths[b]` tokens of row b are its prompt, the rest is padding.
    init(_ cache: KeyValueCache, lengths: [Int], tokens: Int, rope: RoPETable?) {
        self.cache = cache
        self.rope = rope
        var layout = cache.layout
        layout.batch = lengths.count
        layout.tokens = tokens
        self.layout = layout
        positions = rowPositions(batch: lengths.count, tokens: tokens)
        self.lengths = lengths
    }

    func attend(_ qkv: consuming Tensor, layer: Int) throws(RhoError) -> Tensor {
        let rows = qkv.buffer, backend = rows.backend
        let heads = layout.heads, kvHeads = layout.kvHeads, width = layout.headWidth
        if let rope {
            backend.rotate(
                rows, heads: heads + kvHeads, headWidth: width, tokens: layout.tokens, table: rope, positions: nil,
                inverse: false)
        }
        for (slot, length) in lengths.enumerated() {
            for head in 0..<kvHeads {
                let row = slot * layout.tokens * layout.qkvWidth,
                    place = (slot * kvHeads + head) * cache.capacity * width
                for (column, target) in [
                    (heads + head, cache.keys[layer]), (heads + kvHeads + head, cache.values[layer]),
                ] {
                    backend.copyRows(
                        target.from(place), yStride: width, rows.from(row + column * width), xStride: layout.qkvWidth,
                        rows: length, width: width, accumulate: false)
                }
            }
        }
        let out = try rows.like(Shape(unchecked: [rows.rows, layout.outWidth]))
        let lse = try rows.like(Shape(unchecked: [rows.rows, heads]))
        backend.attention(out, lse: lse, rows, layout, rope: nil)
        return Tensor(out)
    }
}

/// Continues sequences by one token each: row r is the token at `positions[r]` of the sequence in `slots[r]`.
final class CachedAttention: AttentionPath {
    private let cache: KeyValueCache
    private let rope: RoPETable?
    private let slots: [Int32]
    let positions: [Int32]

    init(_ cache: KeyValueCache, slots: [Int32], positions: [Int32], rope: RoPETable?) {
        self.cache = cache
        self.rope = rope
        self.slots = slots
        self.positions = positions
    }

    func attend(_ qkv: consuming Tensor, layer: Int) throws(RhoError) -> Tensor {
        let rows = qkv.buffer, layout = cache.layout
        if let rope {
            rows.backend.rotate(
                rows, heads: layout.heads + layout.kvHeads, headWidth: layout.headWidth, tokens: 1, table: rope,
                positions: positions, inverse: false)
        }
        let out = try rows.like(Shape(unchecked: [rows.rows, layout.outWidth]))
        rows.backend.attentionCached(
            out, keys: cache.keys[layer], values: cache.values[layer], rows, slots: slots, positions: positions,
            capacity: cache.capacity, layout)
        return Tensor(out)
    }
}

extension Buffer {
    /// The same storage from element `start` on, as a vector; for strided copies.
    fileprivate func from(_ start: Int) -> Buffer {
        Buffer(storage: storage, offset: offset + start, shape: Shape(unchecked: [count - start]))
    }
}
