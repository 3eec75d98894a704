import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import RhoText

/// A text as one arm reads it: the loss of each token, and what the policy would keep of it.
public struct TokenReading: Sendable {
    public var arm: String
    /// Bytes of each token.
    public var pieces: [[UInt8]]
    /// Nats; NaN where nothing came before.
    public var loss: [Double]
    /// The reference model's loss of the same tokens; empty without one.
    public var reference: [Double]
    /// 1 kept, 0 dropped, NaN where there is no loss; empty if the rule cannot be applied to one text.
    public var kept: [Double]

    public init(arm: String, pieces: [[UInt8]], loss: [Double], reference: [Double] = [], kept: [Double] = []) {
        self.arm = arm
        self.pieces = pieces
        self.loss = loss
        self.reference = reference
        self.kept = kept
    }

    /// loss - reference.
    public var excess: [Double] { zip(loss, reference).map { $0 - $1 } }

    public func values(_ channel: TokenView.Channel) -> [Double]? {
        switch channel {
        case .loss: loss
        case .reference: reference.isEmpty ? nil : reference
        case .excess: reference.isEmpty ? nil : excess
        case .kept: kept.isEmpty ? nil : kept
        case .label: nil
        }
    }

    /// Reads a text with the newest checkpoints of an arm and of the run's reference.
    ///
    /// - Throws: `.checkpoint`, `.io`; `.usage` if the arm has no checkpoint or its checkpoint no tokenizer.
    public static func read(_ text: [UInt8], arm: ArmRecord, reference: ArmRecord?) throws(RhoError) -> TokenReading {
        let (model, tokenizer) = try load(arm)
        let ids = tokenizer.encode(text)
        var reading = TokenReading(
            arm: arm.name, pieces: ids.map { tokenizer.bytes(of: $0) }, loss: try losses(of: ids, model, tokenizer))
        if let reference, reference.path != arm.path, reference.checkpoint != nil {
            let (other, itsTokenizer) = try load(reference)
            // With another tokenizer the tokens do not correspond.
            if itsTokenizer.fingerprint == tokenizer.fingerprint {
                reading.reference = try losses(of: ids, other, itsTokenizer)
            }
        }
        reading.kept = reading.selection(arm.summary?["select"])
        return reading
    }

    private static func load(_ arm: ArmRecord) throws(RhoError) -> (any LanguageModel, any Tokenizer) {
        guard let path = arm.checkpoint else { throw RhoError(.usage, "\(arm.path) has no checkpoint") }
        let (model, tokenizer) = try HFCheckpoint.load(path)
        guard let tokenizer else { throw RhoError(.usage, "\(path) has no tokenizer.json") }
        return (model, tokenizer)
    }

    /// Loss of each token; a long text is cut into rows of the model's context, as training does.
    static func losses(of ids: [Int32], _ model: any LanguageModel, _ tokenizer: any Tokenizer) throws(RhoError)
        -> [Double]
    {
        var result = [Double](repeating: .nan, count: ids.count)
        let start = tokenizer.beginOfText ?? tokenizer.endOfText
        let stream = (start.map { [$0] } ?? []) + ids
        let shift = start == nil ? 0 : 1
        var first = 0
        while first + 1 < stream.count {
            let end = min(first + model.config.context, stream.count - 1)
            let grid = try TokenGrid(batch: 1, tokens: end - first, ids: Array(stream[first..<end]))
            let targets = Array(stream[first + 1...end])
            let row = try Autograd.withoutGrad { () throws(RhoError) in try model.loss(grid, targets: targets).toArray()
            }
            for offset in 0..<end - first { result[first + 1 + offset - shift] = Double(row[offset]) }
            first = end
        }
        return result
    }

    /// What a rule of the form "the highest share by score" keeps of this text; empty for other rules and scores.
    private func selection(_ policy: JSON?) -> [Double] {
        let present = loss.indices.filter { !loss[$0].isNaN }
        var kept = loss.map { $0.isNaN ? Double.nan : 0 }
        if policy?["rule"]?.stringValue == "all" {
            for place in present { kept[place] = 1 }
            return kept
        }
        let scores: [Double]
        switch policy?["score"]?.stringValue {
        case "excess" where !reference.isEmpty: scores = excess
        case "loss": scores = loss
        default: return []
        }
        guard let share = policy?["rule"]?["top"]?.doubleValue else { return [] }
        // Equal scores: the earlier token is kept, as in training.
        let order = present.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        for place in order.prefix(Int(min(max(share, 0), 1) * Double(present.count) + 0.5)) { kept[place] = 1 }
        return kept
    }

    /// The reading as part of a page.
    public var view: TokenView.Arm {
        let channels: [TokenView.Channel] = [.loss, .reference, .excess, .kept]
        return TokenView.Arm(
            name: arm, pieces: pieces.map { String(decoding: $0, as: UTF8.self) },
            values: channels.compactMap { channel in values(channel).map { (channel, $0) } })
    }
}
