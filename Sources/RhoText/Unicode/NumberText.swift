/// Reads the numbers of the data files.
struct NumberText {
    /// The last digit of a number, by value.
    static let last: StaticString = "abcdefghijklmnopqrstuvwxyzWXYZ+-"
    /// The digits before the last, by value.
    static let other: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUV"

    private let text: StaticString
    private var index = 0
    private let digits: [UInt8]

    init(_ text: StaticString) {
        self.text = text
        var digits = [UInt8](repeating: 0, count: 256)
        for value in 0..<32 {
            digits[Int(Self.last.utf8Start[value])] = UInt8(value) | 0x80
            digits[Int(Self.other.utf8Start[value])] = UInt8(value)
        }
        self.digits = digits
    }

    mutating func next() -> UInt32? {
        var value: UInt32 = 0
        while index < text.utf8CodeUnitCount {
            let digit = digits[Int(text.utf8Start[index])]
            index += 1
            value = value << 5 | UInt32(digit & 31)
            if digit & 0x80 != 0 { return value }
        }
        return nil
    }
}
