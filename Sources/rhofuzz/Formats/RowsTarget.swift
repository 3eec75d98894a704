import Glibc
import RhoCore
import RhoData
import RhoTestSupport

/// Files of JSON rows, plain, gzip and zstd, read to the end in both manners of treating bad rows.
final class RowsTarget: FuzzTarget {
    private let folder: String
    private let plain = Array(
        """
        {"question": "2+2?", "solution": "4", "meta": {"n": [1, 2, {"x": null}]}}
        {"solution": "a\\u00e9\\ud83d\\ude00 \\"quoted\\"", "question": "tab\\t", "score": 0.5, "ok": true}

        {"question": "", "solution": -12.5e3}

        """.utf8)
    private let packed: [UInt8]
    /// `plain`, packed by zstd.
    private let frame: [UInt8] = [
        0x28, 0xB5, 0x2F, 0xFD, 0x24, 0xCF, 0x4D, 0x04, 0x00, 0x12, 0x08, 0x1B, 0x1C, 0x70, 0x6B, 0x73, 0xB6, 0x08,
        0x11, 0x63, 0xB6, 0xFE, 0xC7, 0x42, 0xD4, 0x75, 0xC2, 0xE9, 0xFF, 0xC1, 0x54, 0x76, 0xF4, 0x5E, 0x18, 0xCE,
        0x4B, 0x54, 0x8D, 0x22, 0x58, 0x28, 0x26, 0xAB, 0x1C, 0x0B, 0x09, 0x20, 0x14, 0xB7, 0x1D, 0x4E, 0xF6, 0xC5,
        0x7B, 0x26, 0xE5, 0x50, 0xC9, 0xBE, 0xCE, 0x4B, 0x3C, 0xAC, 0x88, 0xC6, 0x57, 0xB7, 0xFC, 0xBA, 0xB9, 0xA6,
        0x52, 0xEB, 0x5A, 0x5D, 0x32, 0x70, 0xAD, 0x84, 0x55, 0xAA, 0xB5, 0x41, 0x14, 0xE3, 0x21, 0x2E, 0x4B, 0x33,
        0xC9, 0xDE, 0x38, 0xCC, 0xB4, 0x32, 0x21, 0x86, 0xC3, 0x64, 0x6F, 0xBC, 0x0C, 0x41, 0x2F, 0xEF, 0x79, 0xA6,
        0x17, 0x16, 0x60, 0x3D, 0xD9, 0x99, 0xA7, 0xE0, 0x67, 0xBB, 0x39, 0x0C, 0x09, 0x00, 0x28, 0xEB, 0x80, 0x2C,
        0x23, 0x03, 0x87, 0xFD, 0x1D, 0xD9, 0x6A, 0x61, 0xCB, 0xCD, 0xEA, 0x9A, 0x52, 0x71, 0x34, 0xC3, 0xF5, 0x88,
        0x39, 0x06, 0x3B, 0xC9, 0x48, 0x3E,
    ]

    init(folder: String) throws {
        self.folder = folder
        packed = Gzip.pack(plain)
    }

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        if random.chance(2) {
            var bytes = plain
            Mutation.damage(&bytes, &random, other: plain)
            // Also packed without damage to the packing: what comes out is damaged.
            return random.chance(4) ? Gzip.pack(bytes) : bytes
        }
        var bytes = random.chance(3) ? frame : random.chance(8) ? packed + packed : packed
        Mutation.damage(&bytes, &random)
        return bytes
    }

    func run(_ bytes: [UInt8]) throws {
        let path = "\(folder)/x.jsonl"
        try Files.writeScratch(path, bytes)
        func read(_ policy: JSONLSource.BadRow) throws -> Int {
            let source = try JSONLSource(
                [path], template: "{question}\n{solution}", onBadRow: policy, keeping: ["score", "meta"])
            var count = 0
            try source.forEach { document in
                count += 1
                guard document.text.count <= 1 << 20 else { throw Finding("a text longer than its file") }
                return true
            }
            return count
        }
        let kept = Result { try read(.skip) }
        let strict = Result { try read(.fail) }
        if case .success(let all) = strict, case .success(let some) = kept, all != some {
            throw Finding("\(all) rows if bad ones end it, \(some) if they are passed over")
        }
        _ = try strict.get()
    }
}
