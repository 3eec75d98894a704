import Glibc

/// What is known of a row of logits after some of its columns.
struct RowState {
    static let floats = 5
    var top: Float
    var sum: Float
    var dot: Float
    var gold: Float
    var other: Float

    init() {
        top = -.infinity
        sum = 0
        dot = 0
        gold = -.infinity
        other = -.infinity
    }

    init(_ p: MutableFloats) {
        top = p[0]
        sum = p[1]
        dot = p[2]
        gold = p[3]
        other = p[4]
    }

    func write(_ p: MutableFloats) {
        p[0] = top
        p[1] = sum
        p[2] = dot
        p[3] = gold
        p[4] = other
    }

    /// Adds columns seen elsewhere. Sums of e^(z - top) and z·e^(z - top) are brought to the larger top.
    @inline(__always)
    mutating func merge(_ more: RowState) {
        let high = max(top, more.top)
        let mine = top == high ? 1 : expf(top - high)
        let theirs = more.top == high ? 1 : expf(more.top - high)
        sum = sum * mine + more.sum * theirs
        dot = dot * mine + more.dot * theirs
        top = high
        gold = max(gold, more.gold)
        other = max(other, more.other)
    }

    /// The state of one row over `count` columns; `gold` is the target's column if it lies inside.
    @inline(__always)
    init(_ z: MutableFloats, _ count: Int, gold place: Int, entropy: Bool) {
        self.init()
        // Padding the row to whole vectors with -∞ spares the loops a tail; the row has room for it.
        for i in count..<(count &+ 15) & ~15 { z[i] = -.infinity }
        let hasGold = place >= 0 && place < count
        if hasGold {
            gold = z[place]
            z[place] = -.infinity
        }
        var best = Vec(repeating: -.infinity)
        var next = best
        var i = 0
        while i < count {
            (best, next) = (next, maximum(load(UnsafePointer(z) + i), best))
            i &+= 16
        }
        other = laneMax(maximum(next, best))
        if hasGold { z[place] = gold }
        // max keeps a NaN gold out of top; the sum turns NaN all the same.
        top = gold > other ? gold : other
        let shift = top == -.infinity ? 0 : top
        var (sums, more) = (Vec.zero, Vec.zero)
        var dots = Vec.zero
        i = 0
        while i < count {
            let v = load(UnsafePointer(z) + i)
            let e = expBelowOverflow(v - shift)
            (sums, more) = (more, sums + e)
            // 0·(-∞) would be NaN; an impossible token adds nothing to the entropy.
            if entropy { dots += select(v .== Vec(repeating: -.infinity), .zero, v * e) }
            i &+= 16
        }
        sum = laneSum(sums + more)
        dot = laneSum(dots)
    }
}
