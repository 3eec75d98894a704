import Glibc
import RhoCore

/// Unpacks zstd data that arrives in pieces: any number of frames one after the other.
///
/// The library is loaded when the first such file is read, so that a machine without it misses nothing else.
final class ZstdDecoder: Unpacker {
    private let path: String
    private let library: ZstdLibrary
    private let stream: UnsafeMutableRawPointer
    private let output: UnsafeMutableRawBufferPointer
    private var input = ZstdLibrary.InputBuffer()
    /// Packed bytes of the file before the current piece.
    private var before = 0
    private var betweenFrames = false

    init(path: String, outputSize: Int) throws(RhoError) {
        guard let library = ZstdLibrary.shared, let stream = library.createStream() else {
            throw RhoError(
                .unsupported, "\(path): a zstd file needs libzstd.so.1, which is not installed here",
                hint: "install the package libzstd1, or pack the file with gzip")
        }
        self.path = path
        self.library = library
        self.stream = stream
        output = .allocate(byteCount: outputSize, alignment: 16)
    }

    deinit {
        _ = library.freeStream(stream)
        output.deallocate()
    }

    func give(_ piece: UnsafeRawBufferPointer) {
        before += input.size
        input = ZstdLibrary.InputBuffer(start: piece.baseAddress, size: piece.count)
    }

    func decode() throws(RhoError) -> UnsafeRawBufferPointer? {
        // What the last call could not put out is still in the stream, unless its frame was over.
        if input.position == input.size, betweenFrames { return nil }
        repeat {
            var made = ZstdLibrary.OutputBuffer(start: output.baseAddress, size: output.count)
            let status = library.decompress(stream, &made, &input)
            if library.isError(status) != 0 {
                let reason = library.errorName(status).map { String(cString: $0) } ?? "zstd status \(status)"
                throw RhoError(.format, "\(path): broken zstd data after byte \(before + input.position): \(reason)")
            }
            betweenFrames = status == 0
            if made.position > 0 { return UnsafeRawBufferPointer(rebasing: output[0..<made.position]) }
        } while input.position < input.size
        return nil
    }

    func finish() throws(RhoError) {
        if !betweenFrames {
            throw RhoError(
                .format, "\(path): the zstd data ends early, at byte \(before + input.size); is the file cut off?")
        }
    }
}

/// The few functions of libzstd that are needed, found at run time; their interface has been stable since version 1.0.
package final class ZstdLibrary: @unchecked Sendable {
    /// nil where the library is not installed.
    package static let shared = ZstdLibrary()

    /// `ZSTD_inBuffer`.
    struct InputBuffer {
        var start: UnsafeRawPointer?
        var size = 0
        var position = 0
    }

    /// `ZSTD_outBuffer`.
    struct OutputBuffer {
        var start: UnsafeMutableRawPointer?
        var size = 0
        var position = 0
    }

    typealias Decompress =
        @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Int

    let createStream: @convention(c) () -> UnsafeMutableRawPointer?
    let freeStream: @convention(c) (UnsafeMutableRawPointer) -> Int
    let decompress: Decompress
    let isError: @convention(c) (Int) -> UInt32
    let errorName: @convention(c) (Int) -> UnsafePointer<CChar>?

    private init?() {
        guard let library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL),
            let create = dlsym(library, "ZSTD_createDStream"), let free = dlsym(library, "ZSTD_freeDStream"),
            let decompress = dlsym(library, "ZSTD_decompressStream"), let isError = dlsym(library, "ZSTD_isError"),
            let errorName = dlsym(library, "ZSTD_getErrorName")
        else { return nil }
        createStream = unsafeBitCast(create, to: (@convention(c) () -> UnsafeMutableRawPointer?).self)
        freeStream = unsafeBitCast(free, to: (@convention(c) (UnsafeMutableRawPointer) -> Int).self)
        self.decompress = unsafeBitCast(decompress, to: Decompress.self)
        self.isError = unsafeBitCast(isError, to: (@convention(c) (Int) -> UInt32).self)
        self.errorName = unsafeBitCast(errorName, to: (@convention(c) (Int) -> UnsafePointer<CChar>?).self)
    }
}
