import RhoCore

/// Number formats of GGUF tensors that can be read, by llama.cpp's codes. A quantised row is a sequence of blocks, each
/// with its own scale.
public enum GGUFType: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q4_k = 12
    case q5_k = 13
    case q6_k = 14
    case bf16 = 30

    /// Numbers in one block.
    public var blockCount: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
        case .q4_k, .q5_k, .q6_k: 256
        }
    }

    /// Bytes of one block.
    public var blockBytes: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q4_0: 2 + 16
        case .q4_1: 4 + 16
        case .q5_0: 2 + 4 + 16
        case .q5_1: 4 + 4 + 16
        case .q8_0: 2 + 32
        case .q4_k: 4 + 12 + 128
        case .q5_k: 4 + 12 + 32 + 128
        case .q6_k: 128 + 64 + 16 + 2
        }
    }

    /// Expands whole blocks to `out.count` numbers. The caller has checked that `bytes` holds them.
    func dequantise(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Float>) {
        guard out.count > 0, let source = bytes.baseAddress, let target = out.baseAddress else { return }
        switch self {
        case .f32: ElementType.f32.decode(bytes, into: out)
        case .f16: ElementType.f16.decode(bytes, into: out)
        case .bf16: ElementType.bf16.decode(bytes, into: out)
        default:
            for block in 0..<out.count / blockCount {
                decodeBlock(GGUFBlock(bytes: source + block * blockBytes), target + block * blockCount)
            }
        }
    }

    private func decodeBlock(_ block: GGUFBlock, _ y: UnsafeMutablePointer<Float>) {
        switch self {
        case .q4_0: block.nibbles(y, scale: block.half(0), shift: -8, offset: 0, codes: 2, high: nil)
        case .q4_1: block.nibbles(y, scale: block.half(0), shift: 0, offset: block.half(2), codes: 4, high: nil)
        case .q5_0: block.nibbles(y, scale: block.half(0), shift: -16, offset: 0, codes: 6, high: 2)
        case .q5_1: block.nibbles(y, scale: block.half(0), shift: 0, offset: block.half(2), codes: 8, high: 4)
        case .q8_0:
            let scale = block.half(0)
            for index in 0..<32 { y[index] = scale * Float(Int8(bitPattern: block.byte(2 + index))) }
        case .q4_k: block.superblock(y, codes: 16, high: nil)
        case .q5_k: block.superblock(y, codes: 48, high: 16)
        case .q6_k: block.sixBit(y)
        default: break
        }
    }
}

/// One quantised block. Layouts are those of llama.cpp's ggml-quants.
private struct GGUFBlock {
    let bytes: UnsafeRawPointer

    func byte(_ offset: Int) -> UInt8 { bytes.load(fromByteOffset: offset, as: UInt8.self) }

    func half(_ offset: Int) -> Float {
        Float16Bits.decode(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// 32 numbers scale · (code + shift) + offset. Code i < 16 is the low nibble of byte i, code i + 16 its high nibble;
    /// `high` is where a fifth bit of each code lies, if there is one.
    func nibbles(
        _ y: UnsafeMutablePointer<Float>, scale: Float, shift: Int32, offset: Float, codes: Int, high: Int?
    ) {
        let fifth = high.map { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)) } ?? 0
        for index in 0..<16 {
            let pair = byte(codes + index)
            let low = Int32(pair & 15) + Int32((fifth >> UInt32(index)) & 1) * 16 + shift
            let upper = Int32(pair >> 4) + Int32((fifth >> UInt32(index + 16)) & 1) * 16 + shift
            y[index] = scale * Float(low) + offset
            y[index + 16] = scale * Float(upper) + offset
        }
    }

    /// 256 numbers in 8 groups of 32: d · scale_g · code − dmin · min_g, with 6-bit scales and minima in 12 bytes.
    func superblock(_ y: UnsafeMutablePointer<Float>, codes: Int, high: Int?) {
        let scale = half(0)
        let minimum = half(2)
        for group in 0..<8 {
            let (factor, lowest) = scaleAndMinimum(group)
            let d = scale * Float(factor)
            let m = minimum * Float(lowest)
            for index in 0..<32 {
                let pair = byte(codes + group / 2 * 32 + index)
                var code = group % 2 == 0 ? pair & 15 : pair >> 4
                if let high { code |= ((byte(high + index) >> UInt8(group)) & 1) << 4 }
                y[group * 32 + index] = d * Float(code) - m
            }
        }
    }

    /// Groups 0...3 keep 6 bits each in bytes 0...3 (scales) and 4...7 (minima); groups 4...7 keep their low four bits in
    /// bytes 8...11 and their high two in the tops of the first eight.
    private func scaleAndMinimum(_ group: Int) -> (UInt8, UInt8) {
        if group < 4 { return (byte(4 + group) & 63, byte(8 + group) & 63) }
        let shared = byte(8 + group)
        return ((shared & 15) | (byte(group) >> 6) << 4, (shared >> 4) | (byte(4 + group) >> 6) << 4)
    }

    /// 256 numbers d · scale · (code − 32) with 6-bit codes (four bits in `ql`, two in `qh`) and a signed scale per 16.
    func sixBit(_ y: UnsafeMutablePointer<Float>) {
        let scale = half(208)
        for part in 0..<2 {
            for index in 0..<32 {
                let top = byte(128 + part * 32 + index)
                for quarter in 0..<4 {
                    let pair = byte(part * 64 + (quarter % 2) * 32 + index)
                    let low = quarter < 2 ? pair & 15 : pair >> 4
                    let code = Int32(low | ((top >> UInt8(2 * quarter)) & 3) << 4) - 32
                    let group = part * 8 + quarter * 2 + index / 16
                    let factor = scale * Float(Int8(bitPattern: byte(192 + group)))
                    y[part * 128 + quarter * 32 + index] = factor * Float(code)
                }
            }
        }
    }
}
