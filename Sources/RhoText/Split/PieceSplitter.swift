/// Cuts text into the pieces that a model encodes one by one.
protocol PieceSplitter {
    /// Calls `body` with the bounds of every piece in order; together the pieces are the whole text.
    func forEachPiece(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ body: (_ start: Int, _ end: Int) -> Void)
}

/// The whole text as one piece.
struct WholeSplitter: PieceSplitter {
    @inline(__always)
    func forEachPiece(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ body: (_ start: Int, _ end: Int) -> Void
    ) {
        if count > 0 { body(0, count) }
    }
}
