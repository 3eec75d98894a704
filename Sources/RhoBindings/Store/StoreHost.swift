import RhoCore
import RhoTraining

/// What `rhoscript cache` does.
extension Host {
    private static func store(_ options: HostOptions) -> ObjectStore {
        ObjectStore(root: options.cacheDirectory ?? Session.defaultCacheDirectory)
    }

    /// The stored results, most recently used first, and what they take.
    public static func listCache(_ options: HostOptions, json: Bool) -> HostOutcome {
        let store = store(options)
        let objects = store.objects()
        if json {
            let list = objects.map { object -> JSON in
                [
                    "verb": JSON(object.key.verb), "label": JSON(object.label), "digest": JSON(object.key.digest),
                    "bytes": JSON(object.bytes), "created": JSON(object.created), "seconds": JSON(object.seconds),
                    "path": JSON(object.path),
                ]
            }
            let document: JSON = [
                "root": JSON(store.root), "bytes": JSON(objects.reduce(0) { $0 + $1.bytes }), "objects": .array(list),
            ]
            return HostOutcome(.done, document: document.serialized(pretty: true) + "\n")
        }
        guard !objects.isEmpty else { return HostOutcome(.done, document: "\(store.root): no stored results\n") }
        let rows = objects.map { object in
            [
                String(object.key.digest.prefix(12)), object.key.verb, ByteCount.text(object.bytes),
                "\(Int(min(max(object.seconds, 0), 1e15).rounded())) s", object.created, object.label,
            ]
        }
        let total =
            "\(objects.count) result\(objects.count == 1 ? "" : "s"), \(ByteCount.text(objects.reduce(0) { $0 + $1.bytes })) in \(store.root)\n"
        return HostOutcome(
            .done, document: Columns.text([["object", "verb", "size", "made in", "made at", "what"]] + rows) + total)
    }

    /// Removes the least recently used results until the rest fits.
    public static func collectCache(_ options: HostOptions) -> HostOutcome {
        let store = store(options)
        do {
            let result = try store.collect(limit: options.cacheCapacity ?? store.capacity, sparing: 60)
            return HostOutcome(
                .done,
                document:
                    "removed \(result.removed) result\(result.removed == 1 ? "" : "s") (\(ByteCount.text(result.removedBytes))), "
                    + "kept \(result.kept) (\(ByteCount.text(result.keptBytes))) in \(store.root)\n")
        } catch {
            return HostOutcome(.failed, message: "rhoscript: \(error.message)")
        }
    }

    /// Reads every stored result again; damaged ones are removed unless `keep`.
    public static func verifyCache(_ options: HostOptions, keep: Bool) -> HostOutcome {
        let store = store(options)
        do {
            let result = try store.verify(repairing: !keep)
            let lines = result.damaged.map { "\($0.path) (\($0.verb)): \($0.reason)\n" }
            guard !lines.isEmpty else {
                return HostOutcome(
                    .done,
                    document: "\(result.checked) stored result\(result.checked == 1 ? "" : "s") as they were made\n")
            }
            return HostOutcome(
                .mismatch,
                message: "rhoscript: \(lines.count) of \(result.checked) stored results are damaged"
                    + (keep ? "" : " and were removed; they are made anew when they are wanted"),
                document: lines.joined())
        } catch {
            return HostOutcome(.failed, message: "rhoscript: \(error.message)")
        }
    }
}

/// Numbers of bytes as people write them.
public enum ByteCount {
    /// `1.5 GB`, in powers of 1000.
    static func text(_ bytes: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 999.5, unit + 1 < units.count { (value, unit) = (value / 1000, unit + 1) }
        if unit == 0 { return "\(bytes) B" }
        let tenths = (value * 10).rounded() / 10
        return "\(value < 9.95 ? JSON(tenths).serialized() : String(Int(value.rounded()))) \(units[unit])"
    }

    /// `20GB`, `500 MB`, `1e9`, `2GiB`; nil for anything else.
    public static func parse(_ text: String) -> Int? {
        let factors: [(String, Double)] = [
            ("kib", 0x1p10), ("mib", 0x1p20), ("gib", 0x1p30), ("tib", 0x1p40), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9),
            ("tb", 1e12), ("k", 1e3), ("m", 1e6), ("g", 1e9), ("t", 1e12), ("b", 1), ("", 1),
        ]
        let lower = text.lowercased()
        for (suffix, factor) in factors where lower.hasSuffix(suffix) {
            let digits = lower.dropLast(suffix.count).filter { $0 != " " && $0 != "_" }
            guard let number = Double(digits), number >= 0, number * factor < 0x1p62 else { return nil }
            return Int(number * factor)
        }
        return nil
    }
}

/// Text in columns.
enum Columns {
    /// Rows with cells padded to the widest of their column.
    static func text(_ rows: [[String]]) -> String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column + 1 < row.count { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            return line + "\n"
        }.joined()
    }
}
