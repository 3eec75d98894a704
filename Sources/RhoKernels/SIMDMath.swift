import COpenBLAS

/// Sixteen floats: one AVX-512 register, or two of AVX2.
typealias Vec = SIMD16<Float>
typealias IntVec = SIMD16<Int32>

/// Read-only and writable rows of floats, the arguments of every kernel.
public typealias Floats = UnsafePointer<Float>
public typealias MutableFloats = UnsafeMutablePointer<Float>

@_transparent
func load(_ p: Floats) -> Vec { UnsafeRawPointer(p).loadUnaligned(as: Vec.self) }

@_transparent
func load(_ p: MutableFloats) -> Vec { UnsafeRawPointer(p).loadUnaligned(as: Vec.self) }

@_transparent
func store(_ v: Vec, _ p: MutableFloats) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vec.self) }

/// The first `lanes` floats at `p`, the other lanes `fill`.
@_transparent
func loadPartial(_ p: Floats, _ lanes: Int, fill: Float = 0) -> Vec {
    if RegisterTile.isWide { return rho_load_lanes(p, lanes, Vec(repeating: fill)) }
    var v = Vec(repeating: fill)
    copyLanes(&v, p, lanes)
    return v
}

@_transparent
func storePartial(_ v: Vec, _ p: MutableFloats, _ lanes: Int) {
    if RegisterTile.isWide { return rho_store_lanes(p, v, lanes) }
    var v = v
    copyLanes(p, &v, lanes)
}

/// Copies fewer than 16 floats where loads and stores have no mask. Out of line, because a loop has at most one tail;
/// through memory, because a vector passed to or from a function is taken apart into quarters, and with it the whole loop.
@inline(never)
private func copyLanes(_ y: UnsafeMutableRawPointer, _ x: UnsafeRawPointer, _ lanes: Int) {
    y.copyMemory(from: x, byteCount: min(max(lanes, 0), 16) &* 4)
}

/// The vector at `p`, or its first `lanes` floats with zeros behind them where fewer than 16 are left.
@_transparent
func load(_ p: Floats, lanes: Int) -> Vec { _fastPath(lanes >= 16) ? load(p) : loadPartial(p, lanes) }

/// Stores the vector, or its first `lanes` floats where fewer than 16 are left.
@_transparent
func store(_ v: Vec, _ p: MutableFloats, lanes: Int) {
    if _fastPath(lanes >= 16) { store(v, p) } else { storePartial(v, p, lanes) }
}

/// a·b + c with one rounding.
@_transparent
func fma(_ a: Vec, _ b: Vec, _ c: Vec) -> Vec { c.addingProduct(a, b) }

/// `yes` where the bits of the mask are set, `no` elsewhere. In bits, because a `SIMDMask` of 16 lanes is taken apart into
/// quarters where it chooses.
@_transparent
func select(_ bits: IntVec, _ yes: Vec, _ no: Vec) -> Vec {
    let chosen = (unsafeBitCast(yes, to: IntVec.self) & bits) | (unsafeBitCast(no, to: IntVec.self) & ~bits)
    return unsafeBitCast(chosen, to: Vec.self)
}

/// `yes` in the lanes of the mask, `no` in the others.
@_transparent
func select(_ mask: SIMDMask<IntVec>, _ yes: Vec, _ no: Vec) -> Vec { no.replacing(with: yes, where: mask) }

/// The larger of each pair; a NaN in `b` stays, one in `a` gives `b`. One instruction.
@_transparent
func maximum(_ a: Vec, _ b: Vec) -> Vec { b.replacing(with: a, where: a .> b) }

@_transparent
func minimum(_ a: Vec, _ b: Vec) -> Vec { b.replacing(with: a, where: a .< b) }

@_transparent
func magnitude(_ x: Vec) -> Vec {
    unsafeBitCast(unsafeBitCast(x, to: IntVec.self) & IntVec(repeating: 0x7FFF_FFFF), to: Vec.self)
}

