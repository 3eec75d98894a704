/// The tokens of words seen before, for one thread: a table of 64-byte entries, each a word of up to 24 bytes with up
/// to 9 ids. A new word takes the place of the old one in its entry; ids never depend on what the table holds.
final class WordCache {
    static let maximumBytes = 24
    static let maximumIDs = 9
    private static let entryBytes = 64
    private let table: UnsafeMutableRawPointer
    private let shift: UInt64

    /// A table of 2^`bits` entries.
    init(bits: Int = 15) {
        let size = Self.entryBytes << bits
        table = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        // Length 0 marks an empty entry: no word is empty.
        table.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        shift = UInt64(64 - bits)
    }

    deinit { table.deallocate() }

    /// A word as three numbers, zero beyond its end, and the entry it belongs to.
    struct Key {
        let low: UInt64
        let middle: UInt64
        let high: UInt64
        let entry: UnsafeMutableRawPointer
    }

    /// The key of the word at `bytes`; `count` is 1...24.
    @inline(__always)
    func key(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Key {
        let raw = UnsafeRawPointer(bytes)
        var low: UInt64 = 0
        var middle: UInt64 = 0
        var high: UInt64 = 0
        if count < 8 {
            low = ByteHash.tail(raw, count)
        } else {
            low = raw.loadUnaligned(as: UInt64.self)
            if count > 16 {
                middle = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                high = raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            } else if count > 8 {
                middle = raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            }
        }
        // With the length, which an entry also holds, the overlapping loads still determine the word.
        let hash = ByteHash.mix(
            ByteHash.mix(low ^ UInt64(truncatingIfNeeded: count)) ^ middle &* 0xD6E8_FEB8_6659_FD93
                ^ high &* 0xA24B_AED4_963E_E407)
        let slot = Int(truncatingIfNeeded: (hash &* 0x9FB2_1C65_1E98_DF25) &>> shift)
        return Key(low: low, middle: middle, high: high, entry: table + slot &* Self.entryBytes)
    }

    /// Writes the ids of the word to `ids` and returns how many they are; -1 when the table does not hold it.
    @inline(__always)
    func find(_ key: Key, _ count: Int, into ids: UnsafeMutablePointer<Int32>) -> Int {
        let entry = key.entry
        guard
            entry.load(as: UInt64.self) == key.low && entry.load(fromByteOffset: 8, as: UInt64.self) == key.middle
                && entry.load(fromByteOffset: 16, as: UInt64.self) == key.high
                && Int(entry.load(fromByteOffset: 24, as: UInt8.self)) == count
        else { return -1 }
        let found = Int(entry.load(fromByteOffset: 25, as: UInt8.self))
        for index in 0..<found { ids[index] = entry.load(fromByteOffset: 28 &+ index &* 4, as: Int32.self) }
        return found
    }

    /// Keeps the `found` ids of a word, unless they are too many.
    func store(_ key: Key, _ count: Int, _ ids: UnsafePointer<Int32>, _ found: Int) {
        if found > Self.maximumIDs { return }
        let entry = key.entry
        entry.storeBytes(of: key.low, as: UInt64.self)
        entry.storeBytes(of: key.middle, toByteOffset: 8, as: UInt64.self)
        entry.storeBytes(of: key.high, toByteOffset: 16, as: UInt64.self)
        entry.storeBytes(of: UInt8(count), toByteOffset: 24, as: UInt8.self)
        entry.storeBytes(of: UInt8(found), toByteOffset: 25, as: UInt8.self)
        for index in 0..<found { entry.storeBytes(of: ids[index], toByteOffset: 28 + index * 4, as: Int32.self) }
    }
}
