import RhoCore
import RhoModels
import RhoText

/// Continues texts with a model and its tokenizer, up to a stop text.
public struct TextGeneration {
    public let model: any LanguageModel
    public let tokenizer: any Tokenizer
    public var options: GenerationOptions
    /// Texts that end a continuation; they are not part of it.
    public var stops: [[UInt8]]

    /// Why a continuation ended.
    public struct Output: Sendable, Equatable {
        public var text: [UInt8]
        public var ids: [Int32]
        public var end: Generation.End
    }

    /// The tokenizer's end of text and the model's own end tokens stop a continuation too.
    public init(
        model: any LanguageModel, tokenizer: any Tokenizer, options: GenerationOptions = GenerationOptions(),
        stops: [[UInt8]] = []
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        self.stops = stops.filter { !$0.isEmpty }
        var ends = self.options.stopIDs + model.config.eosToken.map { Int32(clamping: $0) }
        if let end = tokenizer.endOfText { ends.append(end) }
        self.options.stopIDs = ends
    }

    /// A document starts after the end of another, so a prompt does too: the model has seen no other beginning.
    public static func input(_ prompt: [UInt8], _ tokenizer: any Tokenizer) -> [Int32] {
        let start = tokenizer.beginOfText ?? tokenizer.endOfText
        return (start.map { [$0] } ?? []) + tokenizer.encode(prompt)
    }

    /// Continues `prompts`. `onText(prompt, piece)` sees each continuation piece by piece as soon as no stop text can
    /// begin in it; false ends that continuation.
    public func run(
        _ prompts: [[UInt8]], onText: ((_ prompt: Int, _ piece: ArraySlice<UInt8>) -> Bool)? = nil
    ) throws(RhoError) -> [Output] {
        try run(ids: prompts.map { Self.input($0, tokenizer) }, onText: onText)
    }

    /// As `run(_:onText:)` for prompts that are token ids already.
    public func run(
        ids prompts: [[Int32]], onText: ((_ prompt: Int, _ piece: ArraySlice<UInt8>) -> Bool)? = nil
    ) throws(RhoError) -> [Output] {
        var cutters = [StopCutter](repeating: StopCutter(stops: stops), count: prompts.count)
        let generations = try model.generate(prompts, options) { prompt, id in
            let piece = cutters[prompt].append(tokenizer.bytes(of: id))
            let wanted = piece.isEmpty || (onText?(prompt, piece) ?? true)
            return wanted && !cutters[prompt].hasStopped
        }
        var outputs: [Output] = []
        for (index, generation) in generations.enumerated() {
            let rest = cutters[index].finish()
            if !rest.isEmpty { _ = onText?(index, rest) }
            outputs.append(
                Output(
                    text: cutters[index].text, ids: generation.ids,
                    end: cutters[index].hasStopped ? .stop : generation.end))
        }
        return outputs
    }
}

/// A text that grows until it holds a stop text, handed out as far as no stop text can begin in it.
struct StopCutter {
    let stops: [[UInt8]]
    /// What has come so far, without the stop text.
    private(set) var text: [UInt8] = []
    private(set) var hasStopped = false
    private var handed = 0

    init(stops: [[UInt8]]) { self.stops = stops }

    /// Adds bytes; returns those that can be shown now.
    mutating func append(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        // A stop text may begin before the new bytes, but not earlier than its own length.
        let longest = stops.reduce(0) { max($0, $1.count) }
        let from = max(0, text.count - longest)
        text += bytes
        if let cut = stops.compactMap({ Self.find($0, in: text[from...]) }).min() {
            text.removeSubrange(cut...)
            hasStopped = true
            return hand(text.count)
        }
        return hand(text.count - stops.reduce(0) { max($0, Self.overlap(text, $1)) })
    }

    /// What is left to be shown when nothing more comes.
    mutating func finish() -> ArraySlice<UInt8> { hand(text.count) }

    private mutating func hand(_ end: Int) -> ArraySlice<UInt8> {
        let start = min(handed, end)
        handed = max(handed, end)
        return text[start..<end]
    }

    private static func find(_ needle: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard text.count >= needle.count else { return nil }
        return (text.startIndex...text.endIndex - needle.count).first { text[$0...].starts(with: needle) }
    }

    /// Length of the longest beginning of `stop` that `text` ends in.
    private static func overlap(_ text: [UInt8], _ stop: [UInt8]) -> Int {
        var length = min(text.count, stop.count - 1)
        while length > 0, !text.suffix(length).elementsEqual(stop.prefix(length)) { length -= 1 }
        return length
    }
}
