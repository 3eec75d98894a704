import Glibc
import RhoCore
import RhoText

extension TokenStore {
    /// Counts for a progress line while a store is built.
    public struct Progress: Sendable {
        public var documents = 0
        public var bytes = 0
        public var tokens = 0
    }

    /// Tokenises all documents of `source` into a new file at `path` and opens it.
    ///
    /// Memory stays bounded whatever the size of the corpus: chunks of documents are tokenised on `threads` threads and
    /// written in document order, so the file does not depend on the number of threads.
    /// - Parameters:
    ///   - threads: threads that tokenise; nil for one per core.
    ///   - progress: called about once per megabyte of text; an error it throws stops the work and leaves no file.
    /// - Throws: `.value` for an empty corpus, what the source throws, `.io`.
    public static func build(
        _ source: any DocumentSource, tokenizer: any Tokenizer, path: String, threads: Int? = nil,
        progress: ((Progress) throws -> Void)? = nil
    ) throws -> TokenStore {
        var builder = try TokenStoreBuilder(tokenizer: tokenizer, path: path)
        let cores = max(1, threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let pipeline = OrderedPipeline<[Document], EncodedChunk>(workers: cores > 1 ? cores : 0) { documents in
            EncodedChunk(documents, tokenizer)
        }
        func receive(_ chunk: EncodedChunk) throws {
            try builder.write(chunk)
            try progress?(builder.progress)
        }
        var hash = ContentHash()
        var chunk: [Document] = []
        var chunkBytes = 0
        try source.forEach { document in
            if let labels = document.labels, labels.count != document.text.count {
                throw RhoError(
                    .value, "a document of \(source.name) has \(labels.count) labels for \(document.text.count) bytes")
            }
            hash.add(document)
            chunk.append(document)
            chunkBytes += document.text.count
            if chunkBytes >= TokenStoreBuilder.chunkBytes || chunk.count >= TokenStoreBuilder.chunkDocuments {
                try pipeline.submit(chunk, receive: receive)
                chunk = []
                chunkBytes = 0
            }
            return true
        }
        if !chunk.isEmpty { try pipeline.submit(chunk, receive: receive) }
        try pipeline.finish(receive: receive)
        if builder.progress.documents == 0 { throw source.emptyError() }
        try builder.finish(name: source.name, corpusHash: hash.finish(), skippedRows: source.report.skipped)
        return try TokenStore(path: path, tokenizer: tokenizer)
    }

    /// The store of `source` under `directory`, built only where none is there for this source and tokenizer.
    ///
    /// A source without a ``DocumentSource/cacheKey`` is read once more for its content hash, which then is the key.
    public static func cached(
        _ source: any DocumentSource, tokenizer: any Tokenizer, directory: String, threads: Int? = nil,
        progress: ((Progress) throws -> Void)? = nil
    ) throws -> TokenStore {
        let key = try source.cacheKey ?? "content \(source.contentHash())"
        let digest = SHA256Hasher.hex(of: "\(version)\n\(tokenizer.fingerprint)\n\(key)")
        let path = "\(directory)/\(digest.prefix(32)).tokens"
        if Files.exists(path), let store = try? TokenStore(path: path, tokenizer: tokenizer) { return store }
        try Files.makeDirectory(directory)
        return try build(source, tokenizer: tokenizer, path: path, threads: threads, progress: progress)
    }
}

/// Token ids of some documents, ready to be written.
struct EncodedChunk: Sendable {
    var ids: [Int32] = []
    /// Token count of each document.
    var lengths: [Int] = []
    /// One label per token, or nil where no document of the chunk has labels.
    var labels: [UInt8]?
    /// Whether any label is ground truth.
    let hasTruth: Bool
    var hasPrompts: Bool { labels?.contains(TextLabel.prompt.rawValue) ?? false }
    var bytes = 0

    init(_ documents: [Document], _ tokenizer: any Tokenizer) {
        hasTruth = documents.contains(where: \.hasTruth)
        if documents.contains(where: { $0.labels != nil }) { labels = [] }
        for document in documents {
            let start = ids.count
            if let begin = tokenizer.beginOfText { add(begin) }
            if let byteLabels = document.labels {
                let encoded = tokenizer.encodeWithOffsets(document.text)
                ids.append(contentsOf: encoded.ids)
                labels?.append(contentsOf: Self.tokenLabels(byteLabels, encoded.byteEnd))
            } else {
                let before = ids.count
                document.text.withUnsafeBytes { tokenizer.encode($0, into: &ids) }
                labels?.append(contentsOf: repeatElement(TextLabel.useful.rawValue, count: ids.count - before))
            }
            if let end = tokenizer.endOfText { add(end) }
            lengths.append(ids.count - start)
            bytes += document.text.count
        }
    }

