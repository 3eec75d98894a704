import RhoCore

/// Names a configuration by its content.
public enum Fingerprint {
    /// SHA-256 of the canonical JSON: keys sorted, and whole numbers written alike whether they came as 1 or 1.0.
    public static func of(_ value: JSON) -> String { SHA256Hasher.hex(of: normalised(value).canonical) }

    static func normalised(_ value: JSON) -> JSON {
        switch value {
        case .number(let number):
            // 2^53 bounds the integers a double holds exactly.
            guard number == number.rounded(), abs(number) <= 0x1p53 else { return value }
            return .integer(Int64(number))
        case .array(let items): return .array(items.map(normalised))
        case .object(let object): return .object(JSONObject(object.pairs.map { ($0.key, normalised($0.value)) }))
        default: return value
        }
    }

    /// Path of the first value that differs, "model.dim", or nil if the two are the same configuration.
    public static func firstDifference(_ left: JSON, _ right: JSON) -> String? {
        difference(normalised(left), normalised(right), at: "")
    }

    private static func difference(_ left: JSON, _ right: JSON, at path: String) -> String? {
        guard left.canonical != right.canonical else { return nil }
        guard let a = left.objectValue, let b = right.objectValue else { return path }
        let keys = Set(a.keys + b.keys).sorted()
        for key in keys {
            let inner = path.isEmpty ? key : "\(path).\(key)"
            guard let x = a[key], let y = b[key] else { return inner }
            if let found = difference(x, y, at: inner) { return found }
        }
        return path
    }
}
