import Glibc

/// Numbers for people.
public enum Text {
    /// Fixed number of decimals; "-" for NaN.
    public static func fixed(_ x: Double, _ decimals: Int) -> String {
        guard x.isFinite else { return x.isNaN ? "-" : x > 0 ? "inf" : "-inf" }
        var buffer = [CChar](repeating: 0, count: 400)
        let length = withVaList([Int32(decimals), x]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
        return String(decoding: buffer.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Shortest text that reads back, without a trailing ".0".
    public static func short(_ x: Double) -> String {
        let text = "\(x)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// 950, 12.3k, 4.56M, 1.2G, 3.4T, 5.6P: three significant digits.
    public static func scaled(_ x: Double) -> String {
        guard x.isFinite else { return fixed(x, 0) }
        var value = x
        var unit = 0
        let units = ["", "k", "M", "G", "T", "P", "E"]
        while abs(value) >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        if unit == 0 { return value == value.rounded() ? fixed(value, 0) : fixed(value, 1) }
        return fixed(value, abs(value) >= 99.95 ? 0 : abs(value) >= 9.995 ? 1 : 2) + units[unit]
    }

    /// 0:07, 12:05, 1:02:03.
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "-" }
        let total = Int(seconds.rounded())
        let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
        let tail = rest < 10 ? "0\(rest)" : "\(rest)"
        if hours == 0 { return "\(minutes):\(tail)" }
        return "\(hours):\(minutes < 10 ? "0" : "")\(minutes):\(tail)"
    }

    /// 12.3%
    public static func percent(_ share: Double, _ decimals: Int = 1) -> String {
        share.isNaN ? "-" : fixed(share * 100, decimals) + "%"
    }
}
