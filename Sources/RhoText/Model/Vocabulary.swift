import RhoCore

/// Byte strings and their ids, both ways, in flat storage.
struct Vocabulary: Sendable {
    private var storage: [UInt8] = []
    /// Where each entry's bytes begin in `storage`; one more than there are entries.
    private var starts: [Int32] = [0]
    private var ids: [Int32] = []
    /// The entry of each id, -1 where no token has it.
    private var entryOfID: [Int32] = []
    private var slots: [Int32]
    private var mask: Int

    /// An empty vocabulary with room for `capacity` tokens.
    init(capacity: Int = 16) {
        var size = 32
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
        mask = size - 1
    }

    /// The number of tokens.
    var count: Int { ids.count }

    /// One more than the greatest id.
    var idLimit: Int { entryOfID.count }

    /// Adds a token; false if these bytes already have an id. `id` is at least 0 and of a size its source justifies.
    @discardableResult
    mutating func add(_ token: [UInt8], id: Int32) -> Bool {
        let slot = token.withUnsafeBufferPointer { slotOf($0) }
        if slots[slot] >= 0 { return false }
        let entry = Int32(ids.count)
        slots[slot] = entry
        append(token, id: id, entry: entry)
        if ids.count * 2 > slots.count { grow() }
        return true
    }

    /// Gives `id` these bytes for `bytes(of:)` alone; no look-up finds it.
    mutating func addUnlisted(_ token: [UInt8], id: Int32) {
        append(token, id: id, entry: Int32(ids.count))
    }

    private mutating func append(_ token: [UInt8], id: Int32, entry: Int32) {
        storage.append(contentsOf: token)
        starts.append(Int32(storage.count))
        ids.append(id)
        let missing = Int(id) + 1 - entryOfID.count
        if missing > 0 { entryOfID.append(contentsOf: repeatElement(-1, count: missing)) }
        entryOfID[Int(id)] = entry
    }

    /// The id of a byte string, or nil.
    func id(of token: UnsafeBufferPointer<UInt8>) -> Int32? {
        let entry = slots[slotOf(token)]
        return entry < 0 ? nil : ids[Int(entry)]
    }

    /// The id of a byte string, or nil.
    func id(of token: [UInt8]) -> Int32? {
        token.withUnsafeBufferPointer { id(of: $0) }
    }

    /// The bytes of a token; empty for an id without one.
    func bytes(of id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, Int(id) < entryOfID.count, entryOfID[Int(id)] >= 0 else { return [] }
        let entry = Int(entryOfID[Int(id)])
        return storage[Int(starts[entry])..<Int(starts[entry + 1])]
    }

    /// Whether some token has this id.
    func contains(_ id: Int32) -> Bool {
        id >= 0 && Int(id) < entryOfID.count && entryOfID[Int(id)] >= 0
    }

    private func slotOf(_ token: UnsafeBufferPointer<UInt8>) -> Int {
        var slot = Int(truncatingIfNeeded: ByteHash.of(token.baseAddress, token.count)) & mask
        while slots[slot] >= 0 && !isEntry(Int(slots[slot]), token) { slot = (slot + 1) & mask }
        return slot
    }

    private func isEntry(_ entry: Int, _ token: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = Int(starts[entry])
        guard Int(starts[entry + 1]) - start == token.count else { return false }
        for index in 0..<token.count where storage[start + index] != token[index] { return false }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        mask = slots.count - 1
        for entry in 0..<ids.count {
            let range = Int(starts[entry])..<Int(starts[entry + 1])
            var slot = storage.withUnsafeBufferPointer { buffer in
                Int(truncatingIfNeeded: ByteHash.of(buffer.baseAddress.map { $0 + range.lowerBound }, range.count))
            }
            slot &= mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(entry)
        }
    }
}

/// A hash of short byte strings; the same in every process, and nothing that is printed depends on it.
enum ByteHash {
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }

    @inline(__always)
    static func of(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> UInt64 {
        guard let bytes else { return 0 }
        let raw = UnsafeRawPointer(bytes)
        var hash = UInt64(truncatingIfNeeded: count) &* 0xD6E8_FEB8_6659_FD93
        var index = 0
        while index &+ 8 <= count {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        if index < count { hash = mix(hash ^ tail(raw + index, count &- index)) }
        return hash
    }

    /// The last 1 to 7 bytes as a number, without reading past them.
    @inline(__always)
    static func tail(_ raw: UnsafeRawPointer, _ count: Int) -> UInt64 {
        if count >= 4 {
            let low = UInt64(raw.loadUnaligned(as: UInt32.self))
            let high = UInt64(raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            return low | high << 32
        }
        let first = UInt64(raw.load(as: UInt8.self))
        let middle = UInt64(raw.load(fromByteOffset: count / 2, as: UInt8.self))
        let last = UInt64(raw.load(fromByteOffset: count &- 1, as: UInt8.self))
        return first | middle << 8 | last << 16
    }
}
