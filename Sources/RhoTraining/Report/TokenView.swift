import RhoCore

/// A text shown token by token, coloured by a quantity the reader picks.
public struct TokenView: Sendable {
    /// What a value means, and so how it is coloured.
    public enum Channel: String, Sendable, CaseIterable {
        /// Nats; deeper is higher.
        case loss, reference
        /// Signed nats: warm above zero, cool below.
        case excess
        /// 1 kept, 0 dropped.
        case kept
        /// 0 useful, 1 noise, 2 wrong.
        case label

        var title: String {
            switch self {
            case .loss: "loss"
            case .reference: "reference loss"
            case .excess: "excess loss"
            case .kept: "kept / dropped"
            case .label: "label"
            }
        }

        var unit: String {
            switch self {
            case .loss, .reference, .excess: " nats"
            case .kept, .label: ""
            }
        }
    }

    /// The text as one arm sees it. Every list has one entry per piece; NaN where there is no value (the first token).
    public struct Arm: Sendable {
        public var name: String
        public var pieces: [String]
        public var values: [(channel: Channel, values: [Double])]

        public init(name: String, pieces: [String], values: [(channel: Channel, values: [Double])]) {
            self.name = name
            self.pieces = pieces
            self.values = values
        }
    }

    public var title: String
    public var note: String
    public var arms: [Arm]
    /// Channel shown first; the first one there is if absent.
    public var initial: Channel?

    public init(title: String, note: String = "", arms: [Arm], initial: Channel? = nil) {
        self.title = title
        self.note = note
        self.arms = arms
        self.initial = initial
    }

    /// Channels that at least one arm has, in the order of `Channel.allCases`.
    var channels: [Channel] {
        Channel.allCases.filter { channel in arms.contains { $0.values.contains { $0.channel == channel } } }
    }

    /// Upper end of the colour scale of a channel: the 95th percentile, so that one outlier does not bleach the rest.
    /// Loss and reference share one scale, so that their colours can be compared.
    func scale(_ channel: Channel) -> Double {
        let shared: [Channel] = channel == .loss || channel == .reference ? [.loss, .reference] : [channel]
        let found = arms.flatMap(\.values).filter { shared.contains($0.channel) }.flatMap(\.values)
        let sorted = found.filter(\.isFinite).map(abs).sorted()
        guard !sorted.isEmpty else { return 1 }
        return max(1e-6, sorted[min(sorted.count - 1, sorted.count * 95 / 100)])
    }
}

extension TokenView {
    func html(id: String) -> String {
        let channels = channels
        guard let first = initial.flatMap({ channels.contains($0) ? $0 : nil }) ?? channels.first else {
            return "<section id=\"\(id)\">\(HTML.heading(title))<p class=\"note\">No values to show.</p></section>"
        }
        let buttons = channels.map { channel in
            "<label><input type=\"radio\" name=\"\(id)-c\" value=\"\(channel.rawValue)\""
                + "\(channel == first ? " checked" : "")><span>\(channel.title)</span></label>"
        }
        var html = "<section class=\"tokens show-\(first.rawValue)\" id=\"\(id)\">\(HTML.heading(title))"
        if !note.isEmpty { html += "<p class=\"note\">\(HTML.escaped(note))</p>" }
        html += "<fieldset class=\"switch\"><legend>Colour by</legend>\(buttons.joined())</fieldset>"
        let scales = Dictionary(uniqueKeysWithValues: channels.map { ($0, scale($0)) })
        html += channels.map { legend($0, scale: scales[$0] ?? 1) }.joined()
        for arm in arms {
            html += "<div class=\"arm\">"
            if !arm.name.isEmpty { html += "<h3>\(HTML.escaped(arm.name))</h3>" }
            html += "<div class=\"text\">\(arm.pieces.indices.map { span(arm, $0, scales) }.joined())</div></div>"
        }
        return html + "</section>"
    }

    /// One token. Its colour for every channel is a custom property; the class of the section picks one.
    private func span(_ arm: Arm, _ index: Int, _ scales: [Channel: Double]) -> String {
        var style: [String] = []
        var tip: [String] = []
        var classes = "t"
        for (channel, values) in arm.values where index < values.count && !values[index].isNaN {
            let value = values[index]
            switch channel {
            case .kept: classes += value != 0 ? " k" : " d"
            case .label: classes += " l\(Self.label(value))"
            default:
                let share = max(-1, min(1, value / (scales[channel] ?? 1)))
                // Square root: differences near zero are the interesting ones.
                let depth = Text.fixed((abs(share)).squareRoot() * 0.85, 2)
                if channel == .excess && share < 0 { classes += " x" }
                style.append("--\(channel.rawValue):\(depth)")
            }
            tip.append("\(channel.title): \(Self.shown(value, channel))\(channel.unit)")
        }
        let piece = arm.pieces[index]
        let attributes = style.isEmpty ? "" : " style=\"\(style.joined(separator: ";"))\""
        let title = tip.isEmpty ? "" : " data-tip=\"\(HTML.escaped(tip.joined(separator: "\n")))\""
        return "<span class=\"\(classes)\"\(attributes)\(title)>\(Self.visible(piece))</span>"
    }

    /// 0, 1 or 2, whatever number a script gave.
    private static func label(_ value: Double) -> Int { Int(min(2, max(0, value))) }

    private static func shown(_ value: Double, _ channel: Channel) -> String {
        switch channel {
        case .kept: value != 0 ? "kept" : "dropped"
        case .label: ["useful", "noise", "wrong"][label(value)]
        default: Text.fixed(value, 3)
        }
    }

    /// Line ends are drawn, then kept; an empty piece (half a character) shows as a dot.
    private static func visible(_ piece: String) -> String {
        if piece.isEmpty { return "·" }
        return HTML.escaped(piece).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .joined(separator: "<i>↵</i>\n")
    }

    private func legend(_ channel: Channel, scale: Double) -> String {
        let content: String
        switch channel {
        case .loss, .reference:
            content = "<i>0</i><span class=\"ramp \(channel.rawValue)\"></span><i>\(Text.fixed(scale, 1)) nats</i>"
        case .excess:
            let end = Text.fixed(scale, 1)
            content = "<i>−\(end)</i><span class=\"ramp excess\"></span><i>+\(end) nats</i>"
        case .kept:
            content = "<span class=\"t k\">kept</span> <span class=\"t d\">dropped</span>"
        case .label:
            content =
                "<span class=\"t l0\">useful</span> <span class=\"t l1\">noise</span> <span class=\"t l2\">wrong</span>"
        }
        return "<div class=\"legend for-\(channel.rawValue)\"><span>\(channel.title)</span> \(content)</div>"
    }
}
