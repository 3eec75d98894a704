/// Memory for one tensor at a time, kept from tensor to tensor: fresh pages for each would cost more than the reading.
final class FloatScratch {
    private var memory: UnsafeMutableBufferPointer<Float>

    init() { memory = .allocate(capacity: 0) }

    deinit { memory.deallocate() }

    /// The first `count` floats; contents are whatever was there before. Valid until the next call.
    func take(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
        if count > memory.count {
            memory.deallocate()
            memory = .allocate(capacity: count)
        }
        return UnsafeMutableBufferPointer(rebasing: memory[..<count])
    }
}
