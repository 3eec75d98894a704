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

    package func read(_ x: Buffer) -> [Float] { Array(UnsafeBufferPointer(start: x.floats, count: x.count)) }

    package func write(_ y: Buffer, _ values: UnsafeBufferPointer<Float>) {
        guard let source = values.baseAddress else { return }
        y.floats.update(from: source, count: min(values.count, y.count))
    }
}

extension Buffer {
    /// Address of the first element. Only this backend may ask.
    var floats: MutableFloats {
        storage.address.assumingMemoryBound(to: Float.self) + offset
    }
    var reading: Floats { Floats(floats) }
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
