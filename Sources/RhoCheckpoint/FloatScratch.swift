import RhoCore

/// Memory for one tensor at a time, kept from tensor to tensor: fresh pages for each would cost more than the reading.
final class FloatScratch {
    private var memory: UnsafeMutableBufferPointer<Float> = .allocate(capacity: 0)

    deinit { memory.deallocate() }

    /// Calls `body` with `count` floats that hold whatever was there before and are valid until it returns.
    func withFloats<Result>(
        _ count: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws(RhoError) -> Result
    ) throws(RhoError) -> Result {
        if count > memory.count {
            memory.deallocate()
            memory = .allocate(capacity: count)
        }
        // Without this the memory could go as soon as its address has been read.
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeMutableBufferPointer(rebasing: memory[..<count]))
    }
}
