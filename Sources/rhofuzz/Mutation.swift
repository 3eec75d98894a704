import RhoCore

/// Damage done to the bytes of a sound file.
enum Mutation {
    /// Numbers at which counts, lengths and offsets break.
    static let numbers: [UInt64] = [
        0, 1, 2, 7, 8, 127, 128, 255, 256, 4095, 4096, 65535, 65536, 1 << 20, 1 << 28, 100_000_000_000, 1 << 31,
        (1 << 31) - 1,
        1 << 32, (1 << 32) - 1, 1 << 46, 1 << 53, 1 << 62, (1 << 63) - 1, 1 << 63, .max - 7, .max,
    ]

    /// One to eight changes: bits, bytes, numbers of every width, pieces cut out, doubled, moved in from `other`.
    static func damage(_ bytes: inout [UInt8], _ random: inout FuzzRandom, other: [UInt8] = []) {
        for _ in 0...random.below(random.chance(4) ? 8 : 2) { change(&bytes, &random, other) }
    }

    private static func change(_ bytes: inout [UInt8], _ random: inout FuzzRandom, _ other: [UInt8]) {
        guard !bytes.isEmpty else { return bytes.append(random.byte()) }
        // Headers come first and decide what the rest means.
        let at = random.chance(2) ? random.below(min(bytes.count, 256)) : random.below(bytes.count)
        switch random.below(9) {
        case 0: bytes[at] ^= 1 << UInt8(random.below(8))
        case 1: bytes[at] = random.byte()
        case 2, 3: put(random.pick(numbers), random.pick([1, 2, 4, 8]), at: at, in: &bytes)
        case 4: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.below(16)))
        case 5: bytes.removeSubrange(at...)
        case 6:
            let end = min(bytes.count, at + 1 + random.below(64))
            bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 7:
            guard !other.isEmpty else { return bytes.insert(random.byte(), at: at) }
            let from = random.below(other.count)
            let piece = other[from..<min(other.count, from + 1 + random.below(64))]
            bytes.replaceSubrange(at..<min(bytes.count, at + random.below(piece.count + 1)), with: piece)
        default: bytes.append(contentsOf: (0..<random.below(20)).map { _ in random.byte() })
        }
    }

    private static func put(_ value: UInt64, _ width: Int, at: Int, in bytes: inout [UInt8]) {
        for i in 0..<min(width, bytes.count - at) {
            bytes[at + i] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(i)))
        }
    }

    /// Damage that leaves the text JSON: values replaced, keys dropped, doubled, renamed, lists cut and grown.
    static func damage(_ json: JSON, _ random: inout FuzzRandom) -> JSON {
        var left = 1 + random.below(3)
        return damage(json, &random, &left)
    }

    private static func damage(_ json: JSON, _ random: inout FuzzRandom, _ left: inout Int) -> JSON {
        guard left > 0 else { return json }
        switch json {
        case .object(let object) where !object.isEmpty && !random.chance(8):
            var object = object
            let key = random.pick(Array(object.keys))
            switch random.below(6) {
            case 0:
                object[key] = nil
                left -= 1
            case 1:
                object[random.pick(words)] = object[key]
                left -= 1
            default: object[key] = damage(object[key] ?? .null, &random, &left)
            }
            return left > 0 && random.chance(2) ? damage(.object(object), &random, &left) : .object(object)
        case .array(var items) where !items.isEmpty && !random.chance(8):
            let at = random.below(items.count)
            switch random.below(5) {
            case 0:
                items.remove(at: at)
                left -= 1
            case 1:
                items.insert(items[random.below(items.count)], at: at)
                left -= 1
            default: items[at] = damage(items[at], &random, &left)
            }
            return .array(items)
        default:
            left -= 1
            return value(&random)
        }
    }

    private static let words = [
        "", "type", "model", "0", "-1", "é\u{1F600}", "__metadata__", "vocab", "weights", "a b",
    ]

    private static func value(_ random: inout FuzzRandom) -> JSON {
        switch random.below(10) {
        case 0: return .null
        case 1: return .bool(random.chance(2))
        case 2: return .number(random.pick([0.5, -1.5, 1e300, -1e300, .leastNonzeroMagnitude, 1e18]))
        case 3: return .integer(Int64(truncatingIfNeeded: random.pick(numbers)))
        case 4: return .integer(-Int64(random.below(10)))
        case 5: return .string(random.pick(words))
        case 6: return .array([])
        case 7: return .object([:])
        case 8: return .array([.integer(1), .string("x"), .null])
        default: return .integer(Int64(random.below(100)))
        }
    }
}
