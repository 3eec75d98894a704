import Glibc
import RhoCore

/// Writes JSON rows of made-up text of any size, the same for the same seed and fast enough not to be the bottleneck.
///
/// Words have Zipf's frequencies over a vocabulary of 200,000; one in twenty is a number that hardly occurs again, so that
/// a cache of words meets new ones however long the corpus is.
struct CorpusWriter {
    private var state: UInt64
    private var words: [UInt8] = []
    private var starts: [Int32] = [0]
    /// Equally likely ranks: the number of entries with a rank falls as 1 / rank.
    private var ranks: [Int32] = []
    private static let wordCount = 200_000
    private static let pieceSize = 1 << 20

    init(seed: UInt64) {
        state = seed
        let syllables = [
            "ka", "ron", "te", "li", "mar", "so", "ne", "vi", "tu", "pan", "ge", "ler", "ost", "in", "ada", "chi", "br",
            "é", "ün", "м", "да", "ре", "の", "数",
        ].map { Array($0.utf8) }
        for index in 0..<Self.wordCount {
            // Frequent words are short.
            let length = 1 + (index > 200 ? 1 : 0) + (index > 5_000 ? 1 : 0) + Int(next() % 3)
            for _ in 0..<length {
                // The last syllables, which are not ASCII, come seldom.
                let pick = next() % 40
                words += syllables[Int(pick < 24 ? pick : pick % 17)]
            }
            starts.append(Int32(words.count))
        }
        let entries = 1 << 20
        let scale = log(Double(Self.wordCount)) / Double(entries)
        ranks = (0..<entries).map { Int32(exp(Double($0) * scale)) - 1 }
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// Writes rows until they have at least `bytes` bytes, and returns how many rows.
    mutating func write(to path: String, bytes: Int) throws -> Int {
        guard let file = fopen(path, "w") else {
            throw RhoError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var piece: [UInt8] = []
        piece.reserveCapacity(Self.pieceSize * 2)
        var (written, rows) = (0, 0)
        while written < bytes {
            piece.removeAll(keepingCapacity: true)
            while piece.count < Self.pieceSize {
                appendRow(number: rows, to: &piece)
                rows += 1
            }
            guard fwrite(piece, 1, piece.count, file) == piece.count else {
                throw RhoError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
            }
            written += piece.count
        }
        return rows
    }

    private mutating func appendRow(number: Int, to row: inout [UInt8]) {
        row += Array("{\"id\": \(number), \"text\": \"".utf8)
        for _ in 0..<(50 + Int(next() % 300)) {
            let bits = next()
            if bits & 0xFF < 13 {
                appendDigits(bits >> 40, to: &row)
            } else {
                let rank = Int(ranks[Int(bits >> 44)])
                row += words[Int(starts[rank])..<Int(starts[rank + 1])]
            }
            switch (bits >> 8) & 0x3F {
            case 0: row += [0x2E, 0x5C, 0x6E]  // .\n
            case 1...3: row += [0x2E, 0x20]
            case 4...6: row += [0x2C, 0x20]
            case 7: row += [0x20, 0x5C, 0x22]  // \"
            default: row.append(0x20)
            }
        }
        row += [0x22, 0x7D, 0x0A]
    }

    private func appendDigits(_ number: UInt64, to row: inout [UInt8]) {
        row += Array(String(number).utf8)
    }
}
