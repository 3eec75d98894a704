/// IEEE half precision as stored bits: 1 sign, 5 exponent, 10 fraction. Conversion rounds to nearest, ties to even.
///
/// In integers, so that the result does not depend on the processor's flags for subnormal numbers.
public enum Float16Bits {
    @inlinable
    public static func encode(_ x: Float) -> UInt16 {
        let bits = x.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let magnitude = bits & 0x7FFF_FFFF
        if magnitude >= 0x7F80_0000 {
            // Infinity stays; a NaN keeps its top bits and stays a quiet NaN.
            let payload = magnitude > 0x7F80_0000 ? 0x0200 | UInt16(truncatingIfNeeded: magnitude >> 13) & 0x03FF : 0
            return sign | 0x7C00 | payload
        }
        if magnitude >= 0x477F_F000 { return sign | 0x7C00 }  // rounds to 65536 or more
        if magnitude >= 0x3880_0000 {
            let rounded = magnitude &+ 0x0FFF &+ (magnitude >> 13 & 1)
            return sign | UInt16(truncatingIfNeeded: (rounded &- 0x3800_0000) >> 13)
        }
        if magnitude < 0x3300_0000 { return sign }  // below half of the smallest subnormal
        let shift = 126 &- (magnitude >> 23)
        let fraction = magnitude & 0x007F_FFFF | 0x0080_0000
        let kept = fraction >> shift
        let rest = fraction & (1 << shift &- 1)
        let half: UInt32 = 1 << (shift &- 1)
        let up: UInt32 = rest > half || (rest == half && kept & 1 == 1) ? 1 : 0
        return sign | UInt16(truncatingIfNeeded: kept &+ up)
    }

    @inlinable
    public static func decode(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let magnitude = UInt32(bits & 0x7FFF)
        if magnitude >= 0x7C00 { return Float(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x03FF) << 13) }
        if magnitude >= 0x0400 { return Float(bitPattern: sign | (magnitude << 13 &+ 0x3800_0000)) }
        let value = Float(magnitude) * 0x1p-24
        return sign == 0 ? value : -value
    }
}

/// The upper half of a Float: 1 sign, 8 exponent, 7 fraction. Conversion rounds to nearest, ties to even.
public enum BFloat16Bits {
    @inlinable
    public static func encode(_ x: Float) -> UInt16 {
        let bits = x.bitPattern
        if bits & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }

    @inlinable
    public static func decode(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}
