import RhoCore

/// Learns a byte-level BPE vocabulary from documents given one after the other.
///
/// The result depends on the documents alone, not on their order or the number of threads. With the same corpus, split
/// pattern and special tokens it equals that of Hugging Face's `BpeTrainer` with the byte-level alphabet.
/// Memory holds the distinct pieces of text, not the text.
public final class BPETrainer {
    /// Documents are collected up to this many bytes and then counted on all threads at once.
    private static let batchBytes = 8 << 20

    private let vocabularySize: Int
    private let pattern: SplitPattern
    private let specials: [String]
    private let minimumCount: Int
    private let threads: Int
    private var batch: [UInt8] = []
    private var documentEnds: [Int] = []
    /// One for each thread.
    private let counters: [PieceCounter]

    /// Prepares a training run.
    /// - Parameters:
    ///   - vocabularySize: tokens in all, at least 256 + the special tokens; fewer when no pair is left to merge.
    ///   - specials: special tokens; they get the ids 0, 1, ... in this order.
    ///   - minimumCount: pairs that occur less often are not merged.
    ///   - threads: threads that count pieces.
    /// - Throws: `.value` for a size out of range or an unusable special token.
    public init(
        vocabularySize: Int, pattern: SplitPattern = .gpt2, specials: [String] = ["<|endoftext|>"],
        minimumCount: Int = 1, threads: Int = 1
    ) throws(RhoError) {
        let least = 256 + specials.count
        guard vocabularySize >= least, vocabularySize <= 4_194_304 else {
            throw RhoError(
                .value,
                "vocab_size must be from \(least) (256 bytes and \(specials.count) special tokens) to 4194304, "
                    + "got \(vocabularySize)")
        }
        guard minimumCount >= 1 else { throw RhoError(.value, "min_frequency must be at least 1, got \(minimumCount)") }
        for (index, special) in specials.enumerated() {
            // One character could be the printable form of a byte.
            guard special.unicodeScalars.count >= 2 else {
                throw RhoError(.value, "a special token needs at least two characters, got '\(special)'")
            }
            if specials[..<index].contains(where: { $0.utf8.elementsEqual(special.utf8) }) {
                throw RhoError(.value, "the special token '\(special)' is given twice")
            }
        }
        self.vocabularySize = vocabularySize
        self.pattern = pattern
        self.specials = specials
        self.minimumCount = minimumCount
        self.threads = max(1, threads)
        counters = (0..<self.threads).map { _ in PieceCounter(pattern: pattern) }
    }

    /// Adds a document; no token reaches from one document into the next.
    public func add(_ document: UnsafeRawBufferPointer) {
        if threads == 1 {
            counters[0].count(document.bindMemory(to: UInt8.self))
            return
        }
        batch.append(contentsOf: document)
        documentEnds.append(batch.count)
        if batch.count >= Self.batchBytes { flush() }
    }

    /// Adds a document.
    public func add(_ document: [UInt8]) { document.withUnsafeBytes { add($0) } }

    /// Learns the merges and returns the tokenizer.
    /// - Throws: `.value` when the documents held no text.
    public func finish() throws(RhoError) -> PipelineTokenizer {
        flush()
        var counts = counters[0].take()
        for counter in counters.dropFirst() { counts.merge(counter.take()) }
        if counts.count == 0 { throw RhoError(.value, "a tokenizer needs text to learn from, got no bytes") }
        var learner = MergeLearner(specials: specials.map { Array($0.utf8) })
        learner.learn(counts, vocabularySize: vocabularySize, minimumCount: Int64(minimumCount))
        let document = TokenizerWriter.byteLevelBPE(
            specials: specials, tokens: Array(learner.tokens.dropFirst(specials.count)),
            merges: learner.merges.map { (learner.tokens[Int($0.left)], learner.tokens[Int($0.right)]) },
            pattern: pattern)
        return try PipelineTokenizer(json: document)
    }

    /// Counts the collected documents: each thread takes about the same number of bytes.
    private func flush() {
        if batch.isEmpty { return }
        let (counters, batch, ends, shares) = (counters, batch, documentEnds, documentShares())
        Workers.run(threads) { thread in
            batch.withUnsafeBufferPointer { batch in
                for document in shares[thread] {
                    let start = document == 0 ? 0 : ends[document - 1]
                    counters[thread].count(UnsafeBufferPointer(rebasing: batch[start..<ends[document]]))
                }
            }
        }
        self.batch.removeAll(keepingCapacity: true)
        documentEnds.removeAll(keepingCapacity: true)
    }

    /// The documents of each thread, as indexes into `documentEnds`.
    private func documentShares() -> [Range<Int>] {
        var shares: [Range<Int>] = []
        var first = 0
        for thread in 0..<threads {
            let goal = batch.count * (thread + 1) / threads
            var last = first
            while last < documentEnds.count && (thread == threads - 1 || documentEnds[last] <= goal) { last += 1 }
            shares.append(first..<last)
            first = last
        }
        return shares
    }
}

/// Counts the pieces of the documents that one thread takes; no other thread uses it at the same time.
private final class PieceCounter: @unchecked Sendable {
    private let pattern: SplitPattern
    private var counts: WordCounts? = WordCounts()

    init(pattern: SplitPattern) { self.pattern = pattern }

    func count(_ text: UnsafeBufferPointer<UInt8>) {
        // Taken out of the object for the loops, which then need no checks of access to it.
        guard let base = text.baseAddress, var counts = counts.take() else { return }
        defer { self.counts = counts }
        // Spelled out for each splitter, so that each loop is compiled as one.
        switch pattern {
        case .gpt2: GPT2Splitter().forEachPiece(base, text.count) { counts.add(base + $0, $1 - $0) }
        case .gpt4: GPT4Splitter(digits: 3).forEachPiece(base, text.count) { counts.add(base + $0, $1 - $0) }
        case .qwen2: GPT4Splitter(digits: 1).forEachPiece(base, text.count) { counts.add(base + $0, $1 - $0) }
        }
    }

    /// Returns the counts and keeps none.
    func take() -> WordCounts {
        defer { counts = WordCounts() }
        return counts.take() ?? WordCounts()
    }
}

/// Byte-level BPE vocabularies learnt here.
public enum BPETokenizer {
    /// Learns a vocabulary from `documents`; see `BPETrainer` for the parameters and for documents one by one.
    public static func train(
        documents: some Sequence<[UInt8]>, vocabularySize: Int, pattern: SplitPattern = .gpt2,
        specials: [String] = ["<|endoftext|>"], minimumCount: Int = 1, threads: Int = 1
    ) throws(RhoError) -> PipelineTokenizer {
        let trainer = try BPETrainer(
            vocabularySize: vocabularySize, pattern: pattern, specials: specials, minimumCount: minimumCount,
            threads: threads)
        for document in documents { trainer.add(document) }
        return try trainer.finish()
    }
}
