/// The pieces of a vocabulary as a tree over their bytes, for finding all pieces that begin at a place.
struct ByteTrie: Sendable {
    /// (node, byte) -> (id + 1 of the piece that ends there or 0, next node); the root is node 0.
    private var edges: PairTable

    /// The tree of `pieces`, none of which is empty.
    init(_ pieces: [(bytes: [UInt8], id: Int32)]) {
        let sorted = pieces.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        // What a piece does not share with the one before it needs nodes of its own.
        var nodes = 0
        for (index, piece) in sorted.enumerated() {
            let before = index == 0 ? [] : sorted[index - 1].bytes
            let shared = zip(before, piece.bytes).prefix { $0 == $1 }.count
            nodes += piece.bytes.count - shared
        }
        edges = PairTable(capacity: nodes)
        var path: [Int32] = [0]
        var previous: [UInt8] = []
        var made: Int32 = 0
        for piece in sorted {
            let shared = zip(previous, piece.bytes).prefix { $0 == $1 }.count
            path.removeLast(path.count - 1 - shared)
            for (depth, byte) in piece.bytes.enumerated().dropFirst(shared) {
                made += 1
                let isLast = depth == piece.bytes.count - 1
                edges.set(path[depth], Int32(byte), rank: isLast ? Int(piece.id) + 1 : 0, merged: made)
                path.append(made)
            }
            previous = piece.bytes
        }
    }

    func withReader<Result>(_ body: (Reader) -> Result) -> Result {
        edges.withReader { body(Reader(edges: $0)) }
    }

    /// Walks the tree; see `withReader`.
    struct Reader {
        let edges: PairTable.Reader

        /// Calls `body` with the length and the id of every piece that begins at `text`, the shortest first.
        @inline(__always)
        func forEachPrefix(_ text: UnsafePointer<UInt8>, _ count: Int, _ body: (_ length: Int, _ id: Int32) -> Void) {
            var node: Int32 = 0
            var length = 0
            while length < count {
                let edge = edges.merge(node, Int32(text[length]))
                if edge == PairTable.none { return }
                node = Int32(truncatingIfNeeded: edge)
                length += 1
                let id = Int32(truncatingIfNeeded: edge >> 32) - 1
                if id >= 0 { body(length, id) }
            }
        }
    }
}
