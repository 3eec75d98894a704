import Glibc
import RhoCore
import RhoData
import RhoText

/// The beginning of a corpus, read to see that it can be read and to estimate how many tokens it has.
struct CorpusSample {
    /// Bytes of text read of each source.
    private static let limit = 1 << 19

    /// Bytes of the whole corpus as far as they are known, else of what was read.
    private(set) var bytes = 0
    /// False where the corpus goes on behind what was read.
    private(set) var isWhole = true
    /// Whether the texts carry labels (generated corpora do).
    private(set) var isLabelled = true
    private var text: [UInt8] = []

    /// Reads the beginning of every source.
    /// - Throws: what a reader finds wrong with a file, and `.value` for a source without documents.
    init(_ corpus: CorpusBox, store: StoreSession) throws {
        for leaf in corpus.leaves {
            let source = leaf.corpus.source
            var (read, documents, ended) = (0, 0, true)
            try source.forEach { document in
                documents += 1
                read += document.text.count
                if document.labels == nil { isLabelled = false }
                if text.count < 1 << 16 { text += document.text.prefix(1 << 14) }
                if read >= Self.limit { ended = false }
                return ended
            }
            guard documents > 0 else { throw source.emptyError() }
            if !ended, let known = leaf.corpus.knownCount?.bytes ?? store.remembered(source)?.bytes {
                (read, ended) = (known, true)
            } else if !ended, let made = source as? GeneratedSource {
                // As many documents as the function is asked for, each as long as the first ones were.
                (read, ended) = (Int(Double(read) / Double(documents) * Double(made.count)), true)
            }
            bytes += read
            if !ended { isWhole = false }
        }
    }

    /// Tokens under `tokenizer`: counted on the beginning, or guessed from the size of the vocabulary where the tokenizer
    /// has yet to be learnt.
    func tokens(_ tokenizer: any Tokenizer) -> Int {
        guard !text.isEmpty else { return 0 }
        if tokenizer is StandInTokenizer {
            // English text under byte-pair encoding: about 1.5 bytes a token at 512 tokens, 4.5 at 32,000.
            return Int(Double(bytes) / max(1, 1 + 0.5 * log2(Double(tokenizer.vocabularySize) / 256)))
        }
        return Int(Double(bytes) * Double(tokenizer.encode(text).count) / Double(text.count))
    }
}
