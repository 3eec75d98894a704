import RhoCore
import RhoModels
import RhoTensor
import RhoText

/// A text cut into tokens, with the loss and entropy of each under a model.
struct TextLosses {
    var pieces: [[UInt8]]
    var ids: [Int32]
    /// Nats; NaN where nothing came before.
    var loss: [Float]
    var entropy: [Float]

    /// Long texts are cut into rows of the model's context, as training does.
    static func of(_ text: [UInt8], _ box: ModelBox) throws -> TextLosses {
        let (model, tokenizer) = (try box.model(), try box.needTokenizer())
        let ids = tokenizer.encode(text)
        var result = TextLosses(
            pieces: ids.map { tokenizer.bytes(of: $0) }, ids: ids, loss: [Float](repeating: .nan, count: ids.count),
            entropy: [Float](repeating: .nan, count: ids.count))
        let start = tokenizer.beginOfText ?? tokenizer.endOfText
        let stream = (start.map { [$0] } ?? []) + ids
        // Place of stream token i among the pieces.
        let shift = start == nil ? 0 : 1
        let context = box.config.context
        var first = 0
        while first + 1 < stream.count {
            let end = min(first + context, stream.count - 1)
            let grid = try TokenGrid(batch: 1, tokens: end - first, ids: Array(stream[first..<end]))
            let rows = try Autograd.withoutGrad { () throws(RhoError) in
                try model.loss(grid, targets: Array(stream[first + 1...end]), extras: [.entropy])
            }
            let (loss, entropy) = (rows.loss.toArray(), rows.entropy?.toArray() ?? [])
            for offset in 0..<end - first {
                let place = first + 1 + offset - shift
                result.loss[place] = loss[offset]
                if offset < entropy.count { result.entropy[place] = entropy[offset] }
            }
            first = end
        }
        return result
    }
}
