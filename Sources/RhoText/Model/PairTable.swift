/// The merges of a BPE vocabulary: (left id, right id) -> (rank, merged id), in one open-addressing table.
///
/// A look-up touches one cache line most of the time; with 8,000 merges the table is 256 KB.
struct PairTable: Sendable {
    /// The value that says a pair has no merge. Its rank is greater than any real one.
    static let none: UInt64 = .max

    private var entries: [Entry]
    private let mask: Int
    private let shift: UInt64
    private(set) var count = 0

    private struct Entry: Sendable {
        var key: UInt64
        var value: UInt64
    }

    /// An empty table with room for `capacity` merges.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        entries = Array(repeating: Entry(key: Self.none, value: Self.none), count: size)
        mask = size - 1
        shift = UInt64(64 - size.trailingZeroBitCount)
    }

    @inline(__always)
    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func slot(_ key: UInt64, _ shift: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> shift)
    }

    /// Sets the merge of a pair; the last setting counts. `count` distinct pairs must not exceed the capacity.
    mutating func set(_ left: Int32, _ right: Int32, rank: Int, merged: Int32) {
        let key = Self.key(left, right)
        var slot = Self.slot(key, shift)
        while entries[slot].key != Self.none && entries[slot].key != key { slot = (slot + 1) & mask }
        if entries[slot].key == Self.none { count += 1 }
        entries[slot] = Entry(key: key, value: UInt64(rank) << 32 | UInt64(UInt32(bitPattern: merged)))
    }

    /// A view for look-ups without bounds checks, valid inside `body` only.
    func withReader<Result>(_ body: (Reader) -> Result) -> Result {
        entries.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return body(.empty) }
            return body(Reader(entries: UnsafeRawPointer(base), mask: mask, shift: shift))
        }
    }

    /// Looks up merges; see `withReader`.
    struct Reader: @unchecked Sendable {
        static let empty = Reader(entries: nil, mask: 0, shift: 63)
        let entries: UnsafeRawPointer?
        let mask: Int
        let shift: UInt64

        /// Returns rank << 32 | merged id, or `PairTable.none`.
        @inline(__always)
        func merge(_ left: Int32, _ right: Int32) -> UInt64 {
            guard let entries else { return PairTable.none }
            let key = PairTable.key(left, right)
            var slot = PairTable.slot(key, shift)
            while true {
                let entry = entries + slot &* 16
                let found = entry.load(as: UInt64.self)
                if found == key { return entry.load(fromByteOffset: 8, as: UInt64.self) }
                if found == PairTable.none { return PairTable.none }
                slot = (slot &+ 1) & mask
            }
        }
    }
}
