/// Rows of a weight matrix as they lie in memory: f32, or 16 bits a number that are widened while they are used, so that
/// a frozen model takes half the memory and half the reading. Arithmetic stays f32.
public enum WeightRows {
    case f32(Floats)
    case bf16(UnsafePointer<UInt16>)
    case f16(UnsafePointer<UInt16>)

    /// Calls `body` with `count` rows of `width` floats from row `start` on.
    @inline(__always)
    func with(_ start: Int, _ count: Int, width: Int, _ body: (Floats) -> Void) {
        switch self {
        case .f32(let rows): body(rows + start &* width)
        case .bf16(let rows):
            Scratch.with(count &* width) { wide in
                widen(wide, rows + start &* width, count &* width, BF16.self)
                body(wide)
            }
        case .f16(let rows):
            Scratch.with(count &* width) { wide in
                widen(wide, rows + start &* width, count &* width, F16.self)
                body(wide)
            }
        }
    }

    /// y_ND = the rows named by ids_N; an id below 0 gives a row of zeros.
    public func gather(_ y: MutableFloats, _ ids: UnsafePointer<Int32>, rows: Int, width: Int) {
        if case .f32(let table) = self { return gatherRows(y, table, ids, rows: rows, width: width) }
        Parallel.ranges(rows, size: normBlock) { start, end in
            for row in start..<end {
                let target = y + row &* width
                let id = Int(ids[row])
                guard id >= 0 else {
                    target.update(repeating: 0, count: width)
                    continue
                }
                with(id, 1, width: width) { target.update(from: $0, count: width) }
            }
        }
    }
}

/// A 16-bit number format, sixteen numbers at a time in the low halves of words.
protocol HalfFormat {
    static func widened(_ bits: SIMD16<UInt32>) -> Vec
}

/// bf16: the upper half of an f32.
enum BF16: HalfFormat {
    @_transparent
    static func widened(_ bits: SIMD16<UInt32>) -> Vec { unsafeBitCast(bits &<< 16, to: Vec.self) }
}

/// IEEE half precision without infinities and NaN, which weights do not hold.
enum F16: HalfFormat {
    /// Exponent and fraction go to f32's places; the factor makes up for the difference of the biases, subnormals included.
    @_transparent
    static func widened(_ bits: SIMD16<UInt32>) -> Vec {
        let sign = (bits & SIMD16<UInt32>(repeating: 0x8000)) &<< 16
        let magnitude = unsafeBitCast((bits & SIMD16<UInt32>(repeating: 0x7FFF)) &<< 13, to: Vec.self) * 0x1p112
        return unsafeBitCast(unsafeBitCast(magnitude, to: SIMD16<UInt32>.self) | sign, to: Vec.self)
    }
}

/// The sixteen numbers at `p`.
@_transparent
func loadHalf<Format: HalfFormat>(_ p: UnsafePointer<UInt16>, _ format: Format.Type) -> Vec {
    let bits = UnsafeRawPointer(p).loadUnaligned(as: SIMD16<UInt16>.self)
    return Format.widened(SIMD16<UInt32>(truncatingIfNeeded: bits))
}

/// The first `lanes` numbers at `p`, zeros behind them.
@inline(never)
func loadHalfPartial<Format: HalfFormat>(_ p: UnsafePointer<UInt16>, lanes: Int, _ format: Format.Type) -> Vec {
    var bits = SIMD16<UInt16>()
    for lane in 0..<lanes { bits[lane] = p[lane] }
    return Format.widened(SIMD16<UInt32>(truncatingIfNeeded: bits))
}

/// y_i = x_i in f32.
@inline(__always)
func widen<Format: HalfFormat>(_ y: MutableFloats, _ x: UnsafePointer<UInt16>, _ count: Int, _ format: Format.Type) {
    var i = 0
    while i &+ 16 <= count {
        store(loadHalf(x + i, format), y + i)
        i &+= 16
    }
    if i < count { storePartial(loadHalfPartial(x + i, lanes: count &- i, format), y + i, count &- i) }
}
