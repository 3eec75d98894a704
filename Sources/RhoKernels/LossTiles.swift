/// How logits are cut: shares of the vocabulary, each walked in chunks of columns, and blocks of rows. Every pass over
/// logits cuts alike, so that a number comes out the same whichever pass computes it. Follows from the shape alone.
struct LossTiles {
    /// Rows of logits between two products that take them.
    static var block: Int { RegisterTile.isWide ? 128 : 120 }

    /// Columns whose rows of the head stay in L2, in both layouts that products take them in.
    let chunk: Int
    let shareWidth: Int
    let shares: Int
    private let vocab: Int

    /// Each share is a task with a sum of its own for the gradient of the hidden rows: as many as cost little beside the
    /// columns.
    init(width: Int, vocab: Int) {
        let panel = RegisterTile.columns
        func rounded(_ columns: Int) -> Int { LossTiles.pieces(columns, panel) &* panel }
        let most = min(256, max(64, (1 << 16) / max(width, 1) / panel &* panel))
        shareWidth = rounded(LossTiles.pieces(vocab, min(16, max(4, vocab / 512))))
        chunk = rounded(LossTiles.pieces(shareWidth, LossTiles.pieces(shareWidth, most)))
        shares = LossTiles.pieces(vocab, shareWidth)
        self.vocab = vocab
    }

    /// Floats from one row of a chunk's logits to the next: a cache line more than a round number, which would map a
    /// column to a few cache sets.
    var ld: Int { chunk &+ 16 }
    /// Floats of a block of a chunk's logits.
    var blockFloats: Int { LossTiles.block &* ld }
    /// Chunks in a share that is not the last.
    var chunks: Int { LossTiles.pieces(shareWidth, chunk) }

    /// Calls `body` with number, first column and columns of each chunk of a share.
    @inline(__always)
    func forEachChunk(_ share: Int, _ body: (_ index: Int, _ column: Int, _ columns: Int) -> Void) {
        let end = min((share &+ 1) &* shareWidth, vocab)
        var column = share &* shareWidth
        var index = 0
        while column < end {
            body(index, column, min(chunk, end &- column))
            column &+= chunk
            index &+= 1
        }
    }

    static func pieces(_ total: Int, _ size: Int) -> Int { (total &+ size &- 1) / size }
}

/// Logits of a group of rows that are kept from the loss to its gradient, block by block as `LossTiles` cuts them.
struct KeptLogits {
    private let start: MutableFloats
    private let tiles: LossTiles
    private let blocks: Int

    init(_ start: MutableFloats, _ tiles: LossTiles, rows: Int) {
        self.start = start
        self.tiles = tiles
        blocks = LossTiles.pieces(rows, LossTiles.block)
    }

    /// Floats that `rows` rows take.
    static func floats(_ tiles: LossTiles, rows: Int) -> Int {
        tiles.shares &* tiles.chunks &* LossTiles.pieces(rows, LossTiles.block) &* tiles.blockFloats
    }

    /// The block of a chunk of a share that begins with row `row` of the group.
    @inline(__always)
    func at(share: Int, chunk: Int, row: Int) -> MutableFloats {
        start + ((share &* tiles.chunks &+ chunk) &* blocks &+ row / LossTiles.block) &* tiles.blockFloats
    }
}
