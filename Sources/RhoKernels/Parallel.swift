/// Splits work into numbered blocks and runs them on the program's own threads.
///
/// What a block covers must follow from shapes alone. Then a result is the same, bit for bit, for any number of
/// threads: a block computes the same thing whoever runs it, and sums across blocks are taken in block order.
public enum Parallel {
    /// Threads that take part, the caller included. Starts as the number of online cores. Values below 1 count as 1.
    public static var threadCount: Int {
        get { ThreadPool.shared.threadCount }
        set { ThreadPool.shared.threadCount = newValue }
    }

    /// Calls `body` once for each block in `0 ..< blocks` and returns when all are done.
    ///
    /// The caller takes part. A call from inside a block, or while another thread is running blocks, runs serially on
    /// the calling thread.
    public static func run(_ blocks: Int, _ body: @Sendable (Int) -> Void) {
        ThreadPool.shared.run(blocks, body)
    }

    /// `run` for bodies that write through raw pointers, which the compiler cannot call sendable. Blocks must not write
    /// where another block reads or writes.
    @inline(__always)
    static func blocks(_ count: Int, _ body: (Int) -> Void) {
        ThreadPool.shared.run(count, body)
    }

    /// Cuts `0 ..< count` into blocks of `size` and calls `body` with the start and end of each.
    @inline(__always)
    static func ranges(_ count: Int, size: Int, _ body: (_ start: Int, _ end: Int) -> Void) {
        guard count > 0 else { return }
        ThreadPool.shared.run((count &+ size &- 1) / size) { block in
            let start = block &* size
            body(start, min(start &+ size, count))
        }
    }
}
