/// Floats in one block of an elementwise kernel: 64 KiB, so that a block of three streams stays in L2.
let elementBlock = 16_384

/// Calls `body` with the start and end of fixed blocks of elements, in parallel.
@inline(__always)
func elementBlocks(_ count: Int, _ body: (_ start: Int, _ end: Int) -> Void) {
    Parallel.ranges(count, size: elementBlock, body)
}

/// y[i] = f(x[i]) over a range, sixteen at a time; the tail goes through the same function in a padded vector, so a value
/// does not depend on where it stands.
@inline(__always)
func mapVectors(_ y: MutableFloats, _ x: Floats, _ count: Int, _ f: (Vec) -> Vec) {
    var i = 0
    while i &+ 16 <= count {
        store(f(load(x + i)), y + i)
        i &+= 16
    }
    if i < count { storePartial(f(loadPartial(x + i, count &- i)), y + i, count &- i) }
}

/// y[i] = f(a[i], b[i]) over a range.
@inline(__always)
func mapVectors(_ y: MutableFloats, _ a: Floats, _ b: Floats, _ count: Int, _ f: (Vec, Vec) -> Vec) {
    var i = 0
    while i &+ 16 <= count {
        store(f(load(a + i), load(b + i)), y + i)
        i &+= 16
    }
    if i < count {
        let lanes = count &- i
        storePartial(f(loadPartial(a + i, lanes), loadPartial(b + i, lanes)), y + i, lanes)
    }
}

/// Σ f(i) over a range with four vector accumulators, added in a fixed order. `f` gets an offset and the number of lanes
/// that count (16 but for the tail), and returns zeros in the others.
@inline(__always)
func sumVectors(_ count: Int, _ f: (_ offset: Int, _ lanes: Int) -> Vec) -> Float {
    var a = Vec.zero
    var b = Vec.zero
    var c = Vec.zero
    var d = Vec.zero
    var i = 0
    while i &+ 64 <= count {
        a += f(i, 16)
        b += f(i &+ 16, 16)
        c += f(i &+ 32, 16)
        d += f(i &+ 48, 16)
        i &+= 64
    }
    while i &+ 16 <= count {
        a += f(i, 16)
        i &+= 16
    }
    if i < count { b += f(i, count &- i) }
    return laneSum((a + b) + (c + d))
}

/// The vector at `p`, or its first `lanes` floats with zeros behind them.
@inline(__always)
func load(_ p: Floats, lanes: Int) -> Vec { lanes == 16 ? load(p) : loadPartial(p, lanes) }

@inline(__always)
func store(_ v: Vec, _ p: MutableFloats, lanes: Int) {
    if lanes == 16 { store(v, p) } else { storePartial(v, p, lanes) }
}

/// Runs `body` once a row over fixed blocks of rows and adds what the blocks summed into their partial rows to `total`.
///
/// Each block has its own partial row of `width` floats (cleared here); they are added in block order, so the sum is the
/// same for any number of threads. With `total` nil there is no partial row.
@inline(__always)
func sumOverRowBlocks(
    _ total: MutableFloats?, rows: Int, width: Int, _ body: (_ row: Int, _ partial: MutableFloats?) -> Void
) {
    guard let total else {
        Parallel.ranges(rows, size: normBlock) { start, end in
            for row in start ..< end { body(row, nil) }
        }
        return
    }
    // At most 64 partial rows, so that adding them costs little beside the rows themselves.
    let block = max(normBlock, (rows &+ 63) / 64)
    let blocks = (rows &+ block &- 1) / block
    Scratch.with(blocks &* width) { partials in
        Parallel.blocks(blocks) { index in
            let partial = partials + index &* width
            partial.update(repeating: 0, count: width)
            for row in index &* block ..< min(rows, (index &+ 1) &* block) { body(row, partial) }
        }
        addColumnSums(total, partials, rows: blocks, width: width)
    }
}
