import COpenBLAS

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

/// A form of weights that a kernel reads sixteen numbers at a time.
protocol WeightFormat {
    associatedtype Number
    static func load(_ p: UnsafePointer<Number>) -> Vec
}

extension WeightFormat {
    /// The first `lanes` numbers at `p`, fewer than sixteen, zeros behind them.
    @inline(__always)
    static func loadPartial(_ p: UnsafePointer<Number>, _ lanes: Int) -> Vec {
        // Through memory of the size of a vector of words; the bits of zero are zero in every format.
        var copy = Vec.zero
        return withUnsafeMutableBytes(of: &copy) { bytes in
            guard let base = bytes.baseAddress else { return .zero }
            base.copyMemory(from: p, byteCount: lanes &* MemoryLayout<Number>.stride)
            return load(UnsafePointer(base.assumingMemoryBound(to: Number.self)))
        }
    }
}

enum F32: WeightFormat {
    @_transparent
    static func load(_ p: Floats) -> Vec { RhoKernels.load(p) }
}

enum BF16: WeightFormat {
    @_transparent
    static func load(_ p: UnsafePointer<UInt16>) -> Vec { rho_load_bf16(p) }
}

enum F16: WeightFormat {
    @_transparent
    static func load(_ p: UnsafePointer<UInt16>) -> Vec { rho_load_f16(p) }
}

/// y_i = x_i in f32.
@inline(__always)
func widen<Format: WeightFormat>(
    _ y: MutableFloats, _ x: UnsafePointer<Format.Number>, _ count: Int, _ format: Format.Type
) {
    var i = 0
    while i &+ 16 <= count {
        store(Format.load(x + i), y + i)
        i &+= 16
    }
    if i < count { storePartial(Format.loadPartial(x + i, count &- i), y + i, count &- i) }
}
