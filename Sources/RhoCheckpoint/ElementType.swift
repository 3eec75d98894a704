import RhoCore

/// Number formats that a safetensors header may name. Arithmetic is f32; `f16` and `bf16` are storage.
public enum ElementType: String, Sendable, CaseIterable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case f64 = "F64"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u64 = "U64"
    case u32 = "U32"
    case u16 = "U16"
    case u8 = "U8"
    case bool = "BOOL"
    case f8e4m3 = "F8_E4M3"
    case f8e5m2 = "F8_E5M2"

    /// Bytes of one element.
    public var width: Int {
        switch self {
        case .f64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool, .f8e4m3, .f8e5m2: 1
        }
    }

    /// Whether weights of this format can be read and written here.
    public var isReadable: Bool { self == .f32 || self == .f16 || self == .bf16 }

    /// Expands `out.count` little-endian elements at `bytes` to f32. The caller has checked the span and the format.
    func decode(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .f32:
            UnsafeMutableRawBufferPointer(out).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[..<(out.count * 4)]))
        case .bf16:
            // bf16 is the upper half of an f32, so the expansion is exact.
            for index in 0..<out.count {
                let half = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                out[index] = Float(bitPattern: UInt32(half) << 16)
            }
        case .f16:
            for index in 0..<out.count {
                out[index] = Float16Bits.decode(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            }
        default:
            out.update(repeating: .nan)
        }
    }

    /// Appends `values` in this format to `bytes`; bf16 and f16 round to nearest, ties to even.
    func encode(_ values: UnsafeBufferPointer<Float>, into bytes: inout [UInt8]) {
        switch self {
        case .bf16:
            for value in values { append(BFloat16Bits.encode(value), to: &bytes) }
        case .f16:
            for value in values { append(Float16Bits.encode(value), to: &bytes) }
        default:
            bytes.append(contentsOf: UnsafeRawBufferPointer(values))
        }
    }

    private func append(_ half: UInt16, to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: half))
        bytes.append(UInt8(truncatingIfNeeded: half >> 8))
    }
}