    /// The ids around a text are none of its bytes; they count as useful.
    private mutating func add(_ id: Int32) {
        ids.append(id)
        labels?.append(TextLabel.useful.rawValue)
    }

    /// A token is as bad as its worst byte: one that holds a piece of noise teaches noise. A token without a byte of
    /// its own (a part of a character that ends in a later token) goes with the byte before it.
    static func tokenLabels(_ byteLabels: [UInt8], _ byteEnd: [Int32]) -> [UInt8] {
        var start = 0
        return byteEnd.map { end in
            let end = min(max(Int(end), start), byteLabels.count)
            defer { start = end }
            if let worst = byteLabels[start..<end].max() { return worst }
            return start > 0 ? byteLabels[start - 1] : byteLabels.first ?? TextLabel.useful.rawValue
        }
    }
}

/// Writes chunks to the file of a store.
struct TokenStoreBuilder {
    /// A chunk ends with the document that fills it.
    static let chunkBytes = 1 << 20
    static let chunkDocuments = 1 << 14

    private let tokenizer: any Tokenizer
    private let file: AtomicFile
    private let starts: Spool
    private var labels: Spool?
    private var hasTruth = false
    private var hasPrompts = false
    private let path: String
    private let wide: Bool
    private(set) var progress = TokenStore.Progress()

    init(tokenizer: any Tokenizer, path: String) throws(RhoError) {
        self.tokenizer = tokenizer
        self.path = path
        wide = tokenizer.vocabularySize > 1 << 16
        file = try AtomicFile(path: path)
        starts = try Spool(beside: path)
        try file.write([UInt8](repeating: 0, count: FileHeader.unit))
        try starts.append(UInt64(0))
    }

    mutating func write(_ chunk: EncodedChunk) throws(RhoError) {
        hasTruth = hasTruth || chunk.hasTruth
        hasPrompts = hasPrompts || chunk.hasPrompts
        if chunk.labels != nil, labels == nil {
            let spool = try Spool(beside: path)
            try Self.appendZeros(progress.tokens, to: spool)
            labels = spool
        }
        if let labels {
            if let known = chunk.labels {
                try labels.append(known)
            } else {
                try Self.appendZeros(chunk.ids.count, to: labels)
            }
        }
        for length in chunk.lengths {
            progress.tokens += length
            try starts.append(UInt64(progress.tokens))
        }
        progress.documents += chunk.lengths.count
        progress.bytes += chunk.bytes
        try file.write(wide ? Self.bytes(chunk.ids, as: UInt32.self) : Self.bytes(chunk.ids, as: UInt16.self))
    }

    mutating func finish(name: String, corpusHash: String, skippedRows: Int) throws(RhoError) {
        try labels?.drain(into: file)
        try file.write([UInt8](repeating: 0, count: -file.count & 7))
        try starts.drain(into: file)
        let header: JSON = [
            "name": JSON(String(name.prefix(200))), "tokenizer": JSON(tokenizer.fingerprint),
            "corpus": JSON(corpusHash),
            "tokens": JSON(progress.tokens), "documents": JSON(progress.documents), "bytes": JSON(progress.bytes),
            "vocabulary": JSON(tokenizer.vocabularySize), "id_bytes": wide ? 4 : 2, "labels": JSON(labels != nil),
            "truth": JSON(hasTruth), "prompts": JSON(hasPrompts), "skipped_rows": JSON(skippedRows),
        ]
        // The name is cut short above so that one unit holds the header, as left free at the start.
        try file.overwrite(at: 0, FileHeader.encode(magic: TokenStore.magic, version: TokenStore.version, header))
        try file.commit()
    }

    private static func appendZeros(_ count: Int, to spool: Spool) throws(RhoError) {
        var left = count
        while left > 0 {
            try spool.append(repeatElement(TextLabel.useful.rawValue, count: min(left, 1 << 16)))
            left -= min(left, 1 << 16)
        }
    }

    private static func bytes<Width: FixedWidthInteger>(_ ids: [Int32], as width: Width.Type) -> [UInt8] {
        let size = MemoryLayout<Width>.size
        return [UInt8](unsafeUninitializedCapacity: ids.count * size) { buffer, used in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (i, id) in ids.enumerated() {
                raw.storeBytes(of: Width(truncatingIfNeeded: id).littleEndian, toByteOffset: i * size, as: Width.self)
            }
            used = ids.count * size
        }
    }
}
