import CZlib
import Glibc
import RhoCore
import RhoData

/// Files of JSON rows, plain and gzip, read to the end in both manners of treating bad rows.
final class RowsTarget: FuzzTarget {
    private let folder: String
    private let plain = Array(
        """
        {"question": "2+2?", "solution": "4", "meta": {"n": [1, 2, {"x": null}]}}
        {"solution": "a\\u00e9\\ud83d\\ude00 \\"quoted\\"", "question": "tab\\t", "score": 0.5, "ok": true}

        {"question": "", "solution": -12.5e3}

        """.utf8)
    private let packed: [UInt8]

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
        var bytes = random.chance(8) ? packed + packed : packed
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

/// Packs bytes as one gzip member.
enum Gzip {
    static func pack(_ bytes: [UInt8]) -> [UInt8] {
        var input = bytes
        var stream = z_stream()
        deflateInit2_(
            &stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        let used = input.withUnsafeMutableBufferPointer { from in
            output.withUnsafeMutableBufferPointer { to in
                stream.next_in = from.baseAddress
                stream.avail_in = UInt32(from.count)
                stream.next_out = to.baseAddress
                stream.avail_out = UInt32(to.count)
                deflate(&stream, Z_FINISH)
                return to.count - Int(stream.avail_out)
            }
        }
        deflateEnd(&stream)
        return Array(output[..<used])
    }
}
