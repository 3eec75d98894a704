/// Floats in one block of an elementwise kernel: 64 KiB, so that a block of three streams stays in L2.
let elementBlock = 16_384

/// Calls `body` with the start and end of fixed blocks of elements, in parallel.
@inline(__always)
func elementBlocks(_ count: Int, _ body: (_ start: Int, _ end: Int) -> Void) {
    Parallel.ranges(count, size: elementBlock, body)
}

// These loops are transparent: `@inline(__always)` leaves larger bodies of `f` as calls, which pass vectors in
// quarters.

/// y[i] = f(x[i]) over a range, sixteen at a time; the tail goes through the same function in a padded vector, so a
/// value does not depend on where it stands.
@_transparent
func mapVectors(_ y: MutableFloats, _ x: Floats, _ count: Int, _ f: (Vec) -> Vec) {
    var i = 0
    while i < count {
        let lanes = count &- i
        store(f(load(x + i, lanes: lanes)), y + i, lanes: lanes)
        i &+= 16
    }
}

/// y[i] = f(a[i], b[i]) over a range.
@_transparent
func mapVectors(_ y: MutableFloats, _ a: Floats, _ b: Floats, _ count: Int, _ f: (Vec, Vec) -> Vec) {
    var i = 0
    while i < count {
        let lanes = count &- i
        store(f(load(a + i, lanes: lanes), load(b + i, lanes: lanes)), y + i, lanes: lanes)
        i &+= 16
    }
}

/// Σ f(i) over a range with four vector accumulators taking turns, added in a fixed order. `f` gets an offset and the
/// number of floats left there, and returns zeros in the lanes past them.
@_transparent
func sumVectors(_ count: Int, _ f: (_ offset: Int, _ lanes: Int) -> Vec) -> Float {
    var a = Vec.zero
    var b = Vec.zero
    var c = Vec.zero
    var d = Vec.zero
    var i = 0
    while i < count {
        let next = a + f(i, count &- i)
        a = b
        b = c
        c = d
        d = next
        i &+= 16
    }
    return laneSum((a + b) + (c + d))
}

/// Σ a·b with four vector accumulators, added in a fixed order.
func dot(_ a: Floats, _ b: Floats, _ count: Int) -> Float {
    var (s0, s1, s2, s3) = (Vec.zero, Vec.zero, Vec.zero, Vec.zero)
    var i = 0
    while i < count {
        let lanes = count &- i
        let next = fma(load(a + i, lanes: lanes), load(b + i, lanes: lanes), s0)
        s0 = s1
        s1 = s2
        s2 = s3
        s3 = next
        i &+= 16
    }
    return laneSum((s0 + s1) + (s2 + s3))
}

/// y += x.
func add(_ y: MutableFloats, _ x: Floats, _ count: Int) {
    var i = 0
    while i < count {
        let lanes = count &- i
        store(load(UnsafePointer(y) + i, lanes: lanes) + load(x + i, lanes: lanes), y + i, lanes: lanes)
        i &+= 16
    }
}

/// Runs `body` once a row over fixed blocks of rows and adds what the blocks summed into their partial rows to `total`.
///
/// Each block has its own partial row of `width` floats (cleared here); they are added in block order, so the sum is
/// the same for any number of threads. With `total` nil there is no partial row.
@inline(__always)
func sumOverRowBlocks(
    _ total: MutableFloats?, rows: Int, width: Int, _ body: (_ row: Int, _ partial: MutableFloats?) -> Void
) {
    guard let total else {
        Parallel.ranges(rows, size: normBlock) { start, end in
            for row in start..<end { body(row, nil) }
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
            for row in index &* block..<min(rows, (index &+ 1) &* block) { body(row, partial) }
        }
        addColumnSums(total, partials, rows: blocks, width: width)
    }
}
