import Glibc

/// Scalar functions and number formatting shared by the expression evaluator and the printers.
enum Scalar {
    static func exp(_ x: Float) -> Float { Glibc.expf(x) }
    static func log(_ x: Float) -> Float { Glibc.logf(x) }
    static func log(_ x: Double) -> Double { Glibc.log(x) }
    static func tanh(_ x: Float) -> Float { Glibc.tanhf(x) }
    static func pow(_ x: Float, _ y: Float) -> Float { Glibc.powf(x, y) }

    /// Shortest text that reads back to the same number, without a trailing ".0".
    static func text(_ x: Double) -> String {
        let text = "\(x)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
