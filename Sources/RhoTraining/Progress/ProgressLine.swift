import Glibc
import RhoCore

/// How a run reports its progress on stderr.
public enum ProgressMode: String, Sendable, CaseIterable {
    /// `bar` on a terminal, else `plain`.
    case auto
    /// One line that rewrites itself.
    case bar
    /// A new line every twentieth of the run or 30 seconds.
    case plain
    /// The same pace, one JSON object a line.
    case json
    /// JSON lines twice a second, for a program that draws them.
    case feed
    case none

    public init(named name: String) throws(RhoError) {
        guard let mode = ProgressMode(rawValue: name) else {
            let names = ProgressMode.allCases.filter { $0 != .feed }.map(\.rawValue)
            throw RhoError(
                .usage,
                "progress must be one of \(names.joined(separator: ", ")), got '\(name)'"
                    + suggestion(for: name, in: names)
            )
        }
        self = mode
    }
}

/// One step as the progress line shows it.
public struct ProgressUpdate: Sendable {
    /// Steps done.
    public var step: Int
    /// Nats per token; NaN hides it.
    public var loss: Double
    /// Share of tokens kept; NaN hides it.
    public var kept: Double
    /// Tokens seen since the start of the run.
    public var tokens: Int

    public init(step: Int, loss: Double = .nan, kept: Double = .nan, tokens: Int = 0) {
        self.step = step
        self.loss = loss
        self.kept = kept
        self.tokens = tokens
    }
}

/// The progress line of one training, scoring or evaluation: step, loss, kept share, tokens per second, time left.
///
/// Only this line depends on the clock; nothing it shows is stored as a result.
public final class ProgressLine {
    private let label: String
    private let steps: Int
    private let firstStep: Int
    private let mode: ProgressMode
    private let width: Int
    private let clock: () -> Double
    private let write: (String) -> Void

    private let start: Double
    private var firstTokens: Int?
    private var lastShown: Double
    private var lastTwentieth: Int
    private var barIsOpen = false
    private var last: ProgressUpdate?

    /// - Parameters:
    ///   - label: what is running, shown first.
    ///   - steps: steps of the whole run; 0 if unknown.
    ///   - first: steps already done when a run is resumed.
    public init(
        label: String, steps: Int, first: Int = 0, mode: ProgressMode = .auto, isTerminal: Bool? = nil,
        width: Int? = nil, clock: @escaping () -> Double = Clock.monotonicSeconds,
        write: @escaping (String) -> Void = ProgressLine.writeToStandardError
    ) {
        self.label = label
        self.steps = steps
        firstStep = first
        self.mode = mode != .auto ? mode : isTerminal ?? (isatty(2) == 1) ? .bar : .plain
        self.width = width ?? Self.terminalWidth
        self.clock = clock
        self.write = write
        start = clock()
        lastShown = start
        lastTwentieth = steps > 0 ? first * 20 / steps : 0
    }

    /// Takes note of a step, and shows it if it is time to.
    public func update(_ update: ProgressUpdate) {
        if firstTokens == nil, last == nil { firstTokens = 0 }
        last = update
        let now = clock()
        switch mode {
        case .none, .auto: return
        case .bar:
            // Ten times a second is as fast as an eye reads; the last step is always shown.
            guard !barIsOpen || now - lastShown >= 0.1 || update.step == steps else { return }
            write("\r\u{1b}[2K" + Self.clipped(barText(update, now), width))
            barIsOpen = true
        case .feed:
            guard now - lastShown >= 0.5 || update.step == firstStep + 1 || update.step == steps else { return }
            write(jsonText(update, now) + "\n")
        case .plain, .json:
            let twentieth = steps > 0 ? update.step * 20 / steps : 0
            guard twentieth > lastTwentieth || now - lastShown >= 30 else { return }
            lastTwentieth = max(lastTwentieth, twentieth)
            write((mode == .plain ? plainText(update, now) : jsonText(update, now)) + "\n")
        }
        lastShown = now
    }

