import Glibc

/// Reads an arithmetic expression, LaTeX or plain, and evaluates it in one go.
///
/// Letters are variables with the values of a sample point, so that two expressions agree at a few points exactly where
/// they are the same function: no rewriting is needed. Anything that is not arithmetic reads as nil.
struct ExpressionReader {
    /// Number of sample points.
    static let samples = 3

    private let text: [UInt8]
    private let sample: Int
    private var place = 0
    private var depth = 0
    private(set) var hasVariables = false

    init(_ text: String, sample: Int = 0) {
        self.text = text.utf8.filter { !$0.isSpace }
        self.sample = sample
    }

    /// The value at the sample point; nil if the text is not an expression.
    static func value(_ text: String, sample: Int = 0) -> (value: Double, hasVariables: Bool)? {
        var reader = ExpressionReader(text, sample: sample)
        guard !reader.text.isEmpty, let value = reader.sum(), reader.place == reader.text.count else { return nil }
        return (value, reader.hasVariables)
    }

    private var next: UInt8? { place < text.count ? text[place] : nil }

    private mutating func take(_ byte: Character) -> Bool {
        guard let ascii = byte.asciiValue, next == ascii else { return false }
        place += 1
        return true
    }

    private mutating func sum() -> Double? {
        depth += 1
        defer { depth -= 1 }
        // Deeper nesting than any answer has would only exhaust the stack.
        guard depth < 100, var total = product() else { return nil }
        while let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            place += 1
            guard let term = product() else { return nil }
            total += sign == UInt8(ascii: "+") ? term : -term
        }
        return total
    }

    private mutating func product() -> Double? {
        guard var value = signed() else { return nil }
        while let byte = next {
            if take("*") || takeCommand(["cdot", "times"]) {
                guard let factor = signed() else { return nil }
                value *= factor
            } else if take("/") || takeCommand(["div"]) {
                guard let factor = signed() else { return nil }
                value /= factor
            } else if byte.isLetter || byte == UInt8(ascii: "(") || byte == UInt8(ascii: "{")
                || byte == UInt8(ascii: "\\")
                || byte == UInt8(ascii: "[") || (byte.isDigit && place > 0 && !text[place - 1].isDigit)
            {
                guard let factor = power() else { return nil }
                value *= factor
            } else {
                break
            }
        }
        return value
    }

    private mutating func signed() -> Double? {
        var sign = 1.0
        while next == UInt8(ascii: "-") || next == UInt8(ascii: "+") {
            if next == UInt8(ascii: "-") { sign = -sign }
            place += 1
        }
        return power().map { sign * $0 }
    }

    private mutating func power() -> Double? {
        guard var base = atom() else { return nil }
        while take("!") {
            guard base >= 0, base <= 170, base == base.rounded() else { return nil }
            base = tgamma(base + 1).rounded()
        }
        guard take("^") else { return base }
        guard let exponent = argument() else { return nil }
        return pow(base, exponent)
    }

    /// One braced group, or one token: x^2, \frac12.
    private mutating func argument() -> Double? {
        if next == UInt8(ascii: "{") { return atom() }
        if take("-") { return argument().map { -$0 } }
        if let byte = next, byte.isDigit {
            place += 1
            return Double(byte - 48)
        }
        return atom()
    }

    private mutating func atom() -> Double? {
        guard let byte = next else { return nil }
        if byte.isDigit || byte == UInt8(ascii: ".") { return number() }
        if take("(") { return group(until: ")") }
        if take("{") { return group(until: "}") }
        if take("[") { return group(until: "]") }
        if take("|") { return group(until: "|").map(abs) }
        if byte == UInt8(ascii: "\\") { return command() }
        return byte.isLetter ? letters() : nil
    }

    private mutating func group(until close: Character) -> Double? {
        guard let value = sum(), take(close) else { return nil }
        return value
    }

    private mutating func number() -> Double? {
        let start = place
        while let byte = next, byte.isDigit || byte == UInt8(ascii: ".") { place += 1 }
        guard let value = Double(String(decoding: text[start..<place], as: UTF8.self)) else { return nil }
        // A base (52_8) makes it another kind of number; it is compared as text.
        if next == UInt8(ascii: "_") { return nil }
        return mixed(value)
    }

    /// 1\frac{4}{5} is one and four fifths, not a product.
    private mutating func mixed(_ whole: Double) -> Double? {
        guard whole == whole.rounded(), text[place...].starts(with: "\\frac{".utf8) else { return whole }
        let inside = text[(place + 6)...].prefix { $0 != UInt8(ascii: "}") }
        let between = text[(place + 6 + inside.count)...].prefix(2)
        let below = text[(place + 6 + inside.count + between.count)...].prefix { $0 != UInt8(ascii: "}") }
        guard between.elementsEqual("}{".utf8), !inside.isEmpty, inside.allSatisfy(\.isDigit), !below.isEmpty,
            below.allSatisfy(\.isDigit), let fraction = atom()
        else { return whole }
        return whole + fraction
    }

    /// A run of letters: a function's name, or variables. Longer runs are words, and words are no arithmetic.
    private mutating func letters() -> Double? {
        let run = text[place...].prefix(while: \.isLetter)
        let name = String(decoding: run, as: UTF8.self)
        if let function = Self.functions[name] {
            place += run.count
            return power().map(function)
        }
        if name == "pi" {
            place += 2
            return .pi
        }
        guard run.count <= 2 else { return nil }
        place += 1
        return variable(Int(run[run.startIndex]))
    }

    /// Some value in (0.3, 1.7), another for each variable and sample, the same in every expression.
    private mutating func variable(_ code: Int) -> Double {
        hasVariables = true
        let x = Double(code &* 7919 &+ (sample + 1) &* 104_729) * 0.618_033_988_749_894_9
        return 0.3 + 1.4 * (x - x.rounded(.down))
    }

    private static let functions: [String: @Sendable (Double) -> Double] = [
        "sin": { sin($0) }, "cos": { cos($0) }, "tan": { tan($0) }, "cot": { 1 / tan($0) }, "sec": { 1 / cos($0) },
        "csc": { 1 / sin($0) }, "arcsin": { asin($0) }, "arccos": { acos($0) }, "arctan": { atan($0) },
        "ln": { log($0) },
        "log": { log10($0) }, "exp": { exp($0) }, "sqrt": { $0.squareRoot() },
    ]
    private static let greek = [
        "alpha", "beta", "gamma", "delta", "epsilon", "theta", "lambda", "mu", "omega", "phi", "psi", "rho", "sigma",
        "tau",
    ]
    /// Longest first: a command is followed by letters without a space once white space is gone (\cotx).
    private static let commands = (Array(functions.keys) + greek + ["frac", "pi", "infty", "binom", "overline"])
        .sorted { $0.count != $1.count ? $0.count > $1.count : $0 < $1 }

    private mutating func takeCommand(_ names: [String]) -> Bool {
        guard next == UInt8(ascii: "\\") else { return false }
        for name in names where text[(place + 1)...].starts(with: name.utf8) {
            place += 1 + name.utf8.count
            return true
        }
        return false
    }

    private mutating func command() -> Double? {
        let rest = text[(place + 1)...]
        guard let name = Self.commands.first(where: { rest.starts(with: $0.utf8) }) else { return nil }
        place += 1 + name.utf8.count
        switch name {
        case "pi": return .pi
        case "infty": return .infinity
        case "frac":
            guard let top = argument(), let bottom = argument() else { return nil }
            return top / bottom
        case "binom":
            guard let n = argument(), let k = argument() else { return nil }
            return (tgamma(n + 1) / tgamma(k + 1) / tgamma(n - k + 1)).rounded()
        case "overline": return nil
        case "sqrt":
            guard take("[") else { return argument().map { $0.squareRoot() } }
            guard let index = group(until: "]"), let radicand = argument() else { return nil }
            return pow(radicand, 1 / index)
        default:
            guard let function = Self.functions[name] else {
                return variable(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) })
            }
            let exponent = take("^") ? argument() : 1
            guard let exponent, let x = power() else { return nil }
            return pow(function(x), exponent)
        }
    }
}
