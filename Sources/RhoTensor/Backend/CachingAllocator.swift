import Glibc
import RhoCore
import Synchronization

/// Hands out blocks of memory and keeps the freed ones for the next request of the same size class.
///
/// A training step asks for the same sizes in every step, so after the first one nothing is taken from the system
/// any more and memory stays flat. Blocks held but unused never exceed the highest use seen so far plus a slack:
/// past that, the block unused for longest goes back to the system.
final class CachingAllocator: Sendable {
    struct State {
        var free: [Int: [(address: UInt, stamp: UInt64)]] = [:]
        var clock: UInt64 = 0
        var live = 0
        var cached = 0
        var peak = 0
        var limit: Int
    }

    /// Freed memory the allocator may hold above the peak of live memory.
    static let slack = 32 << 20

    private let state: Mutex<State>
    private let take: @Sendable (Int) -> UnsafeMutableRawPointer?
    private let give: @Sendable (UnsafeMutableRawPointer, Int) -> Void

    init(
        limit: Int, take: @escaping @Sendable (Int) -> UnsafeMutableRawPointer?,
        give: @escaping @Sendable (UnsafeMutableRawPointer, Int) -> Void
    ) {
        state = Mutex(State(limit: limit))
        self.take = take
        self.give = give
    }

    var liveBytes: Int { state.withLock { $0.live } }
    var heldBytes: Int { state.withLock { $0.live + $0.cached } }
    var peakBytes: Int { state.withLock { $0.peak } }
    func resetPeak() { state.withLock { $0.peak = $0.live } }
    var limit: Int {
        get { state.withLock { $0.limit } }
        set { state.withLock { $0.limit = newValue } }
    }

    /// Block size for a request: multiples of 64 bytes up to 1 KiB, then eight classes per power of two, so at most
    /// one eighth of a block is unused (and pages of it that are never touched cost nothing).
    static func sizeClass(_ bytes: Int) -> Int {
        if bytes <= 1024 { return max(64, (bytes + 63) & ~63) }
        let step = 1 << (Int.bitWidth - (bytes - 1).leadingZeroBitCount - 4)
        return (bytes + step - 1) & ~(step - 1)
    }

    /// Returns a block of `sizeClass(bytes)` bytes with undefined contents.
    func allocate(bytes: Int) throws(RhoError) -> UnsafeMutableRawPointer {
        let size = CachingAllocator.sizeClass(bytes)
        let outcome: Result<UnsafeMutableRawPointer, RhoError> = state.withLock { state in
            guard state.live + size <= state.limit else {
                return .failure(CachingAllocator.refusal(bytes, live: state.live, limit: state.limit))
            }
            var block: UnsafeMutableRawPointer?
            if let entry = state.free[size]?.popLast() {
                state.cached -= size
                block = UnsafeMutableRawPointer(bitPattern: entry.address)
            } else {
                let ceiling = min(state.limit, max(state.peak, state.live + size) + CachingAllocator.slack)
                while state.live + state.cached + size > ceiling, evictOldest(&state) {}
                block = take(size)
                if block == nil {
                    while evictOldest(&state) {}
                    block = take(size)
                }
            }
            guard let block else {
                return .failure(CachingAllocator.refusal(bytes, live: state.live, limit: state.limit))
            }
            state.live += size
            state.peak = max(state.peak, state.live)
            return .success(block)
        }
        return try outcome.get()
    }

    /// Takes back a block of `allocate(bytes:)` for reuse.
    func release(_ block: UnsafeMutableRawPointer, bytes: Int) {
        let size = CachingAllocator.sizeClass(bytes)
        state.withLock { state in
            state.live -= size
            state.cached += size
            state.clock += 1
            state.free[size, default: []].append((UInt(bitPattern: block), state.clock))
        }
    }

    /// Returns every unused block to the system.
    func trim() {
        state.withLock { state in
            while evictOldest(&state) {}
        }
    }

    private func evictOldest(_ state: inout State) -> Bool {
        // Each class is a stack, so its oldest block is its first. The choice has no influence on any result.
        var oldest: (size: Int, stamp: UInt64)?
        for (size, entries) in state.free {
            guard let first = entries.first else { continue }
            if let best = oldest, best.stamp <= first.stamp { continue }
            oldest = (size, first.stamp)
        }
        guard let oldest, let entry = state.free[oldest.size]?.removeFirst() else { return false }
        state.cached -= oldest.size
        if let block = UnsafeMutableRawPointer(bitPattern: entry.address) { give(block, oldest.size) }
        return true
    }

    private static func refusal(_ bytes: Int, live: Int, limit: Int) -> RhoError {
        let mib = { (count: Int) in "\((count + (1 << 20) - 1) >> 20) MiB" }
        return RhoError(
            .memory, "out of memory: \(mib(bytes)) more asked for, \(mib(live)) in use, limit \(mib(limit))",
            hint: "a smaller batch or context needs less; release tensors that are no longer needed")
    }
}

/// Pages from the kernel for large blocks, the C heap for small ones.
enum SystemMemory {
    private static let large = 1 << 20
    private static let hugePage = 2 << 20

    static func take(_ bytes: Int) -> UnsafeMutableRawPointer? {
        guard bytes >= large else {
            var block: UnsafeMutableRawPointer?
            return posix_memalign(&block, 64, bytes) == 0 ? block : nil
        }
        // Blocks that span huge pages start on one, which spares page faults and address-translation misses.
        let length = pages(bytes)
        let padding = bytes >= hugePage ? hugePage : 0
        guard let base = mmap(nil, length + padding, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            base != MAP_FAILED
        else { return nil }
        guard padding > 0 else { return base }
        let start = UInt(bitPattern: base)
        let aligned = (start + UInt(hugePage) - 1) & ~(UInt(hugePage) - 1)
        let head = Int(aligned - start)
        let block = base + head
        if head > 0 { munmap(base, head) }
        if padding - head > 0 { munmap(block + length, padding - head) }
        madvise(block, length, MADV_HUGEPAGE)
        return block
    }

    static func give(_ block: UnsafeMutableRawPointer, _ bytes: Int) {
        if bytes >= large { munmap(block, pages(bytes)) } else { free(block) }
    }

    private static func pages(_ bytes: Int) -> Int { (bytes + 4095) & ~4095 }

    /// Physical memory of the machine in bytes.
    static var physicalBytes: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }
}
