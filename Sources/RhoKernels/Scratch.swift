import Glibc

/// Working memory that a thread keeps between calls, so that kernels allocate nothing once sizes have been seen.
///
/// Each thread owns a stack of buffers, one for each level of nested `with`; a buffer grows when asked for more and is
/// freed when its thread ends. Contents are undefined on entry. Buffers are 64-byte aligned.
final class Scratch {
    private var buffers: [UnsafeMutableRawPointer] = []
    private var capacities: [Int] = []
    private var depth = 0

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { context in
            guard let context else { return }
            Unmanaged<Scratch>.fromOpaque(context).release()
        }
        return key
    }()

    deinit {
        for buffer in buffers { free(buffer) }
    }

    private static var current: Scratch {
        if let context = pthread_getspecific(key) {
            return Unmanaged<Scratch>.fromOpaque(context).takeUnretainedValue()
        }
        let scratch = Scratch()
        pthread_setspecific(key, Unmanaged.passRetained(scratch).toOpaque())
        return scratch
    }

    /// Lends `count` floats for the time of `body`.
    static func with(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        let scratch = current
        let level = scratch.depth
        scratch.depth &+= 1
        body(
            scratch.buffer(level, bytes: max(count, 1) &* MemoryLayout<Float>.stride).assumingMemoryBound(
                to: Float.self))
        scratch.depth &-= 1
    }

    private func buffer(_ level: Int, bytes: Int) -> UnsafeMutableRawPointer {
        if level < buffers.count && capacities[level] >= bytes { return buffers[level] }
        let rounded = (bytes + 4095) & ~4095
        let memory = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: 64)
        if level < buffers.count {
            free(buffers[level])
            buffers[level] = memory
            capacities[level] = rounded
        } else {
            buffers.append(memory)
            capacities.append(rounded)
        }
        return memory
    }
}
