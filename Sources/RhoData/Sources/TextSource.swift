import Glibc
import RhoCore

/// Documents from text files, plain, gzip or zstd: a file is a document.
///
/// A directory stands for its files with one of the suffixes, those of its subdirectories included, in name order.
/// With a separator a file holds several documents. A text longer than ``maximumDocument`` bytes, with or without one,
/// is cut after its last line break before that length, so that a file of any size fits in memory.
public final class TextSource: DocumentSource {
    public static let maximumDocument = 8 << 20
    /// Which files of a directory count, unless a caller says otherwise.
    public static let usualSuffixes = [".txt", ".md"].flatMap { [$0, $0 + ".gz", $0 + ".zst"] }

    public let paths: [String]
    public let separator: String?
    public private(set) var report = ReadReport()

    /// - Parameters:
    ///   - suffixes: which files of a directory count; files given by name always do.
    ///   - separator: what stands between documents in a file, such as `"\n\n\n"`; it belongs to neither.
    public init(
        _ paths: [String], suffixes: [String] = TextSource.usualSuffixes, separator: String? = nil
    ) throws(RhoError) {
        if paths.isEmpty { throw RhoError(.value, "a corpus of text needs at least one file, got none") }
        if separator == "" { throw RhoError(.value, "the separator between documents must not be empty") }
        self.paths = try FileList.expand(paths, suffixes: suffixes, recursive: true)
        self.separator = separator
    }

    public var name: String { FileList.name(paths) }

    public var cacheKey: String? {
        FileList.key(paths).map { JSON.array((["text", separator ?? ""] + $0).map { JSON($0) }).canonical }
    }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        report = ReadReport()
        for path in paths {
            report.rows += 1
            guard try read(path, body) else { return }
        }
    }

    /// The documents of one file; false when `body` wants no more.
    private func read(_ path: String, _ body: (Document) throws -> Bool) throws -> Bool {
        let stream = try ByteStream(path: path)
        let separatorBytes = separator.map { Array($0.utf8) }
        var pending: [UInt8] = []
        /// What of `pending` is handed out already, and where no separator can start any more.
        var start = 0
        var searched = 0
        func hand(_ end: Int, skipping gap: Int = 0) throws -> Bool {
            defer {
                start = end + gap
                searched = start
            }
            // Nothing between two separators is no document.
            if end == start { return true }
            report.documents += 1
            return try body(Document(text: Array(pending[start..<end]), source: path))
        }
        while let piece = try stream.next() {
            pending.removeFirst(start)
            searched -= start
            start = 0
            pending.append(contentsOf: piece)
            while true {
                if let separatorBytes, let found = Self.find(separatorBytes, in: pending, from: searched) {
                    guard try hand(found, skipping: separatorBytes.count) else { return false }
                } else if pending.count - start > Self.maximumDocument {
                    guard try hand(Self.cut(pending, from: start)) else { return false }
                } else {
                    // A separator may straddle two pieces.
                    searched = max(start, pending.count - (separatorBytes?.count ?? 0) + 1)
                    break
                }
            }
        }
        return try hand(pending.count)
    }

    /// The end of the last line within the limit, or the last place that splits no UTF-8 character.
    private static func cut(_ bytes: [UInt8], from start: Int) -> Int {
        let limit = start + maximumDocument
        if let newline = bytes[start..<limit].lastIndex(of: 0x0A) { return newline + 1 }
        var at = limit
        while at > limit - 4, bytes[at] & 0xC0 == 0x80 { at -= 1 }
        return at
    }

    /// Where `needle` first stands in `bytes`, from `start` on.
    private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { (hay) -> Int? in
            guard let base = hay.baseAddress else { return nil }
            var at = start
            while at + needle.count <= hay.count {
                let room = hay.count - needle.count - at + 1
                guard let hit = memchr(base + at, Int32(needle[0]), room) else { return nil }
                at = UnsafeRawPointer(hit) - base
                if memcmp(hit, needle, needle.count) == 0 { return at }
                at += 1
            }
            return nil
        }
    }
}