/// Sum of the lanes in a fixed tree, so that it does not depend on the compiler's mood.
@_transparent
func laneSum(_ v: Vec) -> Float {
    let a = v.lowHalf + v.highHalf
    let b = a.lowHalf + a.highHalf
    let c = b.lowHalf + b.highHalf
    return c[0] + c[1]
}

/// Largest lane; NaN if a lane is NaN.
@_transparent
func laneMax(_ v: Vec) -> Float { rho_lane_max(v) }

/// eˣ, relative error below 2e-7 where the result is normal; 0 below -104, +∞ above 88.72, NaN for NaN.
@_transparent
func exp(_ x: Vec) -> Vec {
    // Past these the result is 0 and ∞ anyway. The comparisons let a NaN through.
    let (mantissa, exponent) = expParts(maximum(Vec(repeating: -105), minimum(Vec(repeating: 89.5), x)))
    // 2ⁿ in two factors, for n from -151 to 129.
    let half = exponent &>> 1
    return mantissa * powerOfTwo(half) * powerOfTwo(exponent &- half)
}

/// eˣ for x ≤ 88 or NaN, at the cost of `exp2BelowOverflow`: relative error below 2e-7 + 1e-7·|x|, which softmax does not
/// feel, for what is small there counts little.
@_transparent
func expBelowOverflow(_ x: Vec) -> Vec { exp2BelowOverflow(x * Vec(repeating: 1.442_695_04)) }

/// 2ˣ for x ≤ 127 or NaN, relative error below 2e-7; 2⁻¹²⁶ (1e-38) below -126. 2⁰ is exactly 1.
///
/// As `expParts`, with a polynomial of degree 5, the closest in relative error on ±½ with p(0) = 1. The rounded integer
/// is added to the exponent's bits.
@_transparent
func exp2BelowOverflow(_ x: Vec) -> Vec {
    let magic = Vec(repeating: 12_582_912)
    let x = maximum(Vec(repeating: -126), x)
    let shifted = x + magic
    let r = x - (shifted - magic)
    var p = Vec(repeating: 1.326_472_7e-3)
    p = fma(p, r, Vec(repeating: 9.671_513e-3))
    p = fma(p, r, Vec(repeating: 5.550_733_6e-2))
    p = fma(p, r, Vec(repeating: 2.402_224_2e-1))
    p = fma(p, r, Vec(repeating: 6.931_47e-1))
    p = fma(p, r, Vec(repeating: 1))
    let exponent = unsafeBitCast(shifted, to: IntVec.self) &<< 23
    return unsafeBitCast(unsafeBitCast(p, to: IntVec.self) &+ exponent, to: Vec.self)
}

/// eˣ = mantissa·2^exponent with the mantissa in [0.7, 1.42], NaN for NaN.
///
/// x = n·ln2 + r with |r| ≤ ln2/2; n comes from adding 1.5·2²³, which leaves the rounded integer in the low mantissa
/// bits (a SIMD rounding call is many times slower here). The polynomial is Cephes' expf. There is no comparison: masks
/// of 16 lanes are taken apart into quarters.
@_transparent
private func expParts(_ x: Vec) -> (mantissa: Vec, exponent: IntVec) {
    let magic = Vec(repeating: 12_582_912)
    let shifted = fma(x, Vec(repeating: 1.442_695_04), magic)
    let n = shifted - magic
    var r = fma(n, Vec(repeating: -0.693_359_375), x)
    r = fma(n, Vec(repeating: 2.121_944_4e-4), r)
    var p = Vec(repeating: 1.987_569_15e-4)
    p = fma(p, r, Vec(repeating: 1.398_199_95e-3))
    p = fma(p, r, Vec(repeating: 8.333_451_9e-3))
    p = fma(p, r, Vec(repeating: 4.166_579_6e-2))
    p = fma(p, r, Vec(repeating: 1.666_666_55e-1))
    p = fma(p, r, Vec(repeating: 5.000_000_1e-1))
    p = fma(p, r * r, r) + Vec(repeating: 1)
    return (p, unsafeBitCast(shifted, to: IntVec.self) &- IntVec(repeating: 0x4B40_0000))
}

