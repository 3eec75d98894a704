import RhoCore

extension TokenReading {
    /// Shades of the 256 colours, from next to nothing to most: all light enough for black letters.
    private static let warm = [230, 229, 222, 215, 208]
    private static let cool = [195, 153, 117, 75, 39]

    /// The text, coloured by a channel, under a legend. Line ends of the text are kept.
    /// - Throws: `.usage` if this reading has no such values.
    public func coloured(_ channel: TokenView.Channel) throws(RhoError) -> String {
        let ink = Ink(true)
        let values = try need(channel)
        let ends = ends(channel)
        var out = legend(channel, ends, ink) + "\n"
        // A character whose bytes are spread over tokens is shown with its last token.
        var held: [UInt8] = []
        for (piece, value) in zip(pieces, values) {
            held += piece
            guard let text = String(validating: held, as: UTF8.self) else {
                if held.count < 4 { continue }
                out += painted("\u{FFFD}", value, channel, ends, ink)
                held = []
                continue
            }
            held = []
            // Colour over a line end would run to the edge of the screen.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            out += lines.map { painted(Self.visible(String($0)), value, channel, ends, ink) }
                .joined(separator: ink.paint("↵", .grey) + "\n")
        }
        return out.hasSuffix("\n") ? out : out + "\n"
    }

    /// One line per token with all its numbers, for files and for terminals without colour.
    public var numbers: TextTable {
        let channels: [TokenView.Channel] = [.loss, .reference, .excess, .kept].filter { values($0) != nil }
        let rows = pieces.indices.map { place -> [TextTable.Cell] in
            [TextTable.Cell(Self.quoted(pieces[place]))]
                + channels.map { channel in
                    let value = values(channel)?[place] ?? .nan
                    guard channel == .kept else { return TextTable.Cell(Text.fixed(value, 3)) }
                    return TextTable.Cell(value.isNaN ? "-" : value != 0 ? "kept" : "dropped")
                }
        }
        return TextTable(columns: ["token"] + channels.map(\.rawValue), rows: rows)
    }

    private func need(_ channel: TokenView.Channel) throws(RhoError) -> [Double] {
        if let values = values(channel) { return values }
        let reason =
            channel == .kept
            ? "its policy cannot be applied to one text" : "the run has no reference model that reads the same tokens"
        throw RhoError(.usage, "arm '\(arm)' has no \(channel.rawValue) to colour by: \(reason)")
    }

    private typealias Ends = (low: Double, high: Double)

    /// Ends of the scale below and above zero: 95th percentiles, so that one outlier does not bleach the rest. Each side
    /// has its own: noise is far below zero, and what is worth learning a little above it.
    private func ends(_ channel: TokenView.Channel) -> Ends {
        let shared: [TokenView.Channel] = channel == .excess ? [.excess] : [.loss, .reference]
        let found = shared.compactMap { values($0) }.flatMap { $0 }.filter(\.isFinite)
        func end(_ sizes: [Double]) -> Double {
            sizes.isEmpty ? 0 : max(1e-6, sizes.sorted()[min(sizes.count - 1, sizes.count * 95 / 100)])
        }
        return (end(found.filter { $0 < 0 }.map { -$0 }), end(found.filter { $0 >= 0 }))
    }

    private func painted(
        _ text: String, _ value: Double, _ channel: TokenView.Channel, _ ends: Ends, _ ink: Ink
    ) -> String {
        if value.isNaN { return text }
        switch channel {
        case .kept: return value != 0 ? ink.background(text, 157) : ink.paint(text, .grey)
        case .label: return text
        default:
            let share = max(-1, min(1, value / (value < 0 ? ends.low : ends.high)))
            // Square root: differences near zero are the interesting ones. The faintest sixth stays plain.
            let depth = Int(abs(share).squareRoot() * 6)
            if depth == 0 { return text }
            let shades = channel == .reference || share < 0 ? Self.cool : Self.warm
            return ink.background(text, shades[min(4, depth - 1)])
        }
    }

    private func legend(_ channel: TokenView.Channel, _ ends: Ends, _ ink: Ink) -> String {
        let (low, end) = (Text.fixed(ends.low, 1), Text.fixed(ends.high, 1))
        func ramp(_ shades: [Int]) -> String { shades.map { ink.background("  ", $0) }.joined() }
        switch channel {
        case .loss: return "\(arm): loss  0 \(ramp(Self.warm)) \(end) nats"
        case .reference: return "\(arm): reference loss  0 \(ramp(Self.cool)) \(end) nats"
        case .excess:
            return "\(arm): excess loss  −\(low) \(ramp(Self.cool.reversed()))  \(ramp(Self.warm)) +\(end) nats"
        case .kept, .label: return "\(arm): \(ink.background("kept", 157)) \(ink.paint("dropped", .grey))"
        }
    }

    /// Control characters must not reach the terminal: a text from the web could carry any.
    private static func visible(_ text: String) -> String {
        String(
            text.unicodeScalars.map {
                $0.value < 32 && $0 != "\t" || (127..<160).contains($0.value) ? "\u{FFFD}" : Character($0)
            })
    }

    /// A token in quotes, bytes that are no text as \xNN.
    private static func quoted(_ piece: [UInt8]) -> String {
        var out = "\""
        let text = String(validating: piece, as: UTF8.self)
        for scalar in (text ?? "").unicodeScalars {
            switch scalar {
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\"", "\\": out += "\\\(scalar)"
            default:
                out += scalar.value < 32 || scalar.value == 127 ? "\\x" + hex(UInt8(scalar.value)) : String(scalar)
            }
        }
        if text == nil { out += piece.map { "\\x" + hex($0) }.joined() }
        return out + "\""
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }
}
