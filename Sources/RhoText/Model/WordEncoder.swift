/// What encodes one word at a time, the same word always alike.
protocol WordModel: Sendable {
    /// Puts the tokens of `word` and their byte lengths into `scratch.merge` and returns how many there are.
    func tokenize(
        _ word: UnsafePointer<UInt8>, _ count: Int, _ scratch: EncoderScratch, _ merges: PairTable.Reader
    ) -> Int
}

/// Encodes words through the cache and hands their ids on in blocks.
struct WordEncoder<Model: WordModel> {
    private let model: Model
    private let merges: PairTable.Reader
    private let scratch: EncoderScratch
    private let cache: WordCache
    private let block: UnsafeMutablePointer<Int32>
    private var used = 0

    init(model: Model, merges: PairTable.Reader, scratch: EncoderScratch) {
        self.model = model
        self.merges = merges
        self.scratch = scratch
        cache = scratch.cache
        block = scratch.block
    }

    /// Appends the ids of one word, which is not empty, to `ids` or to the block that `flush` empties.
    @inline(__always)
    mutating func append(_ word: UnsafePointer<UInt8>, _ count: Int, _ ids: inout [Int32]) {
        if used > EncoderScratch.blockSize - WordCache.maximumBytes { flush(&ids) }
        if count > WordCache.maximumBytes { return appendLong(word, count, &ids) }
        let key = cache.key(word, count)
        let found = cache.find(key, count, into: block + used)
        if found >= 0 { used &+= found } else { appendNew(word, count, key) }
    }

    /// Moves the ids of the block to `ids`.
    @inline(never)
    mutating func flush(_ ids: inout [Int32]) {
        ids.append(contentsOf: UnsafeBufferPointer(start: block, count: used))
        used = 0
    }

    @inline(never)
    private mutating func appendNew(_ word: UnsafePointer<UInt8>, _ count: Int, _ key: WordCache.Key) {
        let found = model.tokenize(word, count, scratch, merges)
        cache.store(key, count, scratch.merge.ids, found)
        for index in 0..<found { block[used + index] = scratch.merge.ids[index] }
        used += found
    }

    @inline(never)
    private mutating func appendLong(_ word: UnsafePointer<UInt8>, _ count: Int, _ ids: inout [Int32]) {
        flush(&ids)
        let found = model.tokenize(word, count, scratch, merges)
        ids.append(contentsOf: UnsafeBufferPointer(start: scratch.merge.ids, count: found))
    }
}