/// 2ⁿ for n from -126 to 127.
@_transparent
private func powerOfTwo(_ n: IntVec) -> Vec {
    unsafeBitCast((n &+ IntVec(repeating: 127)) &<< 23, to: Vec.self)
}

/// ln x, relative error below 3e-7 (absolute near x = 1); -∞ at 0, NaN below 0 and for NaN, +∞ at +∞.
///
/// Cephes' logf on the mantissa scaled to [√½, √2). Subnormals are scaled up first.
@_transparent
func log(_ x: Vec) -> Vec {
    let tiny = x .< Vec(repeating: 1.175_494_4e-38)
    let scaled = select(tiny, x * Vec(repeating: 8_388_608), x)
    let bits = unsafeBitCast(scaled, to: IntVec.self)
    // Subtracting the bits of √½ before taking the exponent centres the mantissa on 1.
    let shifted = bits &- IntVec(repeating: 0x3F35_04F3)
    let exponent = shifted &>> 23
    let mantissa = unsafeBitCast(bits &- (exponent &<< 23), to: Vec.self)
    let e = Vec(exponent) - select(tiny, Vec(repeating: 23), Vec(repeating: 0))
    let m = mantissa - Vec(repeating: 1)
    let z = m * m
    var p = Vec(repeating: 7.037_683_6e-2)
    p = fma(p, m, Vec(repeating: -1.151_461_03e-1))
    p = fma(p, m, Vec(repeating: 1.167_699_87e-1))
    p = fma(p, m, Vec(repeating: -1.242_014_1e-1))
    p = fma(p, m, Vec(repeating: 1.424_932_3e-1))
    p = fma(p, m, Vec(repeating: -1.666_805_8e-1))
    p = fma(p, m, Vec(repeating: 2.000_071_4e-1))
    p = fma(p, m, Vec(repeating: -2.499_999_4e-1))
    p = fma(p, m, Vec(repeating: 3.333_333_1e-1))
    var y = m * z * p
    y = fma(e, Vec(repeating: -2.121_944_4e-4), y)
    y = fma(z, Vec(repeating: -0.5), y)
    y = m + y
    y = fma(e, Vec(repeating: 0.693_359_375), y)
    y = select(x .== Vec(repeating: 0), Vec(repeating: -.infinity), y)
    y = select(x .< Vec(repeating: 0), Vec(repeating: .nan), y)
    y = select(x .== Vec(repeating: .infinity), x, y)
    return select(x .== x, y, x)
}

/// tanh x, absolute error below 2e-7 and relative below 4e-7.
///
/// Cephes: an odd polynomial below 0.625, elsewhere 1 - 2/(e²ˣ + 1), whose cancellation would hurt near 0.
@_transparent
func tanh(_ x: Vec) -> Vec {
    let a = magnitude(x)
    let one = Vec(repeating: 1)
    let large = one - Vec(repeating: 2) / (exp(a + a) + one)
    let z = x * x
    var p = Vec(repeating: -5.704_988_72e-3)
    p = fma(p, z, Vec(repeating: 2.063_908_88e-2))
    p = fma(p, z, Vec(repeating: -5.373_971_55e-2))
    p = fma(p, z, Vec(repeating: 1.333_144_22e-1))
    p = fma(p, z, Vec(repeating: -3.333_328_22e-1))
    let small = fma(p * z, x, x)
    let sign = unsafeBitCast(x, to: IntVec.self) & IntVec(repeating: .min)
    let signed = unsafeBitCast(unsafeBitCast(large, to: IntVec.self) | sign, to: Vec.self)
    return select(a .< Vec(repeating: 0.625), small, signed)
}

/// 1/(1 + e⁻ˣ), relative error below 4e-7 for x > -87.
@_transparent
func sigmoid(_ x: Vec) -> Vec {
    let one = Vec(repeating: 1)
    return one / (one + exp(-x))
}

// Offsets are sums of products that stay far below Int's range; wrapping addition spares the overflow branches and lets
// `p + row &* width &+ column` read as one offset.
@_transparent
func &+ (p: Floats, offset: Int) -> Floats { p + offset }

@_transparent
func &+ (p: MutableFloats, offset: Int) -> MutableFloats { p + offset }
