import Glibc

/// Colour and weight of text on a terminal; without colour, plain text.
public struct Ink: Sendable {
    public enum Colour: Int, Sendable, Equatable {
        case red = 31, green = 32, yellow = 33, blue = 34, magenta = 35, cyan = 36, grey = 90
    }

    public var isOn: Bool
    public init(_ isOn: Bool) { self.isOn = isOn }

    /// Whether output to a descriptor is coloured: a flag decides, then NO_COLOR and TERM, then whether it is a terminal.
    public static func decided(_ flag: Bool?, descriptor: Int32 = STDOUT_FILENO) -> Ink {
        if let flag { return Ink(flag) }
        if let value = getenv("NO_COLOR"), value.pointee != 0 { return Ink(false) }
        if let value = getenv("TERM"), String(cString: value) == "dumb" { return Ink(false) }
        return Ink(isatty(descriptor) == 1)
    }

    public func paint(_ text: String, _ colour: Colour?, bold: Bool = false) -> String {
        guard isOn, colour != nil || bold, !text.isEmpty else { return text }
        let codes = (bold ? ["1"] : []) + (colour.map { ["\($0.rawValue)"] } ?? [])
        return "\u{1B}[\(codes.joined(separator: ";"))m\(text)\u{1B}[0m"
    }

    /// Black on one of the 256 colours.
    func background(_ text: String, _ shade: Int) -> String {
        isOn && !text.isEmpty ? "\u{1B}[38;5;16;48;5;\(shade)m\(text)\u{1B}[0m" : text
    }

    /// Columns that a text takes; characters of names and numbers take one each.
    static func width(_ text: String) -> Int { text.count }

    /// Columns of the terminal behind a descriptor; 100 where there is none.
    public static func terminalSize(_ descriptor: Int32 = STDOUT_FILENO) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (100, 40) }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}

extension RunStatus {
    var colour: Ink.Colour {
        switch self {
        case .done: .green
        case .running: .cyan
        case .interrupted, .stopped: .yellow
        case .failed, .diverged: .red
        }
    }
}
