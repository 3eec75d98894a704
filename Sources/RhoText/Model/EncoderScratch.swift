import Synchronization

/// What one thread needs while it encodes: working memory and the cache of words.
///
/// Passed between threads by `ScratchPool` only, which gives it to one at a time.
final class EncoderScratch: @unchecked Sendable {
    let merge = MergeScratch()
    let path = ViterbiPath()
    let cache: WordCache

    /// Ids on their way to the caller's array.
    let block = UnsafeMutablePointer<Int32>.allocate(capacity: blockSize)
    static let blockSize = 4_096

    init(cacheBits: Int) { cache = WordCache(bits: cacheBits) }

    deinit { block.deallocate() }
}

/// Scratches for as many threads as encode at once; they are kept, so a warm cache serves the next document.
final class ScratchPool: Sendable {
    private let free = Mutex<[EncoderScratch]>([])
    private let cacheBits: Int

    init(cacheBits: Int) { self.cacheBits = cacheBits }

    /// Runs `body` with a scratch of its own.
    func with<Result>(_ body: (EncoderScratch) -> Result) -> Result {
        let scratch = free.withLock { $0.popLast() } ?? EncoderScratch(cacheBits: cacheBits)
        defer { free.withLock { $0.append(scratch) } }
        return body(scratch)
    }
}