    /// Sets the tokens that were seen before the first update of a resumed run, so that they do not count as speed.
    public func startTokens(_ tokens: Int) { firstTokens = tokens }

    /// Prints a line of its own without damaging the bar.
    public func note(_ text: String) {
        guard mode != .none else { return }
        if mode == .json || mode == .feed {
            write(JSON.object(["label": .string(label), "note": .string(text)]).serialized() + "\n")
        } else {
            write((barIsOpen ? "\r\u{1b}[2K" : "") + text + "\n")
            barIsOpen = false
        }
    }

    /// Closes the bar; the line stays on the screen.
    public func finish() {
        guard mode == .bar, barIsOpen else { return }
        if let last { write("\r\u{1b}[2K" + Self.clipped(barText(last, clock()), width)) }
        write("\n")
        barIsOpen = false
    }

    private func speed(_ update: ProgressUpdate, _ now: Double) -> Double {
        let elapsed = now - start
        let tokens = update.tokens - (firstTokens ?? 0)
        return elapsed > 0 && tokens > 0 ? Double(tokens) / elapsed : .nan
    }

    private func secondsLeft(_ update: ProgressUpdate, _ now: Double) -> Double {
        let done = update.step - firstStep
        guard steps > 0, done > 0 else { return .nan }
        return (now - start) / Double(done) * Double(max(0, steps - update.step))
    }

    private func parts(_ update: ProgressUpdate, _ now: Double) -> [String] {
        var parts = [steps > 0 ? "step \(update.step)/\(steps)" : "step \(update.step)"]
        if !update.loss.isNaN { parts.append("loss \(Text.fixed(update.loss, 4))") }
        if !update.kept.isNaN { parts.append("kept \(Text.percent(update.kept))") }
        let speed = speed(update, now)
        if !speed.isNaN { parts.append("\(Text.scaled(speed)) tok/s") }
        return parts
    }

    private func barText(_ update: ProgressUpdate, _ now: Double) -> String {
        var parts = parts(update, now)
        if steps > 0 {
            let cells = 16
            let filled = min(cells, max(0, update.step * cells / steps))
            let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: cells - filled)
            parts.insert("\(bar) \(update.step * 100 / steps)%", at: 0)
            let done = update.step >= steps
            parts.append(done ? "took \(Text.duration(now - start))" : "ETA \(Text.duration(secondsLeft(update, now)))")
        }
        return label + "  " + parts.joined(separator: "  ")
    }

    private func plainText(_ update: ProgressUpdate, _ now: Double) -> String {
        var parts = parts(update, now)
        parts.append(
            update.step >= steps && steps > 0
                ? "took \(Text.duration(now - start))" : "ETA \(Text.duration(secondsLeft(update, now)))")
        return label + ": " + parts.joined(separator: ", ")
    }

    private func jsonText(_ update: ProgressUpdate, _ now: Double) -> String {
        var object: JSONObject = ["label": .string(label), "step": JSON(update.step), "steps": JSON(steps)]
        if !update.loss.isNaN { object["loss"] = .number(update.loss) }
        if !update.kept.isNaN { object["kept"] = .number(update.kept) }
        object["tokens"] = JSON(update.tokens)
        let (speed, left) = (speed(update, now), secondsLeft(update, now))
        if !speed.isNaN { object["tokens_per_second"] = JSON(Int(speed.rounded())) }
        if !left.isNaN { object["seconds_left"] = JSON(Int(left.rounded())) }
        return JSON.object(object).serialized()
    }

    /// Cuts at the terminal's edge: a line that wraps cannot be rewritten.
    private static func clipped(_ text: String, _ width: Int) -> String {
        text.count < width ? text : String(text.prefix(max(0, width - 1)))
    }

    private static var terminalWidth: Int {
        var size = winsize()
        return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 100
    }

    /// Writes to stderr at once, whole.
    public static func writeToStandardError(_ text: String) {
        Array(text.utf8).withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(2, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count <= 0 {
                    if errno == EINTR { continue }
                    return
                }
                done += count
            }
        }
    }
}
