import Glibc

/// A file written beside its final path and moved there by ``commit()``; dropped without a trace when that never comes.
public final class AtomicFile {
    public let path: String
    /// Where the bytes are until the commit.
    public let temporaryPath: String
    private var descriptor: Int32
    private var committed = false
    /// Bytes appended so far, those still in the buffer included.
    public private(set) var count = 0
    private var buffer: [UInt8] = []
    private static let bufferSize = 1 << 18

    public init(path: String) throws(RhoError) {
        self.path = path
        // The process id keeps two runs that build the same file apart; the last rename wins with a whole file.
        temporaryPath = "\(path).tmp-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        do {
            descriptor = try Files.open(temporaryPath, O_RDWR | O_CREAT | O_EXCL, doing: "write")
        } catch {
            let reason = error.message.split(separator: ": ").dropFirst().joined(separator: ": ")
            throw RhoError(.io, "cannot write \(path): \(reason)")
        }
        buffer.reserveCapacity(Self.bufferSize)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !committed { unlink(temporaryPath) }
    }

    /// Appends.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(RhoError) {
        if buffer.count + bytes.count > Self.bufferSize { try flush() }
        if bytes.count >= Self.bufferSize {
            try put(bytes, at: count)
        } else {
            buffer.append(contentsOf: bytes)
        }
        count += bytes.count
    }

    public func write(_ bytes: [UInt8]) throws(RhoError) {
        var failure: RhoError?
        bytes.withUnsafeBytes { raw in
            do throws(RhoError) { try write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Writes over bytes at `offset`, for headers whose numbers are known last.
    public func overwrite(at offset: Int, _ bytes: [UInt8]) throws(RhoError) {
        try flush()
        var failure: RhoError?
        bytes.withUnsafeBytes { raw in
            do throws(RhoError) { try put(raw, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
        count = max(count, offset + bytes.count)
    }

    /// Flushes to the disk and moves the file to its path.
    public func commit() throws(RhoError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw Files.failure("write", path) }
        close(descriptor)
        descriptor = -1
        try Files.rename(temporaryPath, path)
        committed = true
    }

    private func flush() throws(RhoError) {
        guard !buffer.isEmpty else { return }
        let start = count - buffer.count
        var failure: RhoError?
        buffer.withUnsafeBytes { raw in
            do throws(RhoError) { try put(raw, at: start) } catch { failure = error }
        }
        if let failure { throw failure }
        buffer.removeAll(keepingCapacity: true)
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(RhoError) {
        var done = 0
        while done < bytes.count {
            let wrote = pwrite(
                descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
            if wrote < 0 {
                if errno == EINTR { continue }
                throw Files.failure("write", path)
            }
            done += wrote
        }
    }
}
