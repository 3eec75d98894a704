import Glibc

/// y[r, :] = e^(x - max)/Σ e^(x - max) over rows of `width`. A row with a NaN or a +∞ gives NaN; -∞ gives 0 unless the
/// whole row is -∞, which gives NaN. `y` may be `x`.
public func softmaxRows(_ y: MutableFloats, _ x: Floats, rows: Int, width: Int) {
    Parallel.ranges(rows, size: max(1, elementBlock / max(1, width))) { start, end in
        for row in start..<end {
            let line = y + row &* width
            let sum = exponentials(line, x + row &* width, width, minus: maxVectors(x + row &* width, width))
            mapVectors(line, line, width) { $0 / Vec(repeating: sum) }
        }
    }
}

/// y[r, :] = x - max - ln Σ e^(x - max) over rows of `width`. `y` may be `x`.
public func logSoftmaxRows(_ y: MutableFloats, _ x: Floats, rows: Int, width: Int) {
    Parallel.ranges(rows, size: max(1, elementBlock / max(1, width))) { start, end in
        for row in start..<end {
            let line = x + row &* width
            let top = maxVectors(line, width)
            let sum = sumVectors(width) { offset, lanes in
                exp((lanes >= 16 ? load(line + offset) : loadPartial(line + offset, lanes, fill: -.infinity)) - top)
            }
            let shift = top + logf(sum)
            mapVectors(y + row &* width, line, width) { $0 - shift }
        }
    }
}

/// dx = y·(dy - Σ y·dy) over rows: the backward pass of `softmaxRows`, += when `accumulate`.
public func softmaxRowsBackward(
    _ dx: MutableFloats, _ dy: Floats, _ y: Floats, rows: Int, width: Int, accumulate: Bool
) {
    Parallel.ranges(rows, size: max(1, elementBlock / max(1, width))) { start, end in
        for row in start..<end {
            let d = dy + row &* width
            let p = y + row &* width
            let target = dx + row &* width
            let dot = sumVectors(width) { load(d + $0, lanes: $1) * load(p + $0, lanes: $1) }
            var i = 0
            while i < width {
                let lanes = min(16, width &- i)
                let value = load(p + i, lanes: lanes) * (load(d + i, lanes: lanes) - dot)
                store(
                    accumulate ? load(UnsafePointer(target) + i, lanes: lanes) + value : value, target + i, lanes: lanes
                )
                i &+= 16
            }
        }
    }
}

/// dx = dy - e^y·Σ dy over rows: the backward pass of `logSoftmaxRows`, += when `accumulate`.
public func logSoftmaxRowsBackward(
    _ dx: MutableFloats, _ dy: Floats, _ y: Floats, rows: Int, width: Int, accumulate: Bool
) {
    Parallel.ranges(rows, size: max(1, elementBlock / max(1, width))) { start, end in
        for row in start..<end {
            let d = dy + row &* width
            let target = dx + row &* width
            let sum = sumVectors(width) { load(d + $0, lanes: $1) }
            var i = 0
            while i < width {
                let lanes = min(16, width &- i)
                let value = load(d + i, lanes: lanes) - exp(load(y + row &* width &+ i, lanes: lanes)) * sum
                store(
                    accumulate ? load(UnsafePointer(target) + i, lanes: lanes) + value : value, target + i, lanes: lanes
                )
                i &+= 16
            }
        }
    }
}

/// y = e^(x - minus) and its sum. `y` may be `x`.
@_transparent
func exponentials(_ y: MutableFloats, _ x: Floats, _ width: Int, minus top: Float) -> Float {
    sumVectors(width) { offset, lanes in
        if lanes >= 16 {
            let e = exp(load(x + offset) - top)
            store(e, y + offset)
            return e
        }
        let e = exp(loadPartial(x + offset, lanes, fill: -.infinity) - top)
        storePartial(e, y + offset, lanes)
        return e
    }
}
