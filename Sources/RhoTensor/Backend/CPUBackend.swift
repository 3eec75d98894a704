import RhoCore
import RhoKernels

/// Backend over `RhoKernels`: f32 in the machine's memory, all cores, results independent of the thread count.
///
/// Kernels get at least one row; calls on empty tensors end here.
package final class CPUBackend: Backend {
    /// The one instance; its allocator is where every tensor's memory comes from.
    package static let shared = CPUBackend()

    let allocator = CachingAllocator(
        limit: SystemMemory.physicalBytes, take: SystemMemory.take, give: SystemMemory.give)

    private init() {}

    package func allocate(bytes: Int) throws(RhoError) -> UnsafeMutableRawPointer {
        try allocator.allocate(bytes: bytes)
    }

    package func release(_ address: UnsafeMutableRawPointer, bytes: Int) { allocator.release(address, bytes: bytes) }

    package func read(_ x: Buffer, into values: UnsafeMutableBufferPointer<Float>) {
        guard let target = values.baseAddress else { return }
        let count = min(values.count, x.count)
        switch x.format {
        case .f32: target.update(from: x.floats, count: count)
        case .bf16: for index in 0..<count { target[index] = BFloat16Bits.decode(x.halves[index]) }
        case .f16: for index in 0..<count { target[index] = Float16Bits.decode(x.halves[index]) }
        }
    }

    package func write(_ y: Buffer, _ values: UnsafeBufferPointer<Float>) {
        guard let source = values.baseAddress else { return }
        let count = min(values.count, y.count)
        switch y.format {
        case .f32: y.floats.update(from: source, count: count)
        case .bf16: for index in 0..<count { y.halves[index] = BFloat16Bits.encode(source[index]) }
        case .f16: for index in 0..<count { y.halves[index] = Float16Bits.encode(source[index]) }
        }
    }
}

extension Buffer {
    /// Address of the first element. Only this backend may ask.
    var floats: MutableFloats {
        storage.address.assumingMemoryBound(to: Float.self) + offset
    }
    var reading: Floats { Floats(floats) }
    /// Address of the first element of a storage of 16-bit numbers.
    var halves: UnsafeMutablePointer<UInt16> {
        storage.address.assumingMemoryBound(to: UInt16.self) + offset
    }
    /// A weight matrix in whatever form it is kept.
    var weightRows: WeightRows {
        switch format {
        case .f32: .f32(reading)
        case .bf16: .bf16(UnsafePointer(halves))
        case .f16: .f16(UnsafePointer(halves))
        }
    }
}

/// Calls `body` with the address of the first id, or of a dummy for no ids.
func withIDs<Value>(_ ids: [Int32], _ body: (UnsafePointer<Int32>) -> Value) -> Value {
    ids.withUnsafeBufferPointer { buffer in
        if let base = buffer.baseAddress { return body(base) }
        return withUnsafePointer(to: 0 as Int32, body)
    }
}

/// As `withIDs`, passing nil on.
func withIDs<Value>(_ ids: [Int32]?, _ body: (UnsafePointer<Int32>?) -> Value) -> Value {
    guard let ids else { return body(nil) }
    return withIDs(ids) { (pointer: UnsafePointer<Int32>) in body(pointer) }
}
