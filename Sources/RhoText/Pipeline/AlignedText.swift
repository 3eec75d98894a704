/// Text on its way through normalisers, with the place in the source that each of its bytes came from.
struct AlignedText {
    private(set) var bytes: [UInt8] = []
    /// For each byte the source offset at which its origin ends; empty when nobody asks for offsets.
    private(set) var ends: [Int32] = []
    let tracksEnds: Bool
    /// The source offset at which the text begins.
    private let origin: Int32

    init(tracksEnds: Bool) {
        self.tracksEnds = tracksEnds
        origin = 0
    }

    /// An empty text that begins where `other` does.
    init(like other: AlignedText) {
        tracksEnds = other.tracksEnds
        origin = other.origin
    }

    /// A part of another text.
    init(_ other: AlignedText, _ range: Range<Int>) {
        tracksEnds = other.tracksEnds
        origin = other.sourceEnd(range.lowerBound)
        append(other, range)
    }

    /// The source text itself.
    init(_ source: UnsafeRawBufferPointer, tracksEnds: Bool) {
        self.tracksEnds = tracksEnds
        origin = 0
        bytes = Array(source)
        if tracksEnds { ends = Array(1...Int32(max(1, source.count))) }
        if source.isEmpty { ends = [] }
    }

    var count: Int { bytes.count }

    /// The source offset after the byte at `index - 1`; that of the text itself at its beginning.
    func sourceEnd(_ index: Int) -> Int32 { index == 0 || !tracksEnds ? origin : ends[index - 1] }

    /// Appends a byte whose origin ends at `end`.
    @inline(__always)
    mutating func append(_ byte: UInt8, end: Int32) {
        bytes.append(byte)
        if tracksEnds { ends.append(end) }
    }

    /// Appends bytes that all come from one place.
    mutating func append(_ added: some Collection<UInt8>, end: Int32) {
        bytes.append(contentsOf: added)
        if tracksEnds { ends.append(contentsOf: repeatElement(end, count: added.count)) }
    }

    /// Appends a range of another text unchanged.
    mutating func append(_ other: AlignedText, _ range: Range<Int>) {
        if range.isEmpty { return }
        bytes.append(contentsOf: other.bytes[range])
        if tracksEnds { ends.append(contentsOf: other.ends[range]) }
    }

    /// Appends a scalar whose origin ends at `end`.
    mutating func append(scalar: UInt32, end: Int32) {
        let before = bytes.count
        UTF8Decoding.append(scalar, to: &bytes)
        if tracksEnds { ends.append(contentsOf: repeatElement(end, count: bytes.count - before)) }
    }

    /// Calls `body` with each scalar (or `UTF8Decoding.invalid`), its range here and its source end.
    func forEachScalar(_ body: (_ scalar: UInt32, _ range: Range<Int>, _ end: Int32) -> Void) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var index = 0
            while index < buffer.count {
                let (scalar, length) = UTF8Decoding.scalar(base, index, buffer.count)
                body(scalar, index..<(index + length), sourceEnd(index + length))
                index += length
            }
        }
    }
}
